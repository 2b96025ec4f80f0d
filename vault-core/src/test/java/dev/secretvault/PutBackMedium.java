package dev.secretvault;

import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** A medium that can be put back to a copy while stores are open on it. */
final class PutBackMedium implements AutoCloseable {

  private final Supplier<SecretStore> empty;
  private final List<SecretStore> all = new ArrayList<>();
  private volatile SecretStore current;

  /**
   * A medium, and its copies, on what this gives.
   *
   * @param empty opens a store that has nothing in common with any other
   */
  PutBackMedium(Supplier<SecretStore> empty) {
    this.empty = empty;
    current = newStore();
  }

  private SecretStore newStore() {
    SecretStore store = empty.get();
    all.add(store);
    return store;
  }

  /** A store that is always on what the medium is now; its reports are of what it was first. */
  SecretStore open() {
    return new WrappedStore(current) {
      @Override
      SecretStore store() {
        return current;
      }

      @Override
      public void close() {
        // The medium outlives it.
      }
    };
  }

  /** The records as they are, with their revisions. */
  SecretStore copy() {
    SecretStore copy = newStore();
    for (StoredRecord record : VaultFixture.stored(current).values()) {
      copy.commit(List.of(Change.copy(record, 0)));
    }
    return copy;
  }

  void putBack(SecretStore copy) {
    current = copy;
  }

  @Override
  public void close() {
    all.forEach(SecretStore::close);
  }
}
