package dev.secretvault;

import java.util.Objects;
import java.util.Optional;

/**
 * What came of {@linkplain AuditTrail#verify verifying} an audit trail.
 *
 * @param first the number of the oldest event that is kept; those before it were dropped, as the
 *     {@link AuditPolicy} says. One more than {@code last} if there is none
 * @param last the number of the newest event. Written down elsewhere, it tells a trail that was put
 *     back to an older state
 * @param broken the first place where the trail is not as it was written; empty if it is intact
 */
public record AuditVerification(long first, long last, Optional<Break> broken) {

  /** Requires all parts. */
  public AuditVerification {
    Objects.requireNonNull(broken, "broken");
  }

  /** {@return whether every event is there, as it was written, and none besides} */
  public boolean intact() {
    return broken.isEmpty();
  }

  /**
   * A place where a trail is not as it was written.
   *
   * @param sequence the number of the event; of a {@link Fault#HEAD_LOST}, that of none, 0
   * @param fault what is wrong
   */
  public record Break(long sequence, Fault fault) {
    /** Requires the fault. */
    public Break {
      Objects.requireNonNull(fault, "fault");
    }
  }

  /** What can be wrong with a trail. */
  public enum Fault {
    /** The event is missing. */
    MISSING,
    /** What is there in place of the event does not open: it was altered, or is from elsewhere. */
    ALTERED,
    /** The event opens, but does not follow the one before it. */
    UNLINKED,
    /** The trail has no event of this number: it lies before its beginning, or behind its end. */
    UNEXPECTED,
    /** What says where the trail begins and ends is missing, or does not open. */
    HEAD_LOST
  }
}
