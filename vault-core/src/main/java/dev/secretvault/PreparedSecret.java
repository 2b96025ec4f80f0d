package dev.secretvault;

import dev.secretvault.LiveSecrets.Live;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is made of the values of one secret, kept while the secret stays as it is, and made anew
 * when it has changed. Costs no look-up as long as nothing changes.
 */
final class PreparedSecret<T> {

  /** Makes what is kept of a value, which is overwritten afterwards. */
  @FunctionalInterface
  interface Maker<T> {
    T make(int version, byte[] value);
  }

  /** What was made of the value of one version. */
  record VersionKey<T>(int version, T made) {}

  /** What was made of a secret as it was found; of the current version first. */
  record Keys<T>(Live found, List<VersionKey<T>> all) {

    VersionKey<T> current() {
      return all.get(0);
    }

    Optional<VersionKey<T>> of(int version) {
      return all.stream().filter(key -> key.version() == version).findFirst();
    }
  }

  private final SecretUse use;
  private final SecretId id;
  private final Maker<T> maker;
  private volatile @Nullable Keys<T> last;

  PreparedSecret(SecretUse use, SecretId id, Maker<T> maker) {
    this.use = use;
    this.id = id;
    this.maker = maker;
  }

  /**
   * The keys of the versions that verify, as of now.
   *
   * @throws VaultException if the secret may not be used now, as {@link SecretVault#hmac} throws it
   */
  Keys<T> now() {
    Keys<T> kept = last;
    if (kept != null && use.isStillUsable(kept.found())) {
      return kept;
    }
    Keys<T> made = use.keys(id, maker);
    last = made;
    return made;
  }
}
