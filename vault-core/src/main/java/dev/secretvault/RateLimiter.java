package dev.secretvault;

import dev.secretvault.VaultLimits.Rate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

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
   * Lets calls through all of some limiters, or does not and remembers none of them.
   *
   * @param limiters in an order that is the same for all that share one
   * @throws RateLimitExceededException if there were too many for one of them
   * @throws IllegalArgumentException if these are more than one of them ever lets through
   */
  static void admit(List<RateLimiter> limiters, int more) {
    if (limiters.isEmpty()) {
      return;
    }
    limiters.get(0).admit(more, () -> admit(limiters.subList(1, limiters.size()), more));
  }

  private synchronized void admit(int more, Runnable others) {
    if (more > rate.limit()) {
      throw new IllegalArgumentException(
          "calls: " + more + " at once are more than the limit of " + rate.limit() + " allows");
    }
    Instant now = clock.instant();
    moveUpTo(now);
    while (!calls.isEmpty() && !now.isBefore(calls.getFirst().plus(rate.window()))) {
      calls.removeFirst();
    }
    int excess = calls.size() + more - rate.limit();
    if (excess > 0) {
      throw new RateLimitExceededException(
          rate.limit(), freeAt(now, calls.size()), Duration.between(now, freeAt(now, excess)));
    }
    others.run();
    for (int call = 0; call < more; call++) {
      calls.addLast(now);
    }
  }

  /** When so many of the calls that are remembered count no more. */
  private Instant freeAt(Instant now, int places) {
    return calls.stream().skip(places - 1L).findFirst().orElse(now).plus(rate.window());
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
