package dev.secretvault.store.testkit;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;

/**
 * A clock that stands still until a test moves it.
 *
 * <p>Thread-safe: an instant that was set is seen by every later call on any thread.
 */
public final class FakeClock implements InstantSource {

  private Instant now;

  /**
   * Makes a clock that stands still.
   *
   * @param start what it shows
   */
  public FakeClock(Instant start) {
    now = Objects.requireNonNull(start, "start");
  }

  /** What the clock shows. */
  @Override
  public synchronized Instant instant() {
    return now;
  }

  /**
   * Moves the clock forward.
   *
   * @param duration how far, not negative
   * @throws IllegalArgumentException if the duration is negative; {@link #set} turns a clock back
   */
  public synchronized void advance(Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("duration: must not be negative, but was " + duration);
    }
    now = now.plus(duration);
  }

  /**
   * Sets the clock, backwards too: real ones are set back as well.
   *
   * @param instant what it shows from now on
   */
  public synchronized void set(Instant instant) {
    now = Objects.requireNonNull(instant, "instant");
  }
}
