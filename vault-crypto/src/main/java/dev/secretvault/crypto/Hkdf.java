package dev.secretvault.crypto;

import java.util.Arrays;

/** HKDF with SHA-256 (RFC 5869). */
final class Hkdf {

  private static final int HASH_BYTES = 32;

  private Hkdf() {}

  /**
   * HKDF-Extract of section 2.2: concentrates {@code input} into a pseudorandom key, here prepared
   * for expansion.
   */
  static Hmac extract(byte[] salt, byte[] input) {
    // Section 2.2: an absent salt is a block of zeros, which is what HMAC pads an empty key to.
    byte[] key = Hmac.sha256(salt.length == 0 ? new byte[HASH_BYTES] : salt).computeSecret(input);
    try {
      return Hmac.sha256(key);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  /** HKDF-Expand of section 2.3, for at most 255 blocks. */
  static byte[] expand(Hmac pseudorandomKey, byte[] info, int length) {
    if (length < 1 || length > 255 * HASH_BYTES) {
      throw new IllegalArgumentException(
          "length: 1 to " + 255 * HASH_BYTES + ", but was " + length);
    }
    byte[] output = new byte[length];
    byte[] block = new byte[0];
    int done = 0;
    for (int counter = 1; done < length; counter++) {
      byte[] message = new byte[block.length + info.length + 1];
      System.arraycopy(block, 0, message, 0, block.length);
      System.arraycopy(info, 0, message, block.length, info.length);
      message[message.length - 1] = (byte) counter;
      Arrays.fill(block, (byte) 0);
      block = pseudorandomKey.computeSecret(message);
      Arrays.fill(message, (byte) 0);
      int count = Math.min(block.length, length - done);
      System.arraycopy(block, 0, output, done, count);
      done += count;
    }
    Arrays.fill(block, (byte) 0);
    return output;
  }
}
