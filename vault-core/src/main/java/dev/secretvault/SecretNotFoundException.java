package dev.secretvault;

/**
 * There is no secret of this name or id, or no longer. Correct the name or create the secret.
 * Nothing was changed.
 */
public final class SecretNotFoundException extends VaultException {

  private static final long serialVersionUID = 1L;

  SecretNotFoundException() {
    super("secret-not-found", "there is no such secret", null);
  }
}
