package dev.secretvault;

/**
 * The value of the secret may not be used in this way, by anybody: it has {@link
 * Disclosure#AT_CREATION}, so that it was to be had from {@link CreatedSecret} only, while digests
 * still work; or it is protected by a passphrase, and then makes no digests and is not compared.
 * Nothing was changed.
 */
public final class NotRevealableException extends VaultException {

  private static final long serialVersionUID = 1L;

  private NotRevealableException(String message) {
    super("not-revealable", message, null);
  }

  static NotRevealableException shownAtCreation() {
    return new NotRevealableException(
        "the value of this secret was shown at its creation only; it signs and verifies all the same");
  }

  static NotRevealableException notComparable() {
    return new NotRevealableException(
        "a value that is protected by a passphrase cannot be compared with another one");
  }

  static NotRevealableException noDigests() {
    return new NotRevealableException(
        "a secret that is protected by a passphrase makes no digests");
  }
}
