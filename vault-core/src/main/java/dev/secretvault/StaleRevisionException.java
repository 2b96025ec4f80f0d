package dev.secretvault;

/**
 * Others kept changing the secret while this call tried to. Read it again and decide. Nothing was
 * changed.
 */
public final class StaleRevisionException extends VaultException {

  private static final long serialVersionUID = 1L;

  StaleRevisionException() {
    super(
        "stale-revision",
        "the secret was changed by others meanwhile: read it again and decide",
        null);
  }

  /** True: the next try may find the secret left alone. */
  @Override
  public boolean retryable() {
    return true;
  }
}
