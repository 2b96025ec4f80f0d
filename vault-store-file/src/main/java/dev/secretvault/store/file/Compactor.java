package dev.secretvault.store.file;

import dev.secretvault.store.RecordKey;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Decides when the log is compacted, and sees to it that a compaction ends, whatever others do
 * meanwhile: one that others have spoilt is tried again later, and lets them come between less and
 * less often.
 */
final class Compactor {

  /** How much is written while all wait, once others have come between too often; then doubled. */
  static final long MOST_ALONE = 1 << 26;

  private static final int PATIENCE = 3;
  private static final int MOST_DOUBLINGS = 30;

  private final SharedLog log;
  private final Disk disk;

  /** One compaction at a time, or each would miss what the other is told of. Comes first. */
  private final ReentrantLock compacting = new ReentrantLock();

  /** The compaction that is under way, if one is. Guarded by the lock of the log. */
  private @Nullable Compaction underWay;

  /** How long the log must be before compaction is tried again. */
  private volatile long postponedTo;

  /** How many compactions came to nothing since the last one that did not. */
  private int givenUp;

  Compactor(SharedLog log, Disk disk) {
    this.log = log;
    this.disk = disk;
  }

  /** Whether it is time to {@link #compact}. */
  boolean isDue() {
    OpenLog current = log.current();
    return current.isWasteful() && current.log().end() > postponedTo;
  }

  /** Notes that records were written. Only for whoever has the directory to itself. */
  void touch(Set<RecordKey> keys) {
    Compaction begun = underWay;
    if (begun != null) {
      begun.touch(keys);
    }
  }

  /**
   * Erases the copies of records that were replaced or deleted. Only for whoever has the directory
   * to itself.
   *
   * @return the file that has no other copy of them, empty if there is none
   */
  String erase(Set<RecordKey> keys) throws IOException {
    Compaction begun = underWay;
    if (begun == null || !begun.isValid(log.current())) {
      return "";
    }
    begun.erase(keys);
    return begun.name();
  }

  /**
   * Moves what is stored to a new log, in pieces between which others go on. Gives up if another
   * process came between; if that has happened again and again, lets nobody come between pieces of
   * {@link #MOST_ALONE} bytes, then of twice as many, and so on.
   */
  void compact() throws IOException {
    compacting.lock();
    try {
      // What keeps it from succeeding, a full disk or a damaged record, is not gone at once.
      postponedTo = log.current().log().end() * 2;
      try {
        while (log.upToDate(this::proceed)) {
          prepare();
        }
      } finally {
        abandon();
      }
    } finally {
      compacting.unlock();
    }
  }

  /** Whether more is to be done. */
  private boolean proceed() throws IOException {
    OpenLog source = log.current();
    Compaction begun = underWay;
    if (begun == null) {
      if (source.next() == 1) {
        // A base is known by the last commit in it, so there must have been one.
        return false;
      }
      if (!source.index().isPreparedToList()) {
        return true;
      }
      // The first piece is copied before anybody can come between.
      begun = Compaction.begin(disk, source);
      underWay = begun;
    }
    long until = begun.size() + allowance();
    boolean ready = false;
    do {
      if (!begun.isValid(source)) {
        givenUp++;
        // Nor are those gone at once who came between.
        postponedTo = source.log().end() / 4 * 5;
        return false;
      }
      ready = begun.copy();
    } while (!ready && begun.size() < until);
    if (ready) {
      begun.complete();
      log.moveTo(begun::install);
      givenUp = 0;
      postponedTo = 0;
    }
    return !ready;
  }

  /** How much is to be written while all wait, if that is more than a piece. */
  private long allowance() {
    return givenUp < PATIENCE ? 0 : MOST_ALONE << Math.min(givenUp - PATIENCE, MOST_DOUBLINGS);
  }

  /** Does what nobody has to wait for. */
  private void prepare() throws IOException {
    Compaction begun = underWay;
    if (begun == null) {
      log.current().index().prepareToList();
    } else {
      begun.force();
    }
  }

  private void abandon() throws IOException {
    boolean unused =
        log.alone(
            () -> {
              Compaction begun = underWay;
              underWay = null;
              if (begun != null) {
                begun.discard();
              }
              return true;
            });
  }
}
