package dev.secretvault.crypto;

import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.NoSuchProviderException;
import java.util.Arrays;
import java.util.Objects;

/**
 * HMAC (RFC 2104) under one key, prepared once and computed often.
 *
 * <p>An HMAC of a short message is four compressions of the hash, two of which depend on the key
 * alone. This class computes those two when it is made, keeps the two hash states, and clones them
 * for each message; {@link javax.crypto.Mac} repeats them each time. Keys of any length from one
 * byte are accepted, as RFC 2104 allows: secrets issued elsewhere may be short.
 *
 * <p>Immutable and safe for use by any number of threads at once, without locks or thread-locals.
 * The states are as good as the key for making digests, and Java offers no way to overwrite them:
 * they stay in memory until collected.
 */
public final class Hmac {

  private static final int BLOCK_BYTES = 64;

  /** Absorbed the key's inner and outer pad; never updated again, only cloned. */
  private final MessageDigest inner;

  private final MessageDigest outer;

  private Hmac(String hash, byte[] key) {
    if (Objects.requireNonNull(key, "key").length == 0) {
      throw new IllegalArgumentException("key: must not be empty");
    }
    byte[] block = new byte[BLOCK_BYTES];
    byte[] pad = new byte[BLOCK_BYTES];
    try {
      if (key.length > BLOCK_BYTES) {
        byte[] hashed = newDigest(hash).digest(key);
        System.arraycopy(hashed, 0, block, 0, hashed.length);
        Arrays.fill(hashed, (byte) 0);
      } else {
        System.arraycopy(key, 0, block, 0, key.length);
      }
      inner = absorb(hash, block, pad, 0x36);
      outer = absorb(hash, block, pad, 0x5c);
    } finally {
      Arrays.fill(block, (byte) 0);
      Arrays.fill(pad, (byte) 0);
    }
  }

  /**
   * Prepares HMAC-SHA-256.
   *
   * @param key at least one byte; copied in effect, so the caller may overwrite it afterwards
   * @return the prepared HMAC
   * @throws IllegalArgumentException if the key is empty
   */
  public static Hmac sha256(byte[] key) {
    return new Hmac("SHA-256", key);
  }

  /**
   * Computes the HMAC of a message.
   *
   * @param message any bytes, also none
   * @return 32 bytes, a new array
   */
  public byte[] compute(byte[] message) {
    Objects.requireNonNull(message, "message");
    try {
      MessageDigest hash = (MessageDigest) inner.clone();
      byte[] result = hash.digest(message);
      hash = (MessageDigest) outer.clone();
      hash.update(result);
      hash.digest(result, 0, result.length);
      return result;
    } catch (CloneNotSupportedException | DigestException impossible) {
      throw new IllegalStateException(
          impossible); // absorb cloned once, and the array has the digest's length
    }
  }

  /**
   * Says whether {@code candidate} is the HMAC of the message, in time that does not depend on
   * where the two differ.
   *
   * @param message any bytes, also none
   * @param candidate what to compare with
   * @return false as well if it has another length
   */
  public boolean verify(byte[] message, byte[] candidate) {
    return MessageDigest.isEqual(compute(message), candidate);
  }

  private static MessageDigest absorb(String hash, byte[] block, byte[] pad, int mask) {
    for (int i = 0; i < BLOCK_BYTES; i++) {
      pad[i] = (byte) (block[i] ^ mask);
    }
    MessageDigest digest = newDigest(hash);
    digest.update(pad);
    try {
      return (MessageDigest) digest.clone();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("the provider's " + hash + " cannot be cloned", e);
    }
  }

  private static MessageDigest newDigest(String hash) {
    try {
      try {
        // By name: cloning the digest of a native provider registered before it costs several times
        // the hash itself.
        return MessageDigest.getInstance(hash, "SUN");
      } catch (NoSuchProviderException e) {
        return MessageDigest.getInstance(hash);
      }
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has " + hash, e);
    }
  }

  /** Says nothing of the key. */
  @Override
  public String toString() {
    return "Hmac[" + inner.getAlgorithm() + "]";
  }
}
