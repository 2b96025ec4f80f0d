package dev.secretvault.crypto;

import dev.secretvault.crypto.CryptoException.Reason;
import java.util.Arrays;

/**
 * Seals a value for whoever has both the vault's keys and a random token that the vault does not
 * keep: {@code version | nonce | ciphertext | tag}. The token has all the randomness a key needs,
 * so nothing is stretched; and as nobody else has made it, nothing can be made to open under two.
 */
final class LinkSeal {

  /** Of the token, random. */
  static final int TOKEN_BYTES = 32;

  private static final byte VERSION = 1;

  private final Hmac vaultKey;
  private final byte[] info;

  /**
   * For the value of one record.
   *
   * @param vaultKey the vault's part of the key
   */
  LinkSeal(Hmac vaultKey, byte[] vaultId, String namespace, String key) {
    this.vaultKey = vaultKey;
    this.info = Encoding.of("secretvault/1/link", vaultId, namespace, key);
  }

  byte[] seal(byte[] token, byte[] value) {
    byte[] encrypted = cipher(token).encrypt(value, info);
    byte[] sealed = new byte[1 + encrypted.length];
    sealed[0] = VERSION;
    System.arraycopy(encrypted, 0, sealed, 1, encrypted.length);
    return sealed;
  }

  byte[] open(byte[] token, byte[] sealed) {
    int version = sealed.length == 0 ? 0 : Byte.toUnsignedInt(sealed[0]);
    if (version < VERSION || sealed.length < 1 + AesGcm.OVERHEAD_BYTES) {
      throw new CryptoException(Reason.DAMAGED, "a value sealed for a link is malformed");
    }
    if (version > VERSION) {
      throw new CryptoException(
          Reason.NEWER_FORMAT,
          "a value sealed for a link has format version "
              + version
              + ", the newest known is "
              + VERSION
              + ": upgrade");
    }
    return cipher(token)
        .decrypt(
            Arrays.copyOfRange(sealed, 1, sealed.length),
            info,
            "a value sealed for a link was altered, or is for another link");
  }

  /** HKDF (RFC 5869) of the token, with the vault's key as the salt. */
  private AesGcm cipher(byte[] token) {
    if (token.length != TOKEN_BYTES) {
      throw new IllegalArgumentException(
          "token: " + TOKEN_BYTES + " bytes needed, but there are " + token.length);
    }
    byte[] pseudorandomKey = vaultKey.computeSecret(token);
    Hmac expanding = Hmac.sha256(pseudorandomKey);
    byte[] key = Hkdf.expand(expanding, info, AesGcm.KEY_BYTES);
    try {
      return new AesGcm(key);
    } finally {
      expanding.erase();
      Arrays.fill(pseudorandomKey, (byte) 0);
      Arrays.fill(key, (byte) 0);
    }
  }
}
