package dev.secretvault;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The store, for whoever sweeps it: tells when something is put here that expires, and when others
 * may have put something that does, so that nobody needs to look as long as nothing expires.
 */
final class ExpiringStore implements SecretStore, StoreListener {

  /** Is told what may have to be swept. */
  interface Expectation {
    /** Something expires then, or may. */
    void expect(Instant expiresAt);

    /** There may be something that expires, at a time that is not known. */
    void look();
  }

  private final SecretStore store;
  private final Expectation expectation;

  /** What is being written here. One report of each writing brings no news. */
  private final Map<RecordKey, Writing> writing = new ConcurrentHashMap<>();

  /**
   * A record that is being written.
   *
   * @param running by so many
   * @param spare how many more reports are expected than came; less than none if others wrote it,
   *     too
   */
  private record Writing(int running, int spare) {
    static final Writing NONE = new Writing(0, 0);

    Writing begun() {
      return new Writing(running + 1, spare + 1);
    }

    Writing reported() {
      return new Writing(running, spare - 1);
    }

    /** What was not written is not reported: if a report came, it was of others. */
    Writing ended(boolean written) {
      return new Writing(running - 1, written ? spare : spare - 1);
    }
  }

  ExpiringStore(SecretStore store, Expectation expectation) {
    this.store = store;
    this.expectation = expectation;
  }

  @Override
  public void commit(List<Change> changes) {
    List<RecordKey> written =
        Change.written(changes).stream().filter(VaultRecords::concernsExpiry).toList();
    written.forEach(
        key -> writing.compute(key, (same, now) -> (now == null ? Writing.NONE : now).begun()));
    boolean isWritten = false;
    try {
      store.commit(changes);
      isWritten = true;
    } finally {
      boolean news = false;
      for (RecordKey key : written) {
        news |= end(key, isWritten);
      }
      if (news) {
        expectation.look();
      }
      // Also of a commit that failed, as it may have happened.
      changes.stream()
          .map(change -> change instanceof Change.Put put ? put.expiresAt() : null)
          .filter(Objects::nonNull)
          .min(Instant::compareTo)
          .ifPresent(expectation::expect);
    }
  }

  /** Ends a writing; whether a report of others was taken for its own. */
  private boolean end(RecordKey key, boolean isWritten) {
    AtomicBoolean news = new AtomicBoolean();
    writing.computeIfPresent(
        key,
        (same, now) -> {
          Writing left = now.ended(isWritten);
          news.set(!isWritten && left.spare() < 0);
          return left.running() == 0 ? null : left;
        });
    return news.get();
  }

  /** What others may have put; what was put here is known. */
  @Override
  public void changed(Set<RecordKey> keys) {
    boolean news = false;
    for (RecordKey key : keys) {
      news |= VaultRecords.concernsExpiry(key) && isNews(key);
    }
    if (news) {
      expectation.look();
    }
  }

  private boolean isNews(RecordKey key) {
    Writing left = writing.computeIfPresent(key, (same, now) -> now.reported());
    return left == null || left.spare() < 0;
  }

  @Override
  public void missed() {
    expectation.look();
  }

  @Override
  public Optional<StoredRecord> read(RecordKey key) {
    return store.read(key);
  }

  @Override
  public List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
    return store.scan(after, limit);
  }

  @Override
  public List<StoredRecord> expired(Instant now, @Nullable StoredRecord after, int limit) {
    return store.expired(now, after, limit);
  }

  @Override
  public Subscription watch(StoreListener listener) {
    return store.watch(listener);
  }

  @Override
  public void close() {
    store.close();
  }
}
