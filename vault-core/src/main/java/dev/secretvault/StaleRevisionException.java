package dev.secretvault;

/**
 * Others kept changing the secret, or the vault's keys, while this call tried to. Read it again and
 * decide. Nothing was changed.
 */
public final class StaleRevisionException extends VaultException {

  private static final long serialVersionUID = 1L;

  StaleRevisionException() {
    super(
        "stale-revision",
        "others kept changing what this call was to change: read it again and decide",
        null);
  }

  /** True: the next try may find the secret left alone. */
  @Override
  public boolean retryable() {
    return true;
  }
}
