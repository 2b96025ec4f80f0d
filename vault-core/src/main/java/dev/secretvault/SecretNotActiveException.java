package dev.secretvault;

/**
 * The secret is {@link SecretState#INACTIVE}, or its {@link SecretInfo#notBefore()} has not come
 * yet, so it gives neither value nor digest. {@linkplain SecretVault#activate Activate} it, or
 * wait. Nothing was changed.
 */
public final class SecretNotActiveException extends VaultException {

  private static final long serialVersionUID = 1L;

  /** See {@link #retryable()}. */
  private final boolean retryable;

  private SecretNotActiveException(String message, boolean retryable) {
    super("secret-not-active", message, null);
    this.retryable = retryable;
  }

  static SecretNotActiveException inactive() {
    return new SecretNotActiveException("the secret is not active: activate it first", false);
  }

  static SecretNotActiveException notYetValid() {
    return new SecretNotActiveException("the secret is not valid yet", true);
  }

  /** True if the secret is active and merely not valid yet. */
  @Override
  public boolean retryable() {
    return retryable;
  }
}
