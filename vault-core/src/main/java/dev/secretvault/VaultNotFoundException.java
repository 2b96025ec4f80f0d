package dev.secretvault;

/**
 * The store is empty, and the caller asked for a vault that exists. Name the right store, or create
 * a vault with {@link VaultBuilder#open()}. Nothing was changed.
 */
public final class VaultNotFoundException extends VaultException {

  private static final long serialVersionUID = 1L;

  VaultNotFoundException() {
    super(
        "vault-not-found",
        "there is no vault in this store: name the right one, or create a vault first",
        null);
  }
}
