/**
 * What the author of a store, or of anything on top of one, tests with.
 *
 * <p>Open {@link dev.secretvault.store.testkit.SecretStoreContract} first: the promise of a store
 * as a suite that a store's own test class inherits. {@link
 * dev.secretvault.store.testkit.InMemorySecretStore} is a correct store to test a caller with,
 * {@link dev.secretvault.store.testkit.FaultyStore} makes one fail at a chosen moment, and {@link
 * dev.secretvault.store.testkit.FakeClock} stands still until it is moved.
 */
@NullMarked
package dev.secretvault.store.testkit;

import org.jspecify.annotations.NullMarked;
