package dev.secretvault.store.jdbc;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Pauses that grow from about 1 to 50 milliseconds, by chance, until the time is over. */
final class Patience {

  private static final int LONGEST_MILLIS = 50;

  private final long deadline;
  private int millis = 1;

  Patience(Duration limit) {
    deadline = System.nanoTime() + limit.toNanos();
  }

  /** Waits for a moment and is true, or false if it is time to give up. */
  boolean pause() {
    if (System.nanoTime() - deadline > 0) {
      return false;
    }
    sleep(ThreadLocalRandom.current().nextLong(TimeUnit.MILLISECONDS.toNanos(millis)));
    millis = Math.min(2 * millis, LONGEST_MILLIS);
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
