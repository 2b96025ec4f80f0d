package dev.secretvault.crypto;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.subtle.AesGcmJce;
import java.security.GeneralSecurityException;

/**
 * AES-256-GCM through Tink: {@code nonce (12 bytes, random) | ciphertext | tag (16 bytes)}. The one
 * place that hands a raw key to Tink. Thread-safe.
 */
final class AesGcm {

  static final int KEY_BYTES = 32;
  static final int OVERHEAD_BYTES = 12 + 16;

  private final Aead aead;

  /** Copies the key; Tink offers no way to overwrite that copy. */
  AesGcm(byte[] key) {
    if (key.length != KEY_BYTES) {
      throw new IllegalArgumentException(
          "key: " + KEY_BYTES + " bytes needed, but there are " + key.length);
    }
    try {
      aead = new AesGcmJce(key);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256-GCM is not available on this Java platform", e);
    }
  }

  byte[] encrypt(byte[] plaintext, byte[] associatedData) {
    try {
      return aead.encrypt(plaintext, associatedData);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES-256-GCM is not available on this Java platform", e);
    }
  }

  /**
   * Decrypts, or fails with {@code DAMAGED} and the given message: nothing more can be told from a
   * failure.
   */
  byte[] decrypt(byte[] ciphertext, byte[] associatedData, String messageIfDamaged) {
    try {
      return aead.decrypt(ciphertext, associatedData);
    } catch (GeneralSecurityException e) {
      throw new CryptoException(CryptoException.Reason.DAMAGED, messageIfDamaged);
    }
  }
}
