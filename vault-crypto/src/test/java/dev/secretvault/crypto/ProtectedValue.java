package dev.secretvault.crypto;

import static dev.secretvault.crypto.IndependentReader.encode;
import static dev.secretvault.crypto.IndependentReader.expand;
import static dev.secretvault.crypto.IndependentReader.hmac;
import static dev.secretvault.crypto.IndependentReader.utf8;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;

/**
 * What a passphrase-protected value is made from, for tests that make some by themselves.
 *
 * @param vaultKey the vault's passphrase key
 * @param parameters of Argon2id
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record ProtectedValue(
    byte[] vaultKey, byte[] vaultId, String namespace, String key, byte[] parameters) {

  static final int OVERHEAD_BYTES = 89;
  static final int PARAMETERS_AT = 1;
  static final int COMMITMENT_AT = 29;
  static final int SEALED_AT = 61;

  byte[] info() {
    return encode(
        utf8("secretvault/1/passphrase"), vaultId, utf8(namespace), utf8(key), parameters);
  }

  byte[] sealingKey(String passphrase) throws GeneralSecurityException {
    return Arrays.copyOf(derive(passphrase), 32);
  }

  byte[] commitment(String passphrase) throws GeneralSecurityException {
    return Arrays.copyOfRange(derive(passphrase), 32, 64);
  }

  private byte[] derive(String passphrase) throws GeneralSecurityException {
    byte[] stretched = IndependentReader.stretch(passphrase, parameters);
    return expand(hmac(vaultKey, stretched), info(), 64);
  }

  /** A protected value as it has to be. */
  byte[] seal(String passphrase, byte[] value) throws GeneralSecurityException {
    return toBytes(
        commitment(passphrase), HeaderParts.encrypt(sealingKey(passphrase), value, info()));
  }

  byte[] toBytes(byte[] commitment, byte[] sealed) {
    return ByteBuffer.allocate(SEALED_AT + sealed.length)
        .put((byte) 1)
        .put(parameters)
        .put(commitment)
        .put(sealed)
        .array();
  }

  byte[] open(String passphrase, byte[] sealed) {
    return new PassphraseSeal(Hmac.sha256(vaultKey), vaultId, namespace, key)
        .open(passphrase.toCharArray(), sealed);
  }
}
