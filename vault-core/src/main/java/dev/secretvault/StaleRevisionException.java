package dev.secretvault;

/**
 * The secret does not have the revision that the caller named, or others kept changing it, or the
 * vault's keys, while this call tried to. Read it again and decide. Nothing was changed.
 */
public final class StaleRevisionException extends VaultException {

  private static final long serialVersionUID = 1L;

  /** See {@link #retryable()}. */
  private final boolean retryable;

  private StaleRevisionException(String message, boolean retryable) {
    super("stale-revision", message, null);
    this.retryable = retryable;
  }

  /** Too many races were lost. */
  StaleRevisionException() {
    this("others kept changing what this call was to change: try again", true);
  }

  /** The caller knows an older revision. */
  static StaleRevisionException unexpected() {
    return new StaleRevisionException(
        "the secret does not have the revision that was named: read it again and decide", false);
  }

  /** False if the caller named a revision: the secret will not have it again. */
  @Override
  public boolean retryable() {
    return retryable;
  }
}
