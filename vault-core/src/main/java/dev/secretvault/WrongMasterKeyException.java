package dev.secretvault;

import org.jspecify.annotations.Nullable;

/**
 * The master key is not one that unlocks this vault. Give the right one. Nothing was changed, and
 * nothing was decrypted.
 */
public final class WrongMasterKeyException extends VaultException {

  private static final long serialVersionUID = 1L;

  WrongMasterKeyException(String message, @Nullable Throwable cause) {
    super("wrong-master-key", message, cause);
  }
}
