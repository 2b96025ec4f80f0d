/**
 * The promise of a store as a test suite. The test class of a store inherits it and hands in the
 * store.
 *
 * <p>Open {@code SecretStoreContract} first.
 */
@NullMarked
package dev.secretvault.store.testkit;

import org.jspecify.annotations.NullMarked;
