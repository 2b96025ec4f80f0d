package dev.secretvault.store.testkit;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A sound store until a subclass breaks it by overriding a method. */
class BrokenStore implements SecretStore {

  final SecretStore sound;

  BrokenStore(SecretStore sound) {
    this.sound = sound;
  }

  @Override
  public Optional<StoredRecord> read(RecordKey key) {
    return sound.read(key);
  }

  @Override
  public void commit(List<Change> changes) {
    sound.commit(changes);
  }

  @Override
  public List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
    return sound.scan(after, limit);
  }

  @Override
  public List<StoredRecord> expired(Instant now, @Nullable StoredRecord after, int limit) {
    return sound.expired(now, after, limit);
  }

  @Override
  public Subscription watch(StoreListener listener) {
    return sound.watch(listener);
  }

  @Override
  public void close() {
    sound.close();
  }

  final long revision(RecordKey key) {
    return sound.read(key).map(StoredRecord::revision).orElse(0L);
  }

  final void check(Change change) {
    long stored = revision(change.key());
    if (stored != change.expectedRevision()) {
      throw new RevisionConflictException(change.key(), change.expectedRevision(), stored);
    }
  }

  /** Rewrites what is put. */
  static SecretStore puts(SecretStore sound, UnaryOperator<Change.Put> rewrite) {
    return new BrokenStore(sound) {
      @Override
      public void commit(List<Change> changes) {
        sound.commit(
            changes.stream()
                .map(change -> change instanceof Change.Put put ? rewrite.apply(put) : change)
                .toList());
      }
    };
  }

  static Change.Put withBytes(Change.Put put, byte[] bytes) {
    return new Change.Put(put.key(), put.expectedRevision(), bytes, put.expiresAt());
  }

  static Change.Put withExpiry(Change.Put put, @Nullable Instant expiresAt) {
    return new Change.Put(put.key(), put.expectedRevision(), put.bytes(), expiresAt);
  }

  /** Rewrites what is read, but not what is listed. */
  static SecretStore reads(SecretStore sound, UnaryOperator<Optional<StoredRecord>> rewrite) {
    return new BrokenStore(sound) {
      @Override
      public Optional<StoredRecord> read(RecordKey key) {
        return rewrite.apply(sound.read(key));
      }
    };
  }

  /** Forgives some changes that the stored revision is not the one expected. */
  static SecretStore forgiving(SecretStore sound, Forgiveness forgiveness) {
    return new BrokenStore(sound) {
      @Override
      public void commit(List<Change> changes) {
        Change.checkCommit(changes);
        boolean done = false;
        while (!done) {
          List<Change> rewritten = new ArrayList<>();
          for (int i = 0; i < changes.size(); i++) {
            rewritten.addAll(forgive(i, changes.get(i)));
          }
          try {
            if (!rewritten.isEmpty()) {
              sound.commit(rewritten);
            }
            done = true;
          } catch (RevisionConflictException overtaken) {
            // Looks at the revisions again.
          }
        }
      }

      private List<Change> forgive(int index, Change change) {
        long stored = revision(change.key());
        if (stored != change.expectedRevision() && !forgiveness.covers(index, change, stored)) {
          throw new RevisionConflictException(change.key(), change.expectedRevision(), stored);
        }
        if (change instanceof Change.Put put) {
          return List.of(new Change.Put(put.key(), stored, put.bytes(), put.expiresAt()));
        }
        if (change instanceof Change.Require) {
          return List.of(Change.require(change.key(), stored));
        }
        return stored == 0 ? List.of() : List.of(Change.delete(change.key(), stored));
      }
    };
  }

  interface Forgiveness {
    boolean covers(int index, Change change, long stored);
  }

  /** Steps back for long enough that other threads, if there are any, get in between. */
  static void gap() {
    LockSupport.parkNanos(20_000);
  }

  static Instant expiry(StoredRecord record) {
    return Objects.requireNonNull(record.expiresAt());
  }
}
