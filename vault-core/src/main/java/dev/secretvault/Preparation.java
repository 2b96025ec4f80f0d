package dev.secretvault;

import dev.secretvault.crypto.DigestAlgorithm;
import dev.secretvault.crypto.Digester;
import dev.secretvault.crypto.UnauthenticatedCipher;
import dev.secretvault.crypto.UserIdCipher;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What the values of a secret are prepared for. There is one of each, known by its identity, so
 * that all who need the same of a secret share it.
 */
final class Preparation<T> {

  static final Preparation<UserIdCipher> ENCRYPTION = new Preparation<>(UserIdCipher::derive);

  /** Empty for a value that is no key. */
  static final Preparation<Optional<UnauthenticatedCipher>> UNAUTHENTICATED_ENCRYPTION =
      new Preparation<>((value, version) -> UnauthenticatedCipher.of(value));

  private static final Map<DigestAlgorithm, Preparation<Digester>> DIGESTS =
      Arrays.stream(DigestAlgorithm.values())
          .collect(
              Collectors.toUnmodifiableMap(
                  Function.identity(),
                  algorithm -> new Preparation<>((value, version) -> algorithm.prepare(value))));

  /** For the digests of {@link SecretVault#hmac(SecretId, String)}. */
  static final Preparation<Digester> HMAC_SHA256 = digests(DigestAlgorithm.HMAC_SHA256);

  private final Maker<T> maker;

  private Preparation(Maker<T> maker) {
    this.maker = maker;
  }

  static Preparation<Digester> digests(DigestAlgorithm algorithm) {
    return Objects.requireNonNull(DIGESTS.get(algorithm));
  }

  /** Makes what is needed of a value, which is overwritten afterwards. */
  @FunctionalInterface
  private interface Maker<T> {
    T make(byte[] value, int version);
  }

  /** What was made of the value of one version. */
  record VersionKey<T>(int version, T made) {}

  /** What was made of a secret, of the current version first. */
  record Keys<T>(List<VersionKey<T>> all) {

    VersionKey<T> current() {
      return all.get(0);
    }

    Optional<VersionKey<T>> of(int version) {
      return all.stream().filter(key -> key.version() == version).findFirst();
    }
  }

  VersionKey<T> of(byte[] value, int version) {
    try {
      return new VersionKey<>(version, maker.make(value, version));
    } finally {
      Arrays.fill(value, (byte) 0);
    }
  }
}
