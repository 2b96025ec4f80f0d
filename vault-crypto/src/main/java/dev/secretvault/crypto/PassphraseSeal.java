package dev.secretvault.crypto;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Seals a value for whoever has both the vault's keys and a passphrase: {@code version | Argon2id
 * parameters | commitment | nonce | ciphertext | tag}.
 *
 * <p>People guess at passphrases, and bytes can be made that open under thousands of them at once
 * (partitioning oracle); so the commitment is compared before anything is decrypted. That also
 * tells a wrong passphrase from damage.
 */
final class PassphraseSeal {

  private static final byte VERSION = 1;
  private static final int COMMITMENT_BYTES = 32;
  private static final int COMMITMENT_AT = 1 + Argon2.ENCODED_BYTES;
  private static final int SEALED_AT = COMMITMENT_AT + COMMITMENT_BYTES;

  /** What sealing adds to the value. */
  static final int OVERHEAD_BYTES = SEALED_AT + AesGcm.OVERHEAD_BYTES;

  private final Hmac vaultKey;
  private final byte[] vaultId;
  private final String namespace;
  private final String key;

  /**
   * For the value of one record.
   *
   * @param vaultKey the vault's part of the key
   */
  PassphraseSeal(Hmac vaultKey, byte[] vaultId, String namespace, String key) {
    this.vaultKey = vaultKey;
    this.vaultId = vaultId;
    this.namespace = namespace;
    this.key = key;
  }

  byte[] seal(char[] passphrase, byte[] value) {
    Argon2 argon2 = Argon2.forSecret();
    byte[] info = info(argon2);
    byte[] derived = derive(argon2, passphrase, info);
    byte[] sealingKey = Arrays.copyOf(derived, AesGcm.KEY_BYTES);
    try {
      return ByteBuffer.allocate(OVERHEAD_BYTES + value.length)
          .put(VERSION)
          .put(argon2.encode())
          .put(derived, AesGcm.KEY_BYTES, COMMITMENT_BYTES)
          .put(new AesGcm(sealingKey).encrypt(value, info))
          .array();
    } finally {
      Arrays.fill(derived, (byte) 0);
      Arrays.fill(sealingKey, (byte) 0);
    }
  }

  byte[] open(char[] passphrase, byte[] sealed) {
    if (sealed.length < OVERHEAD_BYTES) {
      throw new CryptoException(Reason.DAMAGED, "a passphrase-protected value is too short");
    }
    int version = Byte.toUnsignedInt(sealed[0]);
    if (version > VERSION) {
      throw new CryptoException(
          Reason.NEWER_FORMAT,
          "a passphrase-protected value has format version "
              + version
              + ", the newest known is "
              + VERSION
              + ": upgrade");
    }
    if (version < VERSION) {
      throw new CryptoException(Reason.DAMAGED, "a passphrase-protected value is malformed");
    }
    Argon2 argon2 = Argon2.parse(ByteBuffer.wrap(sealed, 1, Argon2.ENCODED_BYTES));
    byte[] info = info(argon2);
    byte[] derived = derive(argon2, passphrase, info);
    byte[] sealingKey = Arrays.copyOf(derived, AesGcm.KEY_BYTES);
    try {
      if (!MessageDigest.isEqual(
          Arrays.copyOfRange(sealed, COMMITMENT_AT, SEALED_AT),
          Arrays.copyOfRange(derived, AesGcm.KEY_BYTES, derived.length))) {
        throw new CryptoException(Reason.WRONG_KEY, "the passphrase is wrong");
      }
      return new AesGcm(sealingKey)
          .decrypt(
              Arrays.copyOfRange(sealed, SEALED_AT, sealed.length),
              info,
              "a passphrase-protected value was altered");
    } finally {
      Arrays.fill(derived, (byte) 0);
      Arrays.fill(sealingKey, (byte) 0);
    }
  }

  /** HKDF (RFC 5869) of Argon2id's output, with the vault's key as the salt. */
  private byte[] derive(Argon2 argon2, char[] passphrase, byte[] info) {
    byte[] stretched = stretch(argon2, passphrase);
    byte[] pseudorandomKey = vaultKey.computeSecret(stretched);
    try {
      return Hkdf.expand(Hmac.sha256(pseudorandomKey), info, AesGcm.KEY_BYTES + COMMITMENT_BYTES);
    } finally {
      Arrays.fill(stretched, (byte) 0);
      Arrays.fill(pseudorandomKey, (byte) 0);
    }
  }

  private static byte[] stretch(Argon2 argon2, char[] passphrase) {
    byte[] utf8 = Passphrase.toBytes(passphrase);
    try {
      return argon2.derive(utf8, new byte[0]);
    } finally {
      Arrays.fill(utf8, (byte) 0);
    }
  }

  private byte[] info(Argon2 argon2) {
    return Encoding.of("secretvault/1/passphrase", vaultId, namespace, key, argon2.encode());
  }
}
