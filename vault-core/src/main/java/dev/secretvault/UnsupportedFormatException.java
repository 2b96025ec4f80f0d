package dev.secretvault;

import org.jspecify.annotations.Nullable;

/**
 * The vault was written by a newer release, in a format that this one does not know. Upgrade.
 * Nothing was changed.
 */
public final class UnsupportedFormatException extends VaultException {

  private static final long serialVersionUID = 1L;

  UnsupportedFormatException(String message, @Nullable Throwable cause) {
    super("unsupported-format", message, cause);
  }
}
