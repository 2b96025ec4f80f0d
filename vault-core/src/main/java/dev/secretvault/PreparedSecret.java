package dev.secretvault;

import dev.secretvault.LiveSecrets.Live;
import dev.secretvault.Preparation.Keys;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A secret whose keys are needed again and again: costs no look-up as long as nothing changes.
 * Remembers the secret as it was found, and never its keys, which go as soon as it changes.
 */
final class PreparedSecret<T> {

  private final SecretUse use;
  private final SecretId id;
  private final Preparation<T> preparation;
  private volatile @Nullable Live last;

  PreparedSecret(SecretUse use, SecretId id, Preparation<T> preparation) {
    this.use = use;
    this.id = id;
    this.preparation = preparation;
  }

  /**
   * The keys of the versions that verify, as of now.
   *
   * @throws VaultException if the secret may not be used now, as {@link SecretVault#hmac} throws it
   */
  Keys<T> now() {
    return use.keys(this::find, preparation);
  }

  private Optional<Live> find() {
    Live known = last;
    if (known != null && use.isKept(known)) {
      return Optional.of(known);
    }
    Optional<Live> found = use.find(id);
    last = found.orElse(null);
    return found;
  }
}
