package dev.secretvault.store.testkit;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoreListeners;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A store in the heap, for tests: keeps every promise of {@link SecretStore} except that nothing
 * outlives the process.
 *
 * <p>What is stored lives in a {@link Medium}. Stores opened on the same medium see and report each
 * other's commits at once, and a store opened after another was closed finds what that one left,
 * which is how a test plays a restart or a second process:
 *
 * <pre>{@code
 * var medium = new InMemorySecretStore.Medium();
 * SecretStore here = InMemorySecretStore.open(medium);
 * SecretStore there = InMemorySecretStore.open(medium);
 * }</pre>
 *
 * <p>Thread-safe. Simple rather than fast: {@link #expired} looks at every record.
 */
public final class InMemorySecretStore implements SecretStore {

  private static final Comparator<StoredRecord> SOONEST_FIRST =
      Comparator.comparing((StoredRecord record) -> Objects.requireNonNull(record.expiresAt()))
          .thenComparing(StoredRecord::key);

  private final Medium medium;
  private final StoreListeners listeners = new StoreListeners();
  private volatile boolean closed;

  /** Opens a store on a medium of its own. */
  public InMemorySecretStore() {
    this(new Medium());
  }

  private InMemorySecretStore(Medium medium) {
    this.medium = medium;
    medium.open.add(this);
  }

  /**
   * Opens a store on a medium that other stores may be open on too.
   *
   * @param medium where the records are
   * @return the store; closing it leaves the medium as it is
   */
  public static InMemorySecretStore open(Medium medium) {
    return new InMemorySecretStore(Objects.requireNonNull(medium, "medium"));
  }

  @Override
  public Optional<StoredRecord> read(RecordKey key) {
    Objects.requireNonNull(key, "key");
    return reading(
        () -> Optional.ofNullable(medium.records.get(key)).map(InMemorySecretStore::copy));
  }

  @Override
  public void commit(List<Change> changes) {
    List<Change> checked = Change.checkCommit(changes);
    medium.commits.lock();
    try {
      requireOpen();
      checked.forEach(this::checkRevision);
      medium.contents.writeLock().lock();
      try {
        checked.forEach(this::apply);
      } finally {
        medium.contents.writeLock().unlock();
      }
      // Behind the lock that orders commits, so reports have that order too; but in front of no
      // reader.
      Set<RecordKey> keys = Change.written(checked);
      medium.open.forEach(store -> store.listeners.changed(keys));
    } finally {
      medium.commits.unlock();
    }
  }

  private void checkRevision(Change change) {
    StoredRecord record = medium.records.get(change.key());
    long stored = record == null ? 0 : record.revision();
    if (stored != change.expectedRevision()) {
      throw new RevisionConflictException(change.key(), change.expectedRevision(), stored);
    }
  }

  private void apply(Change change) {
    if (change instanceof Change.Put put) {
      medium.records.put(
          put.key(),
          new StoredRecord(put.key(), put.newRevision(), put.expiresAt(), put.bytes().clone()));
    } else if (change instanceof Change.Delete) {
      medium.records.remove(change.key());
    }
  }

  @Override
  public List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
    checkLimit(limit);
    return page(
        limit,
        () ->
            (after == null ? medium.records : medium.records.tailMap(after, false))
                .values().stream());
  }

  @Override
  public List<StoredRecord> expired(Instant now, @Nullable StoredRecord after, int limit) {
    Objects.requireNonNull(now, "now");
    checkLimit(limit);
    if (after != null && after.expiresAt() == null) {
      throw new IllegalArgumentException("after: " + after + " has no expiry");
    }
    return page(
        limit,
        () ->
            medium.records.values().stream()
                .filter(record -> isExpired(record, now))
                .filter(record -> after == null || SOONEST_FIRST.compare(record, after) > 0)
                .sorted(SOONEST_FIRST));
  }

  private static boolean isExpired(StoredRecord record, Instant now) {
    Instant expiresAt = record.expiresAt();
    return expiresAt != null && !expiresAt.isAfter(now);
  }

  @Override
  public Subscription watch(StoreListener listener) {
    Objects.requireNonNull(listener, "listener");
    return reading(() -> listeners.add(listener));
  }

  @Override
  public void close() {
    medium.commits.lock();
    try {
      closed = true;
      medium.open.remove(this);
    } finally {
      medium.commits.unlock();
    }
    listeners.close();
  }

  private List<StoredRecord> page(int limit, Supplier<Stream<StoredRecord>> records) {
    return reading(() -> records.get().limit(limit).map(InMemorySecretStore::copy).toList());
  }

  private <T> T reading(Supplier<T> reader) {
    medium.contents.readLock().lock();
    try {
      requireOpen();
      return reader.get();
    } finally {
      medium.contents.readLock().unlock();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("store is closed");
    }
  }

  private static void checkLimit(int limit) {
    if (limit < 1 || limit > MAX_PAGE) {
      throw new IllegalArgumentException("limit: 1 to " + MAX_PAGE + " allowed, but was " + limit);
    }
  }

  private static StoredRecord copy(StoredRecord record) {
    return new StoredRecord(
        record.key(), record.revision(), record.expiresAt(), record.bytes().clone());
  }

  /** The records that stores opened on it share. Lives as long as something refers to it. */
  public static final class Medium {
    /** Held by the one commit that is running, over all stores. */
    private final ReentrantLock commits = new ReentrantLock();

    /** Guards {@link #records}; its write lock is only ever taken under {@link #commits}. */
    private final ReentrantReadWriteLock contents = new ReentrantReadWriteLock();

    private final TreeMap<RecordKey, StoredRecord> records = new TreeMap<>();
    private final List<InMemorySecretStore> open = new CopyOnWriteArrayList<>();

    /** Makes an empty medium. */
    public Medium() {}
  }
}
