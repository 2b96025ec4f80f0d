package dev.secretvault;

import org.jspecify.annotations.Nullable;

/**
 * The master key cannot be had: its file is missing, or may be read by others, or holds no key. The
 * message says what to mend. Nothing was changed.
 */
public final class MasterKeyUnavailableException extends VaultException {

  private static final long serialVersionUID = 1L;

  MasterKeyUnavailableException(String message, @Nullable Throwable cause) {
    super("master-key-unavailable", message, cause);
  }
}
