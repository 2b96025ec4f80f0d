package dev.secretvault;

import java.util.Collection;
import java.util.List;

/**
 * There is no secret of this name, id, link or receipt, or no longer. Correct the name or create
 * the secret. Nothing was changed.
 */
public final class SecretNotFoundException extends VaultException {

  private static final long serialVersionUID = 1L;

  /** See {@link #names()}. */
  private final String[] names;

  SecretNotFoundException() {
    this(List.of());
  }

  SecretNotFoundException(Collection<String> names) {
    super(
        "secret-not-found",
        names.size() < 2 ? "there is no such secret" : "there are no such secrets: " + names.size(),
        null);
    this.names = names.toArray(String[]::new);
  }

  /**
   * {@return the names in a {@linkplain SecretVault#resolve template} that are not those of
   * secrets; empty if this comes from elsewhere} The message does not have them.
   */
  public List<String> names() {
    return List.of(names);
  }
}
