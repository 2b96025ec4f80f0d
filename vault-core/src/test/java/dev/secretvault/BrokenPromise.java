package dev.secretvault;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoredRecord;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;

/** A promise of a store each, and a store that does not keep it. */
enum BrokenPromise {
  CONDITIONAL {
    @Override
    SecretStore breakIn(SecretStore sound, Random random) {
      return new WrappedStore(sound) {
        @Override
        public void commit(List<Change> changes) {
          synchronized (LOCK) {
            try {
              super.commit(changes);
            } catch (RevisionConflictException conflict) {
              changes.forEach(change -> force(sound, change));
            }
          }
        }
      };
    }
  },
  DURABLE {
    @Override
    SecretStore breakIn(SecretStore sound, Random random) {
      return new WrappedStore(sound) {
        @Override
        public void commit(List<Change> changes) {
          if (!happens(random)) {
            super.commit(changes);
          }
        }
      };
    }
  },
  SAYS_WHAT_IT_WROTE {
    @Override
    SecretStore breakIn(SecretStore sound, Random random) {
      return new WrappedStore(sound) {
        @Override
        public void commit(List<Change> changes) {
          super.commit(changes);
          if (happens(random)) {
            throw new StoreException(
                "says that nothing was written", Outcome.NOT_WRITTEN, true, null);
          }
        }
      };
    }
  },
  READS_WHAT_IS {
    @Override
    SecretStore breakIn(SecretStore sound, Random random) {
      Map<RecordKey, Optional<StoredRecord>> former = new ConcurrentHashMap<>();
      return new WrappedStore(sound) {
        @Override
        public Optional<StoredRecord> read(RecordKey key) {
          Optional<StoredRecord> now = super.read(key);
          Optional<StoredRecord> before = former.put(key, now);
          return before != null && happens(random) ? before : now;
        }
      };
    }
  };

  private static final int ONE_IN = 12;

  /** Of all stores, as what one of them forces takes several commits. */
  private static final Object LOCK = new Object();

  abstract SecretStore breakIn(SecretStore sound, Random random);

  SecretStore breakIn(SecretStore sound, long seed) {
    return breakIn(sound, new Random(seed));
  }

  private static boolean happens(Random random) {
    return random.nextInt(ONE_IN) == 0;
  }

  /**
   * Makes a change whatever is stored; a record has the revision then that its writer sealed in.
   */
  private static void force(SecretStore store, Change change) {
    if (change instanceof Change.Require) {
      return;
    }
    store
        .read(change.key())
        .ifPresent(stored -> store.commit(List.of(Change.delete(stored.key(), stored.revision()))));
    if (change instanceof Change.Put put) {
      for (long revision = 0; revision < put.newRevision(); revision++) {
        store.commit(List.of(Change.put(put.key(), revision, put.bytes())));
      }
    }
  }
}
