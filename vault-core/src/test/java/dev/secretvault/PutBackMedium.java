package dev.secretvault;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A medium that can be put back to a copy while stores are open on it. */
final class PutBackMedium {

  private volatile SecretStore current = new InMemorySecretStore();

  /** A store that is always on what the medium is now; its reports are of what it was first. */
  SecretStore open() {
    return new SecretStore() {
      @Override
      public Optional<StoredRecord> read(RecordKey key) {
        return current.read(key);
      }

      @Override
      public void commit(List<Change> changes) {
        current.commit(changes);
      }

      @Override
      public List<StoredRecord> scan(RecordKey after, int limit) {
        return current.scan(after, limit);
      }

      @Override
      public List<StoredRecord> expired(Instant now, StoredRecord after, int limit) {
        return current.expired(now, after, limit);
      }

      @Override
      public Subscription watch(StoreListener listener) {
        return current.watch(listener);
      }

      @Override
      public void close() {
        // The medium outlives it.
      }
    };
  }

  /** The records as they are, with their revisions. */
  SecretStore copy() {
    SecretStore copy = new InMemorySecretStore();
    for (StoredRecord record : VaultFixture.stored(current).values()) {
      for (long revision = 0; revision < record.revision(); revision++) {
        copy.commit(
            List.of(new Change.Put(record.key(), revision, record.bytes(), record.expiresAt())));
      }
    }
    return copy;
  }

  void putBack(SecretStore copy) {
    current = copy;
  }
}
