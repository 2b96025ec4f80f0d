package dev.secretvault.store;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The medium failed. The message names the medium and what went wrong, never the content of a
 * record.
 *
 * <p>Subclasses say that trying again is pointless: {@link StoreCorruptException} and {@link
 * StoreFormatException}.
 */
public class StoreException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** What is known of the changes of the call that failed. */
  public enum Outcome {
    /** Nothing was written. For a call that only reads this is always so. */
    NOT_WRITTEN,
    /** All changes of the commit happened or none did, and the store cannot tell which. */
    UNKNOWN
  }

  /** See {@link #outcome()}. */
  private final Outcome outcome;

  /** See {@link #retryable()}. */
  private final boolean retryable;

  private final transient @Nullable RecordKey record;

  /**
   * Describes a failure.
   *
   * @param message the medium and what went wrong
   * @param outcome what is known of the changes
   * @param retryable whether the same call may succeed on the same open store
   * @param cause what the medium said, null if it said nothing
   */
  public StoreException(
      String message, Outcome outcome, boolean retryable, @Nullable Throwable cause) {
    this(message, outcome, retryable, null, cause);
  }

  /**
   * Describes a failure to read one record.
   *
   * @param message the medium and what went wrong
   * @param outcome what is known of the changes
   * @param retryable whether the same call may succeed on the same open store
   * @param record the record, null if others may be concerned
   * @param cause what the medium said, null if it said nothing
   */
  public StoreException(
      String message,
      Outcome outcome,
      boolean retryable,
      @Nullable RecordKey record,
      @Nullable Throwable cause) {
    super(Objects.requireNonNull(message, "message"), cause);
    this.outcome = Objects.requireNonNull(outcome, "outcome");
    this.retryable = retryable;
    this.record = record;
  }

  /**
   * {@return the one record that could not be read; empty if that is not known, or others may be
   * concerned} Whoever lists records can go on behind it.
   */
  public final Optional<RecordKey> record() {
    return Optional.ofNullable(record);
  }

  /** {@return what is known of the changes of the call that failed} */
  public final Outcome outcome() {
    return outcome;
  }

  /**
   * {@return whether the same call may succeed on the same open store} False: close it, mend the
   * cause, open it again.
   */
  public final boolean retryable() {
    return retryable;
  }
}
