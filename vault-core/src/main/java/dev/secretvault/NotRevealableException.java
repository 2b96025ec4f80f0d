package dev.secretvault;

/**
 * The secret has {@link Disclosure#AT_CREATION}, so its value was to be had from {@link
 * CreatedSecret} only. Digests still work. Nothing was changed.
 */
public final class NotRevealableException extends VaultException {

  private static final long serialVersionUID = 1L;

  NotRevealableException() {
    super("not-revealable", "the value of this secret was shown at its creation only", null);
  }
}
