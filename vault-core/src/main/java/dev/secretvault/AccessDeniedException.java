package dev.secretvault;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The view of the vault may not do this. Use the vault that it was made from, or ask whoever has
 * it. Nothing was changed, nor was anything looked up.
 */
public final class AccessDeniedException extends VaultException {

  private static final long serialVersionUID = 1L;

  /** See {@link #permission()}; null if there is none for it. */
  private final @Nullable Permission permission;

  private AccessDeniedException(String message, @Nullable Permission permission) {
    super("access-denied", message, null);
    this.permission = permission;
  }

  static AccessDeniedException lacking(Permission permission) {
    return new AccessDeniedException(
        "this view of the vault lacks the permission " + permission, permission);
  }

  static AccessDeniedException confined() {
    return new AccessDeniedException("this view of the vault is confined to its namespace", null);
  }

  /** {@return the permission that is lacking; empty if the view is confined to its namespace} */
  public Optional<Permission> permission() {
    return Optional.ofNullable(permission);
  }
}
