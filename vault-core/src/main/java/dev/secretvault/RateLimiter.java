package dev.secretvault;

import dev.secretvault.VaultLimits.Rate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;

/** Lets so many calls through in any window of time, by remembering when the last ones were. */
final class RateLimiter {

  private final Rate rate;
  private final InstantSource clock;

  /** When the calls of the last window were made, the oldest first. */
  private final Deque<Instant> calls = new ArrayDeque<>();

  RateLimiter(Rate rate, InstantSource clock) {
    this.rate = rate;
    this.clock = clock;
  }

  /**
   * Lets one call through, or not.
   *
   * @throws RateLimitExceededException if there were too many; this one is not remembered
   */
  synchronized void admit() {
    Instant now = clock.instant();
    moveUpTo(now);
    while (!calls.isEmpty() && !now.isBefore(calls.getFirst().plus(rate.window()))) {
      calls.removeFirst();
    }
    if (calls.size() >= rate.limit()) {
      throw new RateLimitExceededException(
          rate.limit(),
          calls.getLast().plus(rate.window()),
          Duration.between(now, calls.getFirst().plus(rate.window())));
    }
    calls.addLast(now);
  }

  /**
   * Has calls that were made later than now, by a clock that was set back since, count as made now:
   * so they are neither forgotten nor remembered for longer than a window.
   */
  private void moveUpTo(Instant now) {
    int later = 0;
    while (!calls.isEmpty() && calls.getLast().isAfter(now)) {
      calls.removeLast();
      later++;
    }
    for (; later > 0; later--) {
      calls.addLast(now);
    }
  }
}
