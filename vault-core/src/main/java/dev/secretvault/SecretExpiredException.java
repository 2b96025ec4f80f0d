package dev.secretvault;

/**
 * The secret's {@link SecretInfo#expiresAt()} has come: it gives neither value nor digest any more,
 * and is not changed any more, unless something is taken away. Create a new secret. Nothing was
 * changed.
 */
public final class SecretExpiredException extends VaultException {

  private static final long serialVersionUID = 1L;

  SecretExpiredException() {
    super("secret-expired", "the secret has expired", null);
  }
}
