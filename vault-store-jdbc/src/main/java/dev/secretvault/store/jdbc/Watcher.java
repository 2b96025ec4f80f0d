package dev.secretvault.store.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Looks in the log for what others have committed, in a thread and on a connection of its own,
 * whenever the bell rings. While it has no connection, it says again and again that anything may
 * have been missed.
 */
final class Watcher {

  /** After which a connection that does not answer is given up. */
  private static final int ANSWER_MILLIS = 1_000;

  private static final int RETRY_MILLIS = 100;
  private static final int MISSED_MILLIS = 300;

  private final Sessions sessions;
  private final Announcer announcer;
  private final Bell bell;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private @Nullable Thread thread;

  Watcher(Sessions sessions, Announcer announcer, Bell bell) {
    this.sessions = sessions;
    this.announcer = announcer;
    this.bell = bell;
  }

  /** Starts, unless it runs or was stopped. */
  synchronized void start() {
    if (thread == null && stopped.getCount() > 0) {
      thread = daemon(this::run);
    }
  }

  /** When this returns, nobody looks any more. */
  void stop() {
    stopped.countDown();
    Thread running;
    synchronized (this) {
      running = thread;
    }
    if (running != null) {
      join(running);
    }
  }

  private void run() {
    while (stopped.getCount() > 0) {
      CountDownLatch connected = new CountDownLatch(1);
      Thread meanwhile = daemon(() -> sayMissed(connected));
      try {
        sessions.use(connection -> watch(connection, connected));
      } catch (SQLException | RuntimeException | Error anything) {
        // Whatever it is, there must be another look.
        announcer.missed();
        await(stopped, RETRY_MILLIS);
      } finally {
        connected.countDown();
        join(meanwhile);
      }
    }
  }

  private void sayMissed(CountDownLatch connected) {
    while (stopped.getCount() > 0 && !await(connected, MISSED_MILLIS)) {
      announcer.missed();
    }
  }

  private boolean watch(Connection connection, CountDownLatch connected) throws SQLException {
    int formerTimeout = connection.getNetworkTimeout();
    connection.setNetworkTimeout(Runnable::run, ANSWER_MILLIS);
    try {
      bell.install(connection);
      announcer.look(connection);
      connected.countDown();
      while (stopped.getCount() > 0) {
        bell.await(stopped);
        announcer.look(connection);
      }
      bell.remove(connection);
      return true;
    } catch (InterruptedException nobodyKnowsThisThread) {
      throw new AssertionError(nobodyKnowsThisThread);
    } finally {
      connection.setNetworkTimeout(Runnable::run, formerTimeout);
    }
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "secretvault-store-jdbc");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static boolean await(CountDownLatch latch, int millis) {
    try {
      return latch.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException nobodyKnowsThisThread) {
      throw new AssertionError(nobodyKnowsThisThread);
    }
  }

  private static void join(Thread running) {
    boolean interrupted = false;
    while (running.isAlive()) {
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
