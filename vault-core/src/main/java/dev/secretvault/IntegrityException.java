package dev.secretvault;

import org.jspecify.annotations.Nullable;

/**
 * What is stored was damaged, altered, moved, or lost in part. Stop, look for the cause, restore a
 * backup; but not for the sake of a one-time secret, as a backup opens links that were used since.
 * The call that met it changed nothing.
 */
public final class IntegrityException extends VaultException {

  private static final long serialVersionUID = 1L;

  IntegrityException(String message, @Nullable Throwable cause) {
    super("integrity", message, cause);
  }
}
