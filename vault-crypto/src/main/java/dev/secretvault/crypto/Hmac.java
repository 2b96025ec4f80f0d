package dev.secretvault.crypto;

import java.lang.invoke.VarHandle;
import java.security.DigestException;
import java.security.MessageDigest;
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
 * The states are as good as the key for making digests; those of a vault's own keys are overwritten
 * when it is closed, others stay in memory until collected.
 */
public final class Hmac implements Digester {

  /** Of SHA-256 and of SHA-1. */
  private static final int BLOCK_BYTES = 64;

  /** Absorbed the key's inner and outer pad; never updated again, only cloned. */
  private final MessageDigest inner;

  private final MessageDigest outer;

  private volatile boolean erased;

  Hmac(String hash, byte[] key) {
    if (Objects.requireNonNull(key, "key").length == 0) {
      throw new IllegalArgumentException("key: must not be empty");
    }
    byte[] block = new byte[BLOCK_BYTES];
    byte[] pad = new byte[BLOCK_BYTES];
    try {
      if (key.length > BLOCK_BYTES) {
        MessageDigest digest = Hashes.of(hash);
        byte[] hashed = digest.digest(key);
        digest.reset(); // Overwrites the block that the end of the key was copied to.
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
   * @return 32 bytes, or 20 if the hash is SHA-1; a new array
   */
  public byte[] compute(byte[] message) {
    Objects.requireNonNull(message, "message");
    return finish(Hashes.copyOf(inner).digest(message));
  }

  /** As {@link #compute(byte[])}, for a message that is a secret: the hash keeps no copy of it. */
  byte[] computeSecret(byte[] message) {
    MessageDigest hash = Hashes.copyOf(inner);
    byte[] result = hash.digest(message);
    hash.reset(); // Overwrites the block that the end of the message was copied to.
    return finish(result);
  }

  private byte[] finish(byte[] result) {
    MessageDigest hash = Hashes.copyOf(outer);
    hash.update(result);
    try {
      hash.digest(result, 0, result.length);
    } catch (DigestException impossible) {
      throw new IllegalStateException(impossible); // the array has the digest's length
    }
    VarHandle.loadLoadFence(); // The states were copied before this is read.
    if (erased) {
      throw new IllegalStateException("the key was overwritten");
    }
    return result;
  }

  /** The HMAC of the one followed by the other. */
  @Override
  public byte[] compute(byte[] userId, byte[] suffix) {
    Objects.requireNonNull(userId, "userId");
    Objects.requireNonNull(suffix, "suffix");
    if (suffix.length == 0) {
      return compute(userId);
    }
    byte[] message = Arrays.copyOf(userId, userId.length + suffix.length);
    System.arraycopy(suffix, 0, message, userId.length, suffix.length);
    return compute(message);
  }

  private static MessageDigest absorb(String hash, byte[] block, byte[] pad, int mask) {
    for (int i = 0; i < BLOCK_BYTES; i++) {
      pad[i] = (byte) (block[i] ^ mask);
    }
    MessageDigest digest = Hashes.of(hash);
    digest.update(pad);
    MessageDigest absorbed = Hashes.copyOf(digest);
    digest.reset(); // Overwrites its state, and the block that it has expanded the pad to.
    return absorbed;
  }

  /** Overwrites the states: {@link #compute(byte[])} throws from now on. */
  void erase() {
    erased = true;
    VarHandle.fullFence(); // Whoever copies an overwritten state sees that it is one.
    inner.reset();
    outer.reset();
  }

  /** Says nothing of the key. */
  @Override
  public String toString() {
    return "Hmac[" + inner.getAlgorithm() + "]";
  }
}
