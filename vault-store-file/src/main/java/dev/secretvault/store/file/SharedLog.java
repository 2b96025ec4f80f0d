package dev.secretvault.store.file;

import dev.secretvault.store.Change;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.file.FrameHead.Step;
import dev.secretvault.store.file.Settled.Mark;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The log of a directory that others may append to as well. Whoever commits has the directory to
 * itself for that time, and first reads what others have written: so revisions are compared with
 * what is stored, and not with what was stored.
 *
 * <p>Whoever reads compares the length of the log, and reads on if it has grown. What it then
 * enters into the index is durable, as the lock is held until a commit is.
 */
final class SharedLog implements Closeable {

  private final Disk disk;
  private final Announcer announcer;
  private final Settled settled;

  /** Comes before the lock of the directory. Guards all that a commit changes. */
  private final ReentrantLock lock = new ReentrantLock();

  private volatile OpenLog current;
  private volatile Recovery recovery;
  private volatile boolean closed;

  private SharedLog(Disk disk, Announcer announcer, OpenLog log, Settled settled) {
    this.disk = disk;
    this.announcer = announcer;
    this.current = log;
    this.settled = settled;
    this.recovery = log.recovery();
  }

  /** Opens or creates the log. Only for whoever has the directory to itself. */
  static SharedLog open(Disk disk, Announcer announcer) throws IOException {
    if (Names.newestGeneration(disk.list()) == 0) {
      OpenLog.create(disk);
    }
    OpenLog log = openNewest(disk);
    Closeable opened = log;
    try {
      Settled settled = Settled.open(disk);
      opened = both(settled, log);
      settled.write(new Mark(log.generation(), log.log().end()));
      opened = () -> {};
      return new SharedLog(disk, announcer, log, settled);
    } finally {
      opened.close();
    }
  }

  /** Opens the newest generation, and removes what a crash left unfinished. */
  private static OpenLog openNewest(Disk disk) throws IOException {
    List<String> names = disk.list();
    OpenLog log = OpenLog.open(disk, Names.newestGeneration(names));
    Closeable opened = log;
    try {
      for (String name : names) {
        if (Names.isLeftover(name)) {
          disk.unlink(name);
        }
      }
      opened = () -> {};
      return log;
    } finally {
      opened.close();
    }
  }

  /** The log to look things up in; replaced when there is a newer one. */
  OpenLog current() {
    return current;
  }

  /** What was mended when the log was opened, or last since. */
  Recovery recovery() {
    return recovery;
  }

  /**
   * Refuses if this is closed or poisoned.
   *
   * @throws IllegalStateException if it is closed
   * @throws StoreException if it is poisoned
   */
  void checkUsable() {
    if (closed) {
      throw new IllegalStateException("store is closed");
    }
    current.log().checkSound();
  }

  /** Brings the index up to all that was committed, by whomever, before the call. */
  void refresh() {
    checkUsable();
    if (isBehind()) {
      OpenLog unused =
          exclusively(
              () -> {
                if (isBehind()) {
                  follow();
                }
                return current;
              });
      announcer.deliverUnlessBusy();
    }
  }

  private boolean isBehind() {
    OpenLog log = current;
    try {
      return log.log().isBehind();
    } catch (IOException failed) {
      if (log != current || closed) {
        // Closed meanwhile, by one who brought the index up to date or will not let it be used.
        return false;
      }
      throw log.log().failure("could not be looked at", Outcome.NOT_WRITTEN, true, failed);
    }
  }

  /**
   * Commits what can be committed together, from the first commit on.
   *
   * @throws StoreException if that failed; none of it was acknowledged
   */
  Batch commit(List<Commit> waiting) {
    return exclusively(
        () -> {
          follow();
          Batch batch = new Batch(current.index(), waiting);
          if (!batch.changes().isEmpty()) {
            current.append(batch.changes());
            batch.winners().forEach(c -> announcer.add(Change.written(c.changes())));
            eraseOrPoison();
            settle();
          }
          return batch;
        });
  }

  private <T> T exclusively(Disk.Task<T> task) {
    lock.lock();
    boolean known = false;
    try {
      checkUsable();
      T result = disk.exclusively(task);
      known = true;
      return result;
    } catch (IOException failed) {
      known = true;
      throw current
          .log()
          .failure("could not be brought up to date", Outcome.NOT_WRITTEN, true, failed);
    } catch (StoreCorruptException damaged) {
      // Not to be passed over by the next one who looks.
      current.log().poison("damage was met");
      throw damaged;
    } catch (StoreException | IllegalStateException refused) {
      known = true;
      throw refused;
    } finally {
      if (!known) {
        current.log().poison("a commit broke off");
      }
      lock.unlock();
    }
  }

  /** Reads what others have written. */
  private void follow() throws IOException {
    OpenLog log = current;
    long size = log.size();
    Mark mark = settled.read();
    if (mark.equals(new Mark(log.generation(), size)) && size >= log.log().end()) {
      if (size > log.log().end()) {
        log.readOn(size, this::announce);
      }
      return;
    }
    long newest = Names.newestGeneration(disk.list());
    if (newest != log.generation()) {
      switchToNewest();
    } else if (size < log.log().end()) {
      log.log().poison("another program cut it");
      log.log().checkSound();
    } else {
      log.mend(this::announce);
      if (log.recovery().tornTailCut()) {
        recovery = log.recovery();
      }
    }
    settle();
  }

  private void switchToNewest() throws IOException {
    OpenLog old = current;
    current = openNewest(disk);
    recovery = current.recovery();
    announcer.addMissed();
    old.close();
  }

  private void announce(FrameHead head) {
    announcer.add(head.steps().stream().map(Step::key).collect(Collectors.toUnmodifiableSet()));
  }

  private void eraseOrPoison() {
    try {
      current.erase();
    } catch (IOException failed) {
      current.log().poison("a value could not be erased");
      throw current.log().failure("could not be erased from", Outcome.UNKNOWN, false, failed);
    }
  }

  /** Without the note, whoever comes next does some work twice. */
  private void settle() {
    try {
      settled.write(new Mark(current.generation(), current.log().end()));
    } catch (IOException nothingLost) {
      // Falls through.
    }
  }

  /** Runs something that no commit and no close comes between. */
  <T> T ordered(Supplier<T> task) {
    lock.lock();
    try {
      checkUsable();
      return task.get();
    } finally {
      lock.unlock();
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

  @Override
  public void close() throws IOException {
    lock.lock();
    try {
      if (!closed) {
        closed = true;
        both(settled, current).close();
      }
    } finally {
      lock.unlock();
    }
  }
}
