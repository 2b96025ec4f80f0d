package dev.secretvault;

import java.util.Objects;

/**
 * The view of the vault lacks a permission. Use the vault that it was made from, or ask whoever has
 * it. Nothing was changed, nor was anything looked up.
 */
public final class AccessDeniedException extends VaultException {

  private static final long serialVersionUID = 1L;

  /** See {@link #permission()}. */
  private final Permission permission;

  AccessDeniedException(Permission permission) {
    super("access-denied", "this view of the vault lacks the permission " + permission, null);
    this.permission = Objects.requireNonNull(permission, "permission");
  }

  /** {@return the permission that is lacking} */
  public Permission permission() {
    return permission;
  }
}
