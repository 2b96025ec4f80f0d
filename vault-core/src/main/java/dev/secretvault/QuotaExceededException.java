package dev.secretvault;

/**
 * There are as many as are allowed: secrets in the namespace, or versions of a secret. Delete or
 * retire some. Nothing was changed.
 */
public final class QuotaExceededException extends VaultException {

  private static final long serialVersionUID = 1L;

  /** See {@link #limit()}. */
  private final long limit;

  private QuotaExceededException(String message, long limit) {
    super("quota-exceeded", message, null);
    this.limit = limit;
  }

  static QuotaExceededException secrets(long limit) {
    return new QuotaExceededException(
        "secrets: at most " + limit + " are allowed in this namespace: delete some first", limit);
  }

  static QuotaExceededException versions(long limit) {
    return new QuotaExceededException(
        "versions: at most " + limit + " are kept of a secret: retire some first", limit);
  }

  /** {@return how many are allowed} */
  public long limit() {
    return limit;
  }
}
