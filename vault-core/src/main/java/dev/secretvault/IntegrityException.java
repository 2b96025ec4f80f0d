package dev.secretvault;

import org.jspecify.annotations.Nullable;

/**
 * What is stored was damaged, altered, moved, or lost in part. Stop, look for the cause, restore a
 * backup. The call that met it changed nothing.
 */
public final class IntegrityException extends VaultException {

  private static final long serialVersionUID = 1L;

  IntegrityException(String message, @Nullable Throwable cause) {
    super("integrity", message, cause);
  }
}
