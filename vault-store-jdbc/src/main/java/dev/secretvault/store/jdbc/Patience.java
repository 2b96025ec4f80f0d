package dev.secretvault.store.jdbc;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Pauses, by chance, of at most 0.1 milliseconds first and 50 later, until the time is over. It
 * begins with the first one: whoever has waited for a dead connection has not tried for long.
 */
final class Patience {

  private static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final long limit;
  private long begin;
  private boolean begun;
  private long nanos = TimeUnit.MICROSECONDS.toNanos(100);

  Patience(Duration limit) {
    this.limit = limit.toNanos();
  }

  /** Waits for a moment and is true, or false if it is time to give up. */
  boolean pause() {
    long now = System.nanoTime();
    if (!begun) {
      begin = now;
      begun = true;
    } else if (now - begin > limit) {
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
