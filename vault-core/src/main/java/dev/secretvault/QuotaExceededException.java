package dev.secretvault;

import org.jspecify.annotations.Nullable;

/**
 * There are as many as are allowed; the message says of what, and what can make room. Nothing was
 * changed.
 */
public final class QuotaExceededException extends VaultException {

  private static final long serialVersionUID = 1L;

  QuotaExceededException(String message, @Nullable Throwable cause) {
    super("quota-exceeded", message, cause);
  }
}
