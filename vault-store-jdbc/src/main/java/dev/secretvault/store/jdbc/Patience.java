package dev.secretvault.store.jdbc;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Pauses, by chance, of at most 0.1 milliseconds first and 50 later, until the time is over. */
final class Patience {

  private static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final long deadline;
  private long nanos = TimeUnit.MICROSECONDS.toNanos(100);

  Patience(Duration limit) {
    deadline = System.nanoTime() + limit.toNanos();
  }

  /** Waits for a moment and is true, or false if it is time to give up. */
  boolean pause() {
    if (System.nanoTime() - deadline > 0) {
      return false;
    }
    sleep(ThreadLocalRandom.current().nextLong(nanos));
    nanos = Math.min(2 * nanos, LONGEST_NANOS);
    return true;
  }

  private static void sleep(long nanos) {
    boolean interrupted = false;
    long end = System.nanoTime() + nanos;
    for (long left = nanos; left > 0; left = end - System.nanoTime()) {
      try {
        TimeUnit.NANOSECONDS.sleep(left);
      } catch (InterruptedException later) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
