package dev.secretvault;

import org.jspecify.annotations.Nullable;

/**
 * A key cannot be let go, because something would be lost with it: records are sealed under its
 * epoch, or nothing else unlocks the vault. Re-encrypt, or add another key. Nothing was changed.
 */
public final class KeyInUseException extends VaultException {

  private static final long serialVersionUID = 1L;

  KeyInUseException(String message, @Nullable Throwable cause) {
    super("key-in-use", message, cause);
  }
}
