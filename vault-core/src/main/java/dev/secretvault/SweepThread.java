package dev.secretvault;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Sweeps when something has expired, in a thread of its own, which begins with the first thing that
 * may expire.
 *
 * <p>It waits for the soonest expiry that it knows of. Nobody can tell it that the clock was set,
 * so while there is one it looks at the clock once a second, and at nothing else.
 */
final class SweepThread implements ExpiringStore.Expectation {

  private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(1);

  /**
   * Between two sweeps, so that many small ones become one, and a clock that stands still costs
   * nothing.
   */
  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

  private static final long LONGEST_PAUSE = TimeUnit.MINUTES.toNanos(1);

  private final InstantSource clock;
  private final ThreadFactory threads;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition news = lock.newCondition();

  /** Null until it is known. Guarded by the lock, like what follows. */
  private @Nullable Sweeper sweeper;

  /** Null until it is needed. */
  private @Nullable Thread thread;

  /** The soonest expiry that is known; null if there is none. */
  private @Nullable Instant next;

  /** Whether there may be something that expires sooner. */
  private boolean look;

  /** When to try again what failed, by the nanosecond clock; null if nothing did. */
  private @Nullable Long retry;

  private final CountDownLatch stopped = new CountDownLatch(1);

  SweepThread(InstantSource clock, ThreadFactory threads) {
    this.clock = clock;
    this.threads = threads;
  }

  /** Sweeps from now on, when there is something that may expire. */
  void begin(Sweeper with) {
    lock.lock();
    try {
      sweeper = with;
      if (look || next != null) {
        wake();
      }
    } finally {
      lock.unlock();
    }
  }

  /** A thread that keeps no process alive. */
  static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "secretvault-sweeper");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void expect(Instant expiresAt) {
    lock.lock();
    try {
      if (next == null || expiresAt.isBefore(next)) {
        next = expiresAt;
        wake();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void look() {
    lock.lock();
    try {
      look = true;
      wake();
    } finally {
      lock.unlock();
    }
  }

  private void wake() {
    if (thread == null && sweeper != null && !isStopped()) {
      Sweeper with = sweeper;
      Thread started = threads.newThread(() -> run(with));
      started.start();
      thread = started; // Not before: one that could not be started is tried again.
    }
    news.signal();
  }

  private void run(Sweeper with) {
    long pause = 0;
    do {
      try {
        if (awaitWork()) {
          with.sweep(() -> !isStopped()).ifPresent(this::expect);
        }
        pause = 0;
      } catch (InterruptedException nobodyHasReasonTo) {
        // Going on is right: only a vault that is closed needs no sweeping.
      } catch (RuntimeException | Error e) {
        if (pause == 0 && !isStopped()) {
          warn(e);
        }
        pause = Math.min(Math.max(2 * pause, LONGEST_WAIT), LONGEST_PAUSE);
        retryIn(pause);
        expectWhatIsToCome(with);
      }
    } while (!isStoppedWithin(PAUSE));
  }

  private void retryIn(long nanos) {
    lock.lock();
    try {
      retry = System.nanoTime() + nanos;
    } finally {
      lock.unlock();
    }
  }

  /** What fails keeps nothing that is still to expire. */
  private void expectWhatIsToCome(Sweeper with) {
    try {
      with.nextAfter(clock.instant()).ifPresent(this::expect);
    } catch (RuntimeException | Error e) {
      // That fails as well, and is tried again with the rest.
    }
  }

  private static void warn(Throwable failure) {
    System.getLogger(SweepThread.class.getName())
        .log(
            System.Logger.Level.WARNING,
            "expired secrets could not be removed, which is tried again: {0}: {1}",
            failure.getClass().getName(),
            failure.getMessage());
  }

  /** Waits until something has expired, or may have; false if there is nothing to wait for. */
  private boolean awaitWork() throws InterruptedException {
    lock.lock();
    try {
      for (long wait = toWait(); wait > 0; wait = toWait()) {
        long ignored = news.awaitNanos(wait);
      }
      look = false;
      next = null;
      retry = null;
      return !isStopped();
    } finally {
      lock.unlock();
    }
  }

  /** How long to wait before looking at the clock again; 0 if there is something to do. */
  private long toWait() {
    if (look || isStopped()) {
      return 0;
    }
    long wait = retry == null ? Long.MAX_VALUE : Math.max(0, retry - System.nanoTime());
    if (next == null) {
      return wait;
    }
    Duration left = Duration.between(clock.instant(), next);
    if (left.isZero() || left.isNegative()) {
      return 0;
    }
    long soonest =
        left.compareTo(Duration.ofNanos(LONGEST_WAIT)) < 0
            ? Math.max(left.toNanos(), PAUSE)
            : LONGEST_WAIT;
    return Math.min(wait, soonest);
  }

  private boolean isStopped() {
    return stopped.getCount() == 0;
  }

  private boolean isStoppedWithin(long nanos) {
    try {
      return stopped.await(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException nobodyHasReasonTo) {
      return isStopped();
    }
  }

  /** Ends the thread: when this returns, it does nothing any more. */
  void stop() {
    Thread running;
    lock.lock();
    try {
      stopped.countDown();
      news.signal();
      running = thread;
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    while (running != null && running.isAlive() && running != Thread.currentThread()) {
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
