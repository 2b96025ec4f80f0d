package dev.secretvault;

import dev.secretvault.store.StoreException;
import java.util.Objects;

/**
 * The store failed; {@link #getCause()} is its {@link StoreException}. If {@link #outcomeKnown()},
 * nothing was changed. Otherwise the change was made in full or not at all: read the secret to see
 * which. A value that was to be revealed once is not handed out in either case.
 */
public final class StoreFailedException extends VaultException {

  private static final long serialVersionUID = 1L;

  /** See {@link #outcomeKnown()}. */
  private final boolean outcomeKnown;

  /** See {@link #retryable()}. */
  private final boolean retryable;

  /** See {@link #inCommit()}. */
  private final boolean inCommit;

  StoreFailedException(StoreException cause) {
    this(cause, false);
  }

  private StoreFailedException(StoreException cause, boolean inCommit) {
    super(
        "store-failed", Objects.requireNonNullElse(cause.getMessage(), "the store failed"), cause);
    outcomeKnown = cause.outcome() == StoreException.Outcome.NOT_WRITTEN;
    retryable = cause.retryable();
    this.inCommit = inCommit;
  }

  /** The same, of a commit: what fails while reading may concern what is read alone. */
  static StoreFailedException ofCommit(StoreException cause) {
    return new StoreFailedException(cause, true);
  }

  /** Whether it was a commit that failed. */
  boolean inCommit() {
    return inCommit;
  }

  /** {@return true if nothing was changed for certain} */
  public boolean outcomeKnown() {
    return outcomeKnown;
  }

  /**
   * True if the same call may succeed on this vault; false if it is to be closed and opened again.
   */
  @Override
  public boolean retryable() {
    return retryable;
  }
}
