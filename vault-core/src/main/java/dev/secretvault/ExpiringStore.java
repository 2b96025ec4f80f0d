package dev.secretvault;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
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

  /** How often each record is being written here: its reports bring no news. */
  private final Map<RecordKey, Integer> writing = new ConcurrentHashMap<>();

  ExpiringStore(SecretStore store, Expectation expectation) {
    this.store = store;
    this.expectation = expectation;
  }

  @Override
  public void commit(List<Change> changes) {
    List<RecordKey> written =
        Change.written(changes).stream().filter(VaultRecords::concernsExpiry).toList();
    written.forEach(key -> writing.merge(key, 1, Integer::sum));
    try {
      store.commit(changes);
    } catch (RevisionConflictException e) {
      if (changes.stream().anyMatch(ExpiringStore::replaces)) {
        expectation.look(); // What the other one did may have been reported meanwhile.
      }
      throw e;
    } finally {
      written.forEach(
          key -> writing.computeIfPresent(key, (same, times) -> times == 1 ? null : times - 1));
      // Also of a commit that failed, as it may have happened.
      changes.stream()
          .map(change -> change instanceof Change.Put put ? put.expiresAt() : null)
          .filter(Objects::nonNull)
          .min(Instant::compareTo)
          .ifPresent(expectation::expect);
    }
  }

  private static boolean replaces(Change change) {
    return change instanceof Change.Put
        && change.expectedRevision() > 0
        && VaultRecords.concernsExpiry(change.key());
  }

  /** What others may have put; what was put here is known. */
  @Override
  public void changed(Set<RecordKey> keys) {
    if (keys.stream()
        .anyMatch(key -> VaultRecords.concernsExpiry(key) && !writing.containsKey(key))) {
      expectation.look();
    }
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
  public List<StoredRecord> expired(Instant now, int limit) {
    return store.expired(now, limit);
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
