package dev.secretvault.store.file;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoreListeners;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.file.Index.Due;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A {@link SecretStore} in one directory of this machine: an append-only log of checksummed lines,
 * one for the commits that were made together, and an index of it in memory.
 *
 * <p><b>What it adds to the promise of a store.</b> A commit has been forced to the disk when it
 * returns. Threads that commit at the same time share one write and one force. When a commit that
 * replaces or deletes a record returns, the former value is in no file of the directory any more;
 * what the medium keeps of overwritten bytes is beyond this class. The part of a commit that a
 * crash left behind is cut off by the next one to open the store or to commit, see {@link
 * #recovery}. All other damage is refused, with the file and the offset, and nothing is changed
 * then.
 *
 * <p><b>When the disk fails.</b> If a commit cannot be appended, above all because the disk is
 * full, what was written of it is cut off, and the {@link StoreException} says that it is
 * retryable: the store can be read, and the same commit succeeds once there is room. A deletion
 * needs room, too, and so does whoever has to mend what a process left half written that was killed
 * in a commit, as that is kept in a file of its own: until there is room the store cannot be opened
 * then, and other processes that have it open cannot read, either. On media that write a copy of
 * what they change (Btrfs, ZFS, snapshots, thin volumes), to cut off and to overwrite also need
 * room: where there is none even for that, it is as if a force had failed. If the disk refuses to
 * force a commit, for whatever reason, to take back what was appended, or to overwrite a former
 * value, this instance answers every later call with a {@link StoreException} that is not
 * retryable: close it, mend the disk, open the store again. Not even an error that says that the
 * disk is full makes a difference then, as the operating system may have dropped what it could not
 * write.
 *
 * <p><b>Several processes</b> may have one directory open at the same time, and one process may
 * have it open several times. Each commit has the directory to itself, by a lock of the operating
 * system that goes with the process; each read sees what was committed before, by whomever; a
 * {@link #watch} tells of it within a second. A process that is killed or stopped while it commits
 * harms nobody, but keeps the others waiting until it is gone.
 *
 * <p><b>What it does not promise.</b> Whoever may write in the directory can put back an older copy
 * of it. On a network file system neither the lock nor the force can be relied on: those that can
 * be told are refused.
 *
 * <p><b>The directory</b> belongs to the store and to one user. While it is open, nothing in it may
 * be removed or renamed, and nothing else in this process may open its file {@code lock}: when any
 * descriptor of that file is closed, the operating system drops the lock. A copy that is made while
 * no store is open is a complete backup.
 *
 * <p>Thread-safe. Values stay on disk; for each record the heap holds its key, of one byte a
 * character, and about 30 bytes more, seldom over 50. What keys begin with, up to their second dot,
 * is held once, in about 50 bytes, where several records share it: with many secrets to a namespace
 * this spares 14 bytes of about 40 of a vault's keys, with one secret to a namespace nothing.
 * Records are put in order when they are first listed, and first after a compaction: the caller
 * waits for that, about a second for a million of them; those who commit, also in other processes,
 * for the small part in which the records are counted up, about 30 milliseconds for a million.
 *
 * <p>There may be 201,326,592 records, and 8 GB of this in the heap; a commit that would need more
 * is refused, with a {@link StoreException} that says so, and nothing of it is written.
 */
public final class FileSecretStore implements SecretStore {

  private final Path directory;
  private final SharedLog log;
  private final RecordReader reader;
  private final StoreListeners listeners;
  private final Announcer announcer;
  private final CommitQueue queue;
  private final Poller poller = new Poller(this::look);

  private FileSecretStore(
      Path directory, SharedLog log, StoreListeners listeners, Announcer announcer) {
    this.directory = directory;
    this.log = log;
    this.reader = new RecordReader(log, directory);
    this.listeners = listeners;
    this.announcer = announcer;
    this.queue = new CommitQueue(waiting -> log.commit(waiting).settle());
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
   *     be written by others, is on a network file system, or cannot be read or written; in all
   *     these cases nothing was changed on disk
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
      Disk disk = new RealDisk(StoreDirectory.check(directory, create));
      return open(disk, () -> StoreDirectory.checkContent(disk.path(), disk.list(), create));
    } catch (IOException failed) {
      throw cannotOpen(directory, failed);
    }
  }

  /** What is to be looked at before a directory is used. */
  interface Check {
    void run() throws IOException;
  }

  /** Opens or creates the store on a disk. */
  static FileSecretStore open(Disk disk, Check check) {
    StoreListeners listeners = new StoreListeners();
    Announcer announcer = new Announcer(listeners);
    try {
      SharedLog log =
          disk.exclusively(
              () -> {
                check.run();
                return SharedLog.open(disk, announcer);
              });
      return new FileSecretStore(disk.path(), log, listeners, announcer);
    } catch (IOException failed) {
      throw cannotOpen(disk.path(), failed);
    }
  }

  /**
   * Reads what is intact of a store that is damaged, and writes it into a new one: the records with
   * their revisions, as the last commit that can be read left them. Changes nothing in {@code
   * source}, and keeps others from it meanwhile.
   *
   * <p>Where commits are lost, a record may be as it was before them. A value that one of them
   * replaced or deleted does not come back, as it was erased.
   *
   * @param source the directory of the damaged store
   * @param target where the new store shall be: missing or empty
   * @return what is in the new store, and what is lost
   * @throws dev.secretvault.store.StoreFormatException if a newer release wrote the store
   * @throws StoreException if there is no store in {@code source}, if {@code target} is not empty,
   *     or if one of them cannot be read or written
   */
  public static Salvage salvage(Path source, Path target) {
    Objects.requireNonNull(source, "source");
    Objects.requireNonNull(target, "target");
    try {
      Disk from = new RealDisk(StoreDirectory.check(source, false));
      Disk to = new RealDisk(StoreDirectory.check(target, true));
      StoreDirectory.checkEmpty(to.path(), to.list());
      return from.exclusively(
          () -> {
            StoreDirectory.checkContent(from.path(), from.list(), false);
            return to.exclusively(
                () -> {
                  StoreDirectory.checkEmpty(to.path(), to.list());
                  return Salvager.salvage(from, to);
                });
          });
    } catch (IOException failed) {
      throw new StoreException(
          "the store in " + source + " cannot be salvaged (" + failed.getMessage() + ")",
          Outcome.NOT_WRITTEN,
          false,
          failed);
    }
  }

  private static StoreException cannotOpen(Path directory, IOException failed) {
    return new StoreException(
        "the store in " + directory + " cannot be opened (" + failed.getMessage() + ")",
        Outcome.NOT_WRITTEN,
        false,
        failed);
  }

  /**
   * What was mended when this store was opened, or last since: another process may have died in a
   * commit.
   */
  public Recovery recovery() {
    return log.recovery();
  }

  @Override
  public Optional<StoredRecord> read(RecordKey key) {
    return reader.read(Objects.requireNonNull(key, "key"));
  }

  @Override
  public void commit(List<Change> changes) {
    queue.run(new Commit(Change.checkCommit(changes)));
    announcer.deliver();
    if (log.compactor().isDue()) {
      poller.start();
    }
  }

  @Override
  public List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
    checkLimit(limit);
    return reader.scan(after, limit);
  }

  @Override
  public List<StoredRecord> expired(Instant now, @Nullable StoredRecord after, int limit) {
    Objects.requireNonNull(now, "now");
    checkLimit(limit);
    if (after == null) {
      return reader.expired(milliseconds(now), null, limit);
    }
    Instant expiresAt = after.expiresAt();
    if (expiresAt == null) {
      throw new IllegalArgumentException("after: " + after + " has no expiry");
    }
    Due last = new Due(milliseconds(expiresAt), after.key());
    return reader.expired(milliseconds(now), last, limit);
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

  @Override
  public Subscription watch(StoreListener listener) {
    Objects.requireNonNull(listener, "listener");
    return log.ordered(
        () -> {
          // Not outside, or a store that is closed meanwhile would keep the listener.
          poller.start();
          return listeners.add(listener);
        });
  }

  /** Makes the log as short as what is stored; others go on meanwhile. */
  void compact() throws IOException {
    log.compactor().compact();
  }

  /** Reports what others have committed, and tidies up when it is worth it. */
  private void look() {
    try {
      log.refresh();
      announcer.deliverUnlessBusy();
      if (log.compactor().isDue()) {
        compact();
      }
    } catch (RuntimeException | Error | IOException cannotTell) {
      // Whatever it is, the next look may be better, and there must be one.
      announcer.addMissed();
    }
    announcer.deliverUnlessBusy();
  }

  @Override
  public void close() {
    poller.stop();
    try {
      if (log.compactor().isDue()) {
        // A process that is always short-lived would never come to it.
        compact();
      }
    } catch (StoreException | IllegalStateException | IOException nothingLost) {
      // The next one may do it.
    }
    try {
      log.close();
    } catch (IOException nothingLost) {
      // All that counts was forced before, and the descriptors are gone either way.
    }
    listeners.close();
  }

  /** The directory only. */
  @Override
  public String toString() {
    return "FileSecretStore[" + directory + "]";
  }
}
