package dev.secretvault;

/**
 * Another secret of the namespace has this name. Choose another name or use that secret. Nothing
 * was changed.
 */
public final class DuplicateNameException extends VaultException {

  private static final long serialVersionUID = 1L;

  DuplicateNameException() {
    super("duplicate-name", "a secret of this name exists already: choose another name", null);
  }
}
