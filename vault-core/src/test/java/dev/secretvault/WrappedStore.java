package dev.secretvault;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A store behind another one, for tests that have one of its methods behave differently. */
class WrappedStore implements SecretStore {

  private final SecretStore store;

  WrappedStore(SecretStore store) {
    this.store = store;
  }

  /** The one that is behind it now. */
  SecretStore store() {
    return store;
  }

  /** A store whose reports never come: the longest delay there can be. */
  static SecretStore deaf(SecretStore store) {
    return new WrappedStore(store) {
      @Override
      public Subscription watch(StoreListener listener) {
        return () -> {};
      }
    };
  }

  @Override
  public Optional<StoredRecord> read(RecordKey key) {
    return store().read(key);
  }

  @Override
  public void commit(List<Change> changes) {
    store().commit(changes);
  }

  @Override
  public List<StoredRecord> scan(RecordKey after, int limit) {
    return store().scan(after, limit);
  }

  @Override
  public List<StoredRecord> expired(Instant now, StoredRecord after, int limit) {
    return store().expired(now, after, limit);
  }

  @Override
  public Subscription watch(StoreListener listener) {
    return store().watch(listener);
  }

  @Override
  public void close() {
    store().close();
  }
}
