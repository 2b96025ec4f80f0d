package dev.secretvault.store.file;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoreListeners;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.file.FrameHead.Step;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A {@link SecretStore} in one directory of this machine: an append-only log of checksummed lines,
 * one for each commit, and an index of it in memory.
 *
 * <p><b>What it adds to the promise of a store.</b> A commit has been forced to the disk when it
 * returns. Threads that commit at the same time share one write and one force. The part of a commit
 * that a crash left behind is cut off when the store is next opened, see {@link #recovery}. All
 * other damage is refused, with the file and the offset, and nothing is changed then. When the disk
 * refuses to force a commit, this instance answers every later call with a {@link StoreException}:
 * close it, mend the disk, open the store again.
 *
 * <p><b>What it does not promise.</b> Whoever may write in the directory can put back an older copy
 * of it. On a network file system neither the lock nor the force can be relied on.
 *
 * <p><b>The directory</b> belongs to the store and to one user. It is open in one process at a time
 * and once in that process. While it is open, nothing in it may be removed or renamed, and nothing
 * in this process may open its file {@code lock}: when any descriptor of that file is closed, the
 * operating system drops the lock. A copy that is made while no store is open is a complete backup.
 *
 * <p>Thread-safe. Values stay on disk; the heap holds about 250 bytes for each record.
 */
public final class FileSecretStore implements SecretStore {

  private final Path directory;
  private final Closeable lock;
  private final Log log;
  private final Index index;
  private final Values values;
  private final Recovery recovery;
  private final StoreListeners listeners = new StoreListeners();
  private final Announcer announcer = new Announcer(listeners);
  private final CommitQueue queue = new CommitQueue(this::write);

  /** Orders commits. Guards all that a commit changes. */
  private final ReentrantLock commits = new ReentrantLock();

  private long next;
  private volatile boolean closed;

  private FileSecretStore(Disk disk, Closeable lock, OpenLog opened, Values values) {
    this.directory = disk.path();
    this.lock = lock;
    this.log = opened.log();
    this.index = opened.index();
    this.recovery = opened.recovery();
    this.next = opened.next();
    this.values = values;
  }

  /**
   * Opens the store in a directory, and creates it if the directory is missing or empty: with mode
   * 0700, and parents that are missing too.
   *
   * @param directory where the store is, or shall be
   * @return the store; closing it is the caller's task
   * @throws dev.secretvault.store.StoreCorruptException if the store is damaged
   * @throws dev.secretvault.store.StoreFormatException if a newer release wrote the store
   * @throws StoreException if {@code directory} is a file, holds something else than a store, can
   *     be written by others, cannot be read or written, or is open already; in all these cases
   *     nothing was changed on disk
   */
  public static FileSecretStore open(Path directory) {
    return open(directory, true);
  }

  /**
   * Opens the store in a directory, and creates nothing.
   *
   * @param directory where the store is
   * @return the store; closing it is the caller's task
   * @throws dev.secretvault.store.StoreCorruptException if the store is damaged
   * @throws dev.secretvault.store.StoreFormatException if a newer release wrote the store
   * @throws StoreException as {@link #open(Path)}, and if there is no store in {@code directory}
   */
  public static FileSecretStore openExisting(Path directory) {
    return open(directory, false);
  }

  private static FileSecretStore open(Path directory, boolean create) {
    Objects.requireNonNull(directory, "directory");
    try {
      Path real = StoreDirectory.check(directory, create);
      return open(new RealDisk(real), DirectoryLock.take(real));
    } catch (IOException failed) {
      throw cannotOpen(directory, failed);
    }
  }

  /** Opens or creates the store on a disk, and takes the lock over, also if that fails. */
  static FileSecretStore open(Disk disk, Closeable lock) {
    Closeable held = lock;
    try {
      if (Names.newestGeneration(disk.list()) == 0) {
        OpenLog.create(disk);
      }
      OpenLog opened = OpenLog.open(disk);
      held = both(opened.log(), lock);
      FileSecretStore store =
          new FileSecretStore(disk, lock, opened, new Values(disk, opened.name()));
      held = () -> {};
      return store;
    } catch (IOException failed) {
      throw cannotOpen(disk.path(), failed);
    } finally {
      closeQuietly(held);
    }
  }

  private static Closeable both(Closeable first, Closeable second) {
    return () -> {
      try {
        first.close();
      } finally {
        second.close();
      }
    };
  }

  private static StoreException cannotOpen(Path directory, IOException failed) {
    return new StoreException(
        "the store in " + directory + " cannot be opened (" + failed.getMessage() + ")",
        Outcome.NOT_WRITTEN,
        false,
        failed);
  }

  /** What was mended when this store was opened. */
  public Recovery recovery() {
    return recovery;
  }

  @Override
  public Optional<StoredRecord> read(RecordKey key) {
    Objects.requireNonNull(key, "key");
    checkUsable();
    return Optional.ofNullable(index.find(key)).map(this::load);
  }

  @Override
  public void commit(List<Change> changes) {
    queue.run(new Commit(Change.checkCommit(changes)));
    announcer.deliver();
  }

  /** Settles the first commits of a list, all by one force. */
  private void write(List<Commit> waiting) {
    Batch batch;
    commits.lock();
    try {
      checkUsable();
      batch = new Batch(index, waiting);
      if (!batch.changes().isEmpty()) {
        append(batch.changes());
        batch.winners().forEach(commit -> announcer.add(Change.written(commit.changes())));
      }
    } finally {
      commits.unlock();
    }
    batch.settle();
  }

  private void append(List<Change> changes) {
    Frame frame = Frame.of(next, changes);
    long firstValue = log.end() + frame.firstValue();
    log.append(frame.bytes(), () -> index.apply(frame.head(), firstValue));
    next++;
  }

  @Override
  public List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
    checkLimit(limit);
    checkUsable();
    return load(index.after(after, limit));
  }

  @Override
  public List<StoredRecord> expired(Instant now, int limit) {
    Objects.requireNonNull(now, "now");
    checkLimit(limit);
    checkUsable();
    return load(index.expired(milliseconds(now), limit));
  }

  private static void checkLimit(int limit) {
    if (limit < 1 || limit > MAX_PAGE) {
      throw new IllegalArgumentException("limit: 1 to " + MAX_PAGE + ", but was " + limit);
    }
  }

  private static long milliseconds(Instant time) {
    try {
      return time.toEpochMilli();
    } catch (ArithmeticException tooFar) {
      return time.isBefore(Instant.EPOCH) ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
  }

  private List<StoredRecord> load(List<Index.Entry> entries) {
    List<StoredRecord> records = new ArrayList<>(entries.size());
    for (Index.Entry entry : entries) {
      records.add(load(entry));
    }
    return records;
  }

  private StoredRecord load(Index.Entry entry) {
    byte[] value;
    try {
      value = values.read(entry);
    } catch (IOException failed) {
      throw new StoreException(
          "a record of the store in "
              + directory
              + " could not be read ("
              + failed.getMessage()
              + ")",
          Outcome.NOT_WRITTEN,
          true,
          failed);
    }
    Instant expiresAt =
        entry.expiresAt() == Step.NEVER ? null : Instant.ofEpochMilli(entry.expiresAt());
    return new StoredRecord(entry.key(), entry.revision(), expiresAt, value);
  }

  @Override
  public Subscription watch(StoreListener listener) {
    Objects.requireNonNull(listener, "listener");
    // Under the lock, or a store that is closed meanwhile would keep the listener.
    commits.lock();
    try {
      checkUsable();
      return listeners.add(listener);
    } finally {
      commits.unlock();
    }
  }

  private void checkUsable() {
    if (closed) {
      throw new IllegalStateException("store is closed");
    }
    log.checkSound();
  }

  @Override
  public void close() {
    commits.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      listeners.close();
      // The lock goes last: whoever gets it next must find nobody here.
      closeQuietly(both(both(values, log), lock));
    } finally {
      commits.unlock();
    }
  }

  /** All that counts was forced before, so an error here has nothing to say. */
  private static void closeQuietly(Closeable resource) {
    try {
      resource.close();
    } catch (IOException nothingLost) {
      // Falls through: the descriptors are gone either way.
    }
  }

  /** The directory only. */
  @Override
  public String toString() {
    return "FileSecretStore[" + directory + "]";
  }
}
