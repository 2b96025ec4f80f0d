package dev.secretvault.crypto;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Encrypts user IDs with AES-256-GCM, under a key that is derived from a secret's value and is not
 * that of its digests.
 *
 * <p>The derivation is HMAC-SHA-256 of a label whose first byte is 0xff. No UTF-8 has that byte, so
 * nobody who may choose user IDs can have the derived key returned to them as a digest.
 *
 * <p>Nonces are random: rotate the secret before 2<sup>32</sup> user IDs are encrypted with one
 * value (NIST SP 800-38D, section 8.3). Thread-safe.
 */
public final class UserIdCipher {

  /** What encrypting adds: 1 byte of version, 4 of number, 12 of nonce, and 16 of tag. */
  public static final int OVERHEAD_BYTES = 1 + Integer.BYTES + AesGcm.OVERHEAD_BYTES;

  private static final String LABEL = "secretvault/1/user-id-encryption";

  private final AesGcm cipher;

  private UserIdCipher(AesGcm cipher) {
    this.cipher = cipher;
  }

  /**
   * Derives the key.
   *
   * @param secret at least one byte; the caller may overwrite it afterwards
   * @param number tells this key from others; it stands in clear in front of what is encrypted
   * @return what encrypts with it
   * @throws IllegalArgumentException if the secret is empty
   */
  public static UserIdCipher derive(byte[] secret, int number) {
    byte[] label = LABEL.getBytes(StandardCharsets.US_ASCII);
    byte[] message = new byte[1 + label.length];
    message[0] = (byte) 0xff;
    System.arraycopy(label, 0, message, 1, label.length);
    Hmac derivation = Hmac.sha256(secret);
    byte[] key = derivation.compute(message);
    try {
      return new UserIdCipher(new AesGcm(key, number));
    } finally {
      derivation.erase();
      Arrays.fill(key, (byte) 0);
    }
  }

  /**
   * Encrypts.
   *
   * @param plaintext any bytes
   * @param associatedData bound to them, but not contained
   * @return {@code plaintext.length +} {@value #OVERHEAD_BYTES} bytes, other ones each time
   */
  public byte[] encrypt(byte[] plaintext, byte[] associatedData) {
    return cipher.encrypt(plaintext, associatedData);
  }

  /**
   * Decrypts.
   *
   * @param encrypted what {@link #encrypt} returned
   * @param associatedData as it was given there
   * @return the plaintext
   * @throws CryptoException {@link CryptoException.Reason#DAMAGED} if that is not so
   */
  public byte[] decrypt(byte[] encrypted, byte[] associatedData) {
    return cipher.decrypt(encrypted, associatedData, "an encrypted user ID does not open");
  }

  /**
   * The number of the key that bytes were encrypted with, if they say the truth.
   *
   * @param encrypted what {@link #encrypt} returned
   * @return the number
   * @throws CryptoException {@link CryptoException.Reason#DAMAGED} if they cannot have been
   */
  public static int numberOf(byte[] encrypted) {
    if (encrypted.length < OVERHEAD_BYTES || encrypted[0] != AesGcm.PREFIX_VERSION) {
      throw new CryptoException(
          CryptoException.Reason.DAMAGED, "an encrypted user ID is malformed");
    }
    return ByteBuffer.wrap(encrypted).getInt(1);
  }

  /** Says nothing of the key. */
  @Override
  public String toString() {
    return "UserIdCipher[hidden]";
  }
}
