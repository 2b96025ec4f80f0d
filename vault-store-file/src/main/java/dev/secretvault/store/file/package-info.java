/**
 * The embedded default store: one directory on one machine.
 *
 * <p>Open {@code FileSecretStore} first.
 */
@NullMarked
package dev.secretvault.store.file;

import org.jspecify.annotations.NullMarked;
