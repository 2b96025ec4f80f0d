package dev.secretvault.crypto;

import java.security.MessageDigest;
import java.util.Objects;

/** The plain hash of {@code user ID | key | suffix}; {@link DigestAlgorithm} says what is wrong. */
final class UnkeyedHash implements Digester {

  /** Never updated, only copied: that is faster than looking the hash up each time. */
  private final MessageDigest empty;

  private final byte[] key;

  UnkeyedHash(String hash, byte[] key) {
    if (Objects.requireNonNull(key, "key").length == 0) {
      throw new IllegalArgumentException("key: must not be empty");
    }
    this.empty = Hashes.copyOf(Hashes.of(hash));
    this.key = key.clone();
  }

  @Override
  public byte[] compute(byte[] userId, byte[] suffix) {
    Objects.requireNonNull(userId, "userId");
    Objects.requireNonNull(suffix, "suffix");
    MessageDigest digest = Hashes.copyOf(empty);
    digest.update(userId);
    digest.update(key);
    byte[] result = digest.digest(suffix);
    digest.reset(); // Overwrites the block that the key was copied to.
    return result;
  }

  /** Says nothing of the key. */
  @Override
  public String toString() {
    return "UnkeyedHash[" + empty.getAlgorithm() + "]";
  }
}
