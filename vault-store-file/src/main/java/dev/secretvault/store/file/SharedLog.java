package dev.secretvault.store.file;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.file.Settled.Mark;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The log of a directory that others may append to as well. Whoever commits has the directory to
 * itself for that time, and first reads what others have written: so revisions are compared with
 * what is stored, and not with what was stored.
 *
 * <p>Whoever reads looks behind the last frame that it knows, and reads on if there is more. What
 * it then enters into the index is durable, as the lock is held until a commit is.
 */
final class SharedLog implements Closeable {

  /** How much of what others wrote may be left to be read while they wait, in bytes. */
  static final long NEAR = 1 << 20;

  /** How often something is tried that others may frustrate. */
  private static final int PATIENCE = 3;

  private final Disk disk;
  private final Announcer announcer;
  private final Settled settled;
  private final Compactor compactor;

  /** Comes before the lock of the directory. Guards all that a commit changes. */
  private final ReentrantLock lock = new ReentrantLock();

  private volatile OpenLog current;
  private volatile Recovery recovery;
  private volatile boolean closed;

  private SharedLog(
      Disk disk, Announcer announcer, OpenLog log, Settled settled, Recovery recovery) {
    this.disk = disk;
    this.announcer = announcer;
    this.current = log;
    this.settled = settled;
    this.compactor = new Compactor(this, disk);
    this.recovery = recovery;
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
      Mark found = new Mark(log.generation(), log.log().end());
      long lost = settled.read().ahead(found);
      if (lost > 0) {
        warnOfLoss(disk, lost);
      }
      settled.write(found);
      opened = () -> {};
      return new SharedLog(disk, announcer, log, settled, log.recovery().losing(lost));
    } finally {
      opened.close();
    }
  }

  /** Once, as the note that says so is overwritten: whoever opens the store may not ask for it. */
  private static void warnOfLoss(Disk disk, long lost) {
    System.getLogger(SharedLog.class.getName())
        .log(
            System.Logger.Level.WARNING,
            "{0} lacks at least {1} bytes of commits that were acknowledged: look for damage of the"
                + " disk, and for copies that were put back",
            disk.path(),
            lost);
  }

  /** Opens the newest generation, and removes what a crash left unfinished. */
  private static OpenLog openNewest(Disk disk) throws IOException {
    long newest = Names.newestGeneration(disk.list());
    OpenLog log = OpenLog.open(disk, newest);
    Closeable opened = log;
    try {
      OpenLog.remove(disk, name -> Names.isLeftover(name) || Names.isOlder(name, newest));
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
    return upToDate(
        () -> {
          Batch batch = new Batch(current.index(), waiting);
          if (!batch.steps().isEmpty()) {
            current.append(batch.steps(), batch.texts());
            batch.winners().forEach(c -> announce(Change.written(c.changes())));
            eraseOrPoison(batch.keys());
            settle();
          }
          return batch;
        });
  }

  /** Runs something with the directory to itself, once it was read what others have written. */
  <T> T upToDate(Disk.Task<T> task) {
    return exclusively(
        () -> {
          follow();
          return task.run();
        });
  }

  private <T> T exclusively(Disk.Task<T> task) {
    lock.lock();
    boolean known = false;
    try {
      checkUsable();
      approach();
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

  /**
   * Reads what is settled while others go on, so that little is left to be read while they wait.
   * Whatever goes wrong is met again by {@link #follow}.
   */
  private void approach() throws IOException {
    for (int round = 0; round < PATIENCE && current.log().isBehindBy(NEAR); round++) {
      Mark mark = disk.exclusively(settled::read);
      if (mark.generation() > current.generation()) {
        OpenLog newer = OpenLog.openAhead(disk, mark);
        if (newer != null) {
          switchTo(newer);
        }
      } else if (mark.generation() == current.generation()) {
        current.readAhead(mark.end(), head -> announce(head.changed()));
      }
    }
  }

  private void switchTo(OpenLog newer) throws IOException {
    OpenLog old = current;
    current = newer;
    announcer.addMissed();
    old.close();
  }

  /** Reads what others have written. */
  private void follow() throws IOException {
    OpenLog log = current;
    Mark mark = settled.read();
    if (mark.generation() == log.generation()
        && mark.end() >= log.log().end()
        && log.log().endsAt(mark.end())) {
      log.readOn(mark.end(), head -> announce(head.changed()));
      return;
    }
    long newest = Names.newestGeneration(disk.list());
    if (newest != log.generation()) {
      switchTo(openNewest(disk));
      noteRecovery();
    } else if (log.size() < log.log().end()) {
      log.log().poison("another program cut it");
      log.log().checkSound();
    } else {
      OpenLog.remove(disk, name -> Names.isOlder(name, newest));
      log.mend(head -> announce(head.changed()));
      noteRecovery();
    }
    settle();
  }

  private void noteRecovery() {
    Recovery mended = current.recovery();
    if (mended.tornTailCut()) {
      recovery = mended.losing(recovery.lost());
    }
  }

  private void announce(Set<RecordKey> keys) {
    announcer.add(keys);
    compactor.touch(keys);
  }

  private void eraseOrPoison(Set<RecordKey> keys) {
    try {
      current.erase(compactor.erase(keys));
    } catch (IOException failed) {
      current.log().poison("a value could not be erased");
      throw current.log().failure("could not be erased from", Outcome.UNKNOWN, false, failed);
    }
  }

  /** What makes the log as short as what is stored. */
  Compactor compactor() {
    return compactor;
  }

  /**
   * Moves on to a new log. Only for whoever has the directory to itself.
   *
   * @param install gives the log its name
   */
  void moveTo(Disk.Task<OpenLog> install) throws IOException {
    // From here on nobody is to take the old log for the newest one without a look.
    settled.write(Mark.NONE);
    OpenLog old = current;
    try {
      current = install.run();
    } catch (IOException failed) {
      old.log().poison("a compaction broke off");
      throw failed;
    }
    old.close();
    long newest = current.generation();
    OpenLog.remove(disk, name -> Names.isOlder(name, newest));
    settle();
  }

  /** Runs something with the directory to itself, whether this is usable or not. */
  <T> T alone(Disk.Task<T> task) throws IOException {
    lock.lock();
    try {
      return disk.exclusively(task);
    } finally {
      lock.unlock();
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
