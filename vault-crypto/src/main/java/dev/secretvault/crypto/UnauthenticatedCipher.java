package dev.secretvault.crypto;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES-256-CBC with PKCS #7 padding, as {@code openssl enc -aes-256-cbc} does it; for services that
 * ask for it and nothing else.
 *
 * <p>It hides what it encrypts and proves nothing: whoever can alter a ciphertext turns bits of the
 * plaintext over as they like, and whoever can ask often whether one decrypts reads it (a padding
 * oracle). {@link UserIdCipher} is the one to take. Immutable and thread-safe.
 */
public final class UnauthenticatedCipher {

  /** The length of an initialization vector, and of a block. */
  public static final int BLOCK_BYTES = 16;

  private static final int KEY_BYTES = 32;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final SecretKey key;

  private UnauthenticatedCipher(byte[] key) {
    this.key = new SecretKeySpec(key, "AES");
  }

  /**
   * Takes a secret's value for the key.
   *
   * @param value 32 bytes, which are the key, or 64 hexadecimal digits of it; the caller may
   *     overwrite it afterwards
   * @return the cipher; empty if it is neither
   */
  public static Optional<UnauthenticatedCipher> of(byte[] value) {
    if (value.length == KEY_BYTES) {
      return Optional.of(new UnauthenticatedCipher(value));
    }
    if (value.length != 2 * KEY_BYTES) {
      return Optional.empty();
    }
    byte[] key = new byte[KEY_BYTES];
    try {
      for (int i = 0; i < value.length; i++) {
        if (!HexFormat.isHexDigit(value[i])) {
          return Optional.empty();
        }
        key[i / 2] = (byte) (key[i / 2] << 4 | HexFormat.fromHexDigit(value[i]));
      }
      return Optional.of(new UnauthenticatedCipher(key));
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  /** {@return a new initialization vector: each must be used once, and nobody may foresee it} */
  public static byte[] randomIv() {
    byte[] iv = new byte[BLOCK_BYTES];
    RANDOM.nextBytes(iv);
    return iv;
  }

  /**
   * Encrypts.
   *
   * @param iv {@link #BLOCK_BYTES} bytes
   * @param plaintext any bytes
   * @return whole blocks, at least one byte more than the plaintext
   */
  public byte[] encrypt(byte[] iv, byte[] plaintext) {
    try {
      return cipher(Cipher.ENCRYPT_MODE, iv).doFinal(Objects.requireNonNull(plaintext));
    } catch (GeneralSecurityException e) {
      throw unavailable(e);
    }
  }

  /**
   * Decrypts.
   *
   * @param iv {@link #BLOCK_BYTES} bytes
   * @param encrypted what may be a ciphertext
   * @return the plaintext, which proves nothing; empty if the padding is wrong
   */
  public Optional<byte[]> decrypt(byte[] iv, byte[] encrypted) {
    if (encrypted.length == 0 || encrypted.length % BLOCK_BYTES != 0) {
      return Optional.empty();
    }
    Cipher cipher = cipher(Cipher.DECRYPT_MODE, iv);
    try {
      return Optional.of(cipher.doFinal(encrypted));
    } catch (GeneralSecurityException wrongPadding) {
      return Optional.empty();
    }
  }

  private Cipher cipher(int mode, byte[] iv) {
    try {
      Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
      cipher.init(mode, key, new IvParameterSpec(iv));
      return cipher;
    } catch (GeneralSecurityException e) {
      throw unavailable(e);
    }
  }

  private static IllegalStateException unavailable(GeneralSecurityException cause) {
    return new IllegalStateException("AES-256-CBC is not available on this Java platform", cause);
  }

  /** Says nothing of the key. */
  @Override
  public String toString() {
    return "UnauthenticatedCipher[hidden]";
  }
}
