package dev.secretvault.crypto;

import static java.math.BigInteger.ZERO;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * Bytes that AES-GCM opens under two keys ("invisible salamanders", Dodis, Grubbs, Ristenpart and
 * Woodage 2018).
 */
final class Salamander {

  private Salamander() {}

  /**
   * A nonce, two blocks and a tag that are genuine under both keys. The tag is {@code E(J0) +
   * GHASH(data, c1, c2, lengths)}, in which {@code c2} is multiplied by {@code H^2}: setting the
   * two tags equal leaves one linear equation for {@code c2} in GF(2^128).
   */
  static byte[] of(Random random, byte[] key, byte[] otherKey, byte[] data)
      throws GeneralSecurityException {
    byte[] nonce = Seeded.bytes(random, 12);
    byte[] first = Seeded.bytes(random, 16);
    BigInteger h = hashKey(key);
    BigInteger otherH = hashKey(otherKey);
    BigInteger difference =
        tag(key, nonce, data, first, ZERO).xor(tag(otherKey, nonce, data, first, ZERO));
    BigInteger second = times(difference, inverse(times(h, h).xor(times(otherH, otherH))));
    return ByteBuffer.allocate(12 + 32 + 16)
        .put(nonce)
        .put(first)
        .put(bytes(second))
        .put(bytes(tag(key, nonce, data, first, second)))
        .array();
  }

  private static BigInteger tag(
      byte[] key, byte[] nonce, byte[] data, byte[] first, BigInteger second)
      throws GeneralSecurityException {
    BigInteger h = hashKey(key);
    BigInteger hash = ZERO;
    for (int at = 0; at < data.length; at += 16) {
      hash = times(hash.xor(number(Arrays.copyOfRange(data, at, at + 16))), h);
    }
    hash = times(hash.xor(number(first)), h);
    hash = times(hash.xor(second), h);
    BigInteger lengths = BigInteger.valueOf(8L * data.length).shiftLeft(64);
    hash = times(hash.xor(lengths.or(BigInteger.valueOf(8 * 32))), h);
    return hash.xor(number(aes(key, ByteBuffer.allocate(16).put(nonce).putInt(1).array())));
  }

  /** The product in the field of SP 800-38D, section 6.3; a number's highest bit is bit 0 there. */
  private static BigInteger times(BigInteger x, BigInteger y) {
    BigInteger product = ZERO;
    BigInteger shifted = y;
    for (int bit = 127; bit >= 0; bit--) {
      if (x.testBit(bit)) {
        product = product.xor(shifted);
      }
      boolean carry = shifted.testBit(0);
      shifted = shifted.shiftRight(1);
      if (carry) {
        shifted = shifted.xor(BigInteger.valueOf(0xe1).shiftLeft(120));
      }
    }
    return product;
  }

  /** {@code x^(2^128 - 2)}. */
  private static BigInteger inverse(BigInteger x) {
    BigInteger square = times(x, x);
    BigInteger result = square;
    for (int i = 0; i < 126; i++) {
      square = times(square, square);
      result = times(result, square);
    }
    return result;
  }

  private static BigInteger hashKey(byte[] key) throws GeneralSecurityException {
    return number(aes(key, new byte[16]));
  }

  private static byte[] aes(byte[] key, byte[] block) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
    cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"));
    return cipher.doFinal(block);
  }

  private static BigInteger number(byte[] block) {
    return new BigInteger(1, block);
  }

  private static byte[] bytes(BigInteger number) {
    byte[] block = new byte[16];
    for (int i = 0; i < 16; i++) {
      block[i] = number.shiftRight(8 * (15 - i)).byteValue();
    }
    return block;
  }
}
