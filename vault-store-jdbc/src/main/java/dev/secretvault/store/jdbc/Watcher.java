package dev.secretvault.store.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Looks in the log for what others have committed, in a thread and on a connection of its own,
 * whenever the bell rings.
 *
 * <p>A second thread, which never asks the database, keeps the promise of a second whatever becomes
 * of the first one: when the last look that was answered is too old, it says that anything may have
 * been missed, and goes on saying so.
 */
final class Watcher {

  /** How old the last look may be; together with a pause of some thread this is below a second. */
  private static final long SEEN_NANOS = TimeUnit.MILLISECONDS.toNanos(700);

  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final long TIDY_NANOS = TimeUnit.HOURS.toNanos(1);

  private final Sessions sessions;
  private final Announcer announcer;
  private final Bell bell;
  private final CountDownLatch stopped = new CountDownLatch(1);

  /** All that was committed before this moment was told, or told as missed. */
  private final AtomicLong seen = new AtomicLong();

  private long tidied = System.nanoTime();
  private @Nullable Thread looking;
  private @Nullable Thread guarding;

  Watcher(Sessions sessions, Announcer announcer, Bell bell) {
    this.sessions = sessions;
    this.announcer = announcer;
    this.bell = bell;
  }

  /** Starts, unless it runs or was stopped. */
  synchronized void start() {
    if (stopped.getCount() == 0) {
      return;
    }
    if (guarding == null) {
      seen.set(System.nanoTime());
      guarding = daemon(this::guard);
    }
    if (looking == null) {
      looking = daemon(this::look);
    }
  }

  /** When this returns, nobody looks any more. */
  void stop() {
    stopped.countDown();
    Thread looker;
    Thread guard;
    synchronized (this) {
      looker = looking;
      guard = guarding;
    }
    join(looker);
    join(guard);
  }

  private void guard() {
    while (stopped.getCount() > 0) {
      long begin = System.nanoTime();
      long left = seen.get() + SEEN_NANOS - begin;
      if (left <= 0) {
        announcer.missed();
        seenUntil(begin);
      } else {
        await(left);
      }
    }
  }

  private void look() {
    boolean again = false;
    while (stopped.getCount() > 0) {
      boolean reconnected = again;
      try {
        sessions.look(connection -> watch(connection, reconnected));
      } catch (SQLException | RuntimeException | Error anything) {
        // Whatever it is, there must be another look.
        await(RETRY_NANOS);
      }
      again = true;
    }
  }

  private boolean watch(Connection connection, boolean reconnected) throws SQLException {
    boolean done = false;
    try {
      bell.install(connection);
      look(connection);
      if (reconnected) {
        // Perhaps to another server, which has lost what was told of.
        announcer.missed();
      }
      while (stopped.getCount() > 0) {
        bell.await(stopped);
        look(connection);
      }
      bell.remove(connection);
      done = true;
      return true;
    } finally {
      if (!done) {
        // Nobody else shall get it while it listens.
        Sessions.abort(connection);
      }
    }
  }

  private void tidy(Connection connection) throws SQLException {
    if (System.nanoTime() - tidied > TIDY_NANOS) {
      tidied = System.nanoTime();
      announcer.tidy(connection);
    }
  }

  private void look(Connection connection) throws SQLException {
    long begin = System.nanoTime();
    try {
      announcer.look(connection);
      seenUntil(begin);
      tidy(connection);
    } catch (SQLException failed) {
      if (!SqlStates.isLostRace(failed)) {
        throw failed;
      }
      // There will be another one.
    }
  }

  private void seenUntil(long moment) {
    seen.accumulateAndGet(moment, (one, other) -> one - other > 0 ? one : other);
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "secretvault-store-jdbc");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void await(long nanos) {
    try {
      stopped.await(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException leftByAListener) {
      // A pause may be short.
    }
  }

  private static void join(@Nullable Thread running) {
    boolean interrupted = false;
    while (running != null && running.isAlive()) {
      try {
        running.join();
      } catch (InterruptedException later) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
