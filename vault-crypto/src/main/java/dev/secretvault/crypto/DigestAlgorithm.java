package dev.secretvault.crypto;

import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * How the digest of a user ID is made from the ID, a suffix that may follow it, and a key.
 *
 * <p>The keyed algorithms are HMAC (RFC 2104) of {@code user ID | suffix}. The unkeyed ones are the
 * plain hash of {@code user ID | key | suffix}, and are there for services that ask for them and
 * nothing else. Such a hash can be extended: whoever sees the digest of a user ID can make another
 * one, of the same ID with a longer suffix, without the key. Whoever verifies them must refuse
 * suffixes with control characters, which an extension cannot do without.
 *
 * <p>In all of them nothing separates the parts: the ID {@code ab} with the suffix {@code c} has
 * the digest of the ID {@code a} with the suffix {@code bc}.
 */
public enum DigestAlgorithm {
  /** HMAC with SHA-256, 32 bytes. The one to take. */
  HMAC_SHA256("hmac-sha256", "SHA-256", 32, true),
  /** HMAC with SHA-1, 20 bytes. The collisions of SHA-1 do not weaken it. */
  HMAC_SHA1("hmac-sha1", "SHA-1", 20, true),
  /** Plain SHA-256, 32 bytes. Can be extended. */
  HASH_SHA256("hash-sha256", "SHA-256", 32, false),
  /** Plain SHA-1, 20 bytes. Can be extended, and colliding user IDs can be made. */
  HASH_SHA1("hash-sha1", "SHA-1", 20, false),
  /** Plain MD5, 16 bytes. Can be extended, and colliding user IDs are made in seconds. */
  HASH_MD5("hash-md5", "MD5", 16, false);

  private static final Map<String, DigestAlgorithm> BY_WIRE_NAME =
      Arrays.stream(values())
          .collect(Collectors.toUnmodifiableMap(DigestAlgorithm::wireName, Function.identity()));

  private final String wireName;
  private final String hash;
  private final int digestBytes;
  private final boolean keyed;

  DigestAlgorithm(String wireName, String hash, int digestBytes, boolean keyed) {
    this.wireName = wireName;
    this.hash = hash;
    this.digestBytes = digestBytes;
    this.keyed = keyed;
  }

  /**
   * Finds an algorithm by the name that services know it by.
   *
   * @param wireName such as {@code hmac-sha256}, exactly
   * @return the algorithm; empty if there is none of this name
   */
  public static Optional<DigestAlgorithm> ofWireName(String wireName) {
    Objects.requireNonNull(wireName, "wireName");
    return Optional.ofNullable(BY_WIRE_NAME.get(wireName));
  }

  /** {@return the name that services know it by, such as {@code hmac-sha256}} */
  public String wireName() {
    return wireName;
  }

  /** {@return how many bytes its digests have} */
  public int digestBytes() {
    return digestBytes;
  }

  /** {@return whether this is an HMAC, and not a plain hash with the key among what is hashed} */
  public boolean keyed() {
    return keyed;
  }

  /**
   * Prepares the algorithm for one key.
   *
   * @param key at least one byte; copied in effect, so the caller may overwrite it afterwards
   * @return what makes digests
   * @throws IllegalArgumentException if the key is empty
   */
  public Digester prepare(byte[] key) {
    return keyed ? new Hmac(hash, key) : new UnkeyedHash(hash, key);
  }
}
