package dev.secretvault;

import dev.secretvault.LifeModel.Refused;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** What time it is for the models of all namespaces, and what has been said to be over. */
final class ModelTime {

  private final @Nullable LifeFlaw flaw;
  private Instant now;
  private Instant highest;

  /** The latest expiry that somebody was told of and that was not swept since. */
  private Instant enforced = Instant.MIN;

  ModelTime(@Nullable LifeFlaw flaw, Instant now) {
    this.flaw = flaw;
    this.now = now;
    highest = now;
  }

  void set(Instant instant) {
    now = instant;
    highest = later(highest, now);
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  Instant now() {
    return now;
  }

  boolean isOver(@Nullable Instant end) {
    return isOver(end, flaw == LifeFlaw.EXPIRES_A_MILLISECOND_LATE ? 1 : 0);
  }

  private boolean isOver(@Nullable Instant end, long late) {
    return end != null && (!now.isBefore(end.plusMillis(late)) || !enforced.isBefore(end));
  }

  boolean isSwept(@Nullable Instant end) {
    return isOver(end, flaw == LifeFlaw.SWEPT_A_MILLISECOND_LATE ? 1 : 0);
  }

  boolean leavesItsName(@Nullable Instant end) {
    return flaw != LifeFlaw.EXPIRY_KEEPS_THE_NAME
        && isOver(end, flaw == LifeFlaw.EXPIRY_FREES_THE_NAME_TOO_EARLY ? -1 : 0);
  }

  void requireNotOver(@Nullable Instant end) {
    if (end != null && isOver(end)) {
      if (flaw != LifeFlaw.EXPIRED_COMES_BACK) {
        enforced = later(enforced, end);
      }
      throw new Refused(SecretExpiredException.class);
    }
  }

  boolean isToCome(@Nullable Instant end) {
    return end == null || (end.isAfter(now) && end.isAfter(enforced));
  }

  boolean hasBegun(@Nullable Instant begin) {
    Instant by = flaw == LifeFlaw.STAYS_VALID_WHEN_THE_CLOCK_IS_SET_BACK ? highest : now;
    long late = flaw == LifeFlaw.VALID_A_MILLISECOND_LATE ? 1 : 0;
    return begin == null || !by.minusMillis(late).isBefore(begin);
  }

  /** What was over is gone. */
  void sweep() {
    if (flaw != LifeFlaw.SWEEPING_LEAVES_THE_MARK) {
      enforced = Instant.MIN;
    }
  }
}
