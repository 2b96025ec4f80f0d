package dev.secretvault.crypto;

import com.google.crypto.tink.AccessesPartialKey;
import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.aead.AesGcmKey;
import com.google.crypto.tink.aead.AesGcmParameters;
import com.google.crypto.tink.subtle.AesGcmJce;
import com.google.crypto.tink.util.SecretBytes;
import java.security.GeneralSecurityException;
import org.jspecify.annotations.Nullable;

/**
 * AES-256-GCM through Tink: {@code nonce (12 bytes, random) | ciphertext | tag (16 bytes)}. The one
 * place that hands a raw key to Tink. Thread-safe.
 */
final class AesGcm {

  static final int KEY_BYTES = 32;
  static final int OVERHEAD_BYTES = 12 + 16;

  /** The first byte of what {@link #AesGcm(byte[], int)} makes. */
  static final byte PREFIX_VERSION = 1;

  private final Aead aead;

  /** Copies the key; Tink offers no way to overwrite that copy. */
  AesGcm(byte[] key) {
    this(key, null);
  }

  /**
   * Puts {@link #PREFIX_VERSION} and a number of four bytes in front of what it encrypts, and
   * demands them of what it decrypts. That is the form of Tink's own ciphertexts, so that Tink
   * writes it without a copy of the whole.
   */
  AesGcm(byte[] key, int number) {
    this(key, (Integer) number);
  }

  @AccessesPartialKey
  private AesGcm(byte[] key, @Nullable Integer number) {
    if (key.length != KEY_BYTES) {
      throw new IllegalArgumentException(
          "key: " + KEY_BYTES + " bytes needed, but there are " + key.length);
    }
    try {
      aead =
          AesGcmJce.create(
              AesGcmKey.builder()
                  .setParameters(
                      AesGcmParameters.builder()
                          .setKeySizeBytes(KEY_BYTES)
                          .setIvSizeBytes(12)
                          .setTagSizeBytes(16)
                          .setVariant(
                              number == null
                                  ? AesGcmParameters.Variant.NO_PREFIX
                                  : AesGcmParameters.Variant.TINK)
                          .build())
                  .setKeyBytes(SecretBytes.copyFrom(key, InsecureSecretKeyAccess.get()))
                  .setIdRequirement(number)
                  .build());
    } catch (GeneralSecurityException e) {
      throw unavailable(e);
    }
  }

  byte[] encrypt(byte[] plaintext, byte[] associatedData) {
    try {
      return aead.encrypt(plaintext, associatedData);
    } catch (GeneralSecurityException e) {
      throw unavailable(e);
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

  private static IllegalStateException unavailable(GeneralSecurityException cause) {
    return new IllegalStateException("AES-256-GCM is not available on this Java platform", cause);
  }
}
