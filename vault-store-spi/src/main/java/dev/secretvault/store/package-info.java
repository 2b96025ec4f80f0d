/**
 * What a store must promise: it holds records it cannot read and writes several of them in one
 * atomic commit, each only if nobody wrote it since.
 *
 * <p>Open {@link SecretStore} first.
 */
@NullMarked
package dev.secretvault.store;

import org.jspecify.annotations.NullMarked;
