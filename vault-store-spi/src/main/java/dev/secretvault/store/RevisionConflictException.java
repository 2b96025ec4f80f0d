package dev.secretvault.store;

import java.util.Objects;

/**
 * A commit expected a revision that is not stored. Nothing was written, and the store is as good as
 * before: read again and decide. An ordinary outcome of a race, so it carries no stack trace.
 */
public final class RevisionConflictException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient RecordKey key;

  /** See {@link #expected()}. */
  private final long expected;

  /** See {@link #stored()}. */
  private final long stored;

  /**
   * Describes the first change, in the order of the commit, whose expectation does not hold.
   *
   * @param key its record
   * @param expected the revision it expected, 0 for "absent"
   * @param stored the revision that is stored, 0 for "absent"
   */
  public RevisionConflictException(RecordKey key, long expected, long stored) {
    super(
        "revision " + expected + " expected of " + key + ", but " + stored + " is stored",
        null,
        false,
        false);
    this.key = Objects.requireNonNull(key, "key");
    this.expected = expected;
    this.stored = stored;
  }

  /** {@return the record in question} */
  public RecordKey key() {
    return key;
  }

  /** {@return the revision that was expected, 0 for "absent"} */
  public long expected() {
    return expected;
  }

  /** {@return the revision that is stored, 0 for "absent"} */
  public long stored() {
    return stored;
  }
}
