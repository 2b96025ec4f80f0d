package dev.secretvault.store.testkit;

import dev.secretvault.store.SecretStore;

/**
 * The promise of {@link SecretStore} as tests, one for each sentence of its Javadoc. A store is a
 * store if it passes:
 *
 * <pre>{@code
 * class MyStoreTest extends SecretStoreContract {
 *   @TempDir Path directory;
 *
 *   @Override
 *   protected SecretStore openStore() {
 *     return MyStore.open(directory);
 *   }
 *
 *   @Override
 *   protected void checkMedium() {
 *     assertThat(MyStore.verify(directory)).isEmpty();
 *   }
 * }
 * }</pre>
 *
 * <p>Every test needs a medium of its own that is empty at first, and opens and closes stores
 * itself. What only the author of a store can break on purpose (power, files, connections) stays to
 * be tested beside this suite; so does what {@link SecretStore#expired} leaves out as it is
 * damaged, as each store has other damage, and some none.
 *
 * <p>Takes a few thousand small commits, some of 16 MiB, and up to 17 threads. Each test ends or
 * fails within a minute.
 *
 * <p>The tests stand in the superclasses, one for each topic, in a chain only so that a store
 * extends one class.
 */
public abstract class SecretStoreContract extends ClosingContract {

  /** For subclasses. */
  protected SecretStoreContract() {}

  /**
   * Opens a store on the medium of this test. Called again after that store was closed, or while it
   * is open if {@link #severalOpen} says so, the new one sees the same records. The suite closes
   * what it opened.
   *
   * @return an open store
   * @throws Exception fails the test
   */
  @Override
  protected abstract SecretStore openStore() throws Exception;

  /**
   * Fails if the medium is damaged, or something is left of stores that are all closed: files,
   * locks, connections, threads. Runs after every test.
   *
   * @throws Exception fails the test
   */
  @Override
  protected abstract void checkMedium() throws Exception;

  /**
   * Whether two stores may be open on one medium at once. If so, the races run on two stores, and
   * reports of commits made elsewhere are tested too.
   *
   * @return false unless overridden
   */
  @Override
  protected boolean severalOpen() {
    return false;
  }

  /**
   * How often the threads of a race meet. Fewer times are enough where a commit takes so long that
   * they always do.
   *
   * @return 200 unless overridden
   */
  @Override
  protected int rounds() {
    return 200;
  }
}
