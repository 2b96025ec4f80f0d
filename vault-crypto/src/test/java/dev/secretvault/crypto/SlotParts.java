package dev.secretvault.crypto;

import static dev.secretvault.crypto.IndependentReader.encode;
import static dev.secretvault.crypto.IndependentReader.expand;
import static dev.secretvault.crypto.IndependentReader.hmac;
import static dev.secretvault.crypto.IndependentReader.u32;
import static dev.secretvault.crypto.IndependentReader.utf8;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;

/**
 * What a slot of a header is made from, for tests that make slots by themselves.
 *
 * @param kind its number
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record SlotParts(int kind, byte[] id, byte[] parameters, byte[] salt) {

  /** Kind, id, and length of what follows. */
  static final int FRAMING_BYTES = 1 + 8 + 2;

  static SlotParts raw(byte[] id, byte[] salt) {
    return new SlotParts(IndependentReader.RAW, id, new byte[0], salt);
  }

  byte[] info(byte[] vaultId) {
    return encode(utf8("secretvault/1/slot"), vaultId, u32(kind), id, parameters, salt);
  }

  byte[] wrappingKey(byte[] vaultId, byte[] secret) throws GeneralSecurityException {
    return Arrays.copyOf(derive(vaultId, secret), 32);
  }

  byte[] commitment(byte[] vaultId, byte[] secret) throws GeneralSecurityException {
    return Arrays.copyOfRange(derive(vaultId, secret), 32, 64);
  }

  private byte[] derive(byte[] vaultId, byte[] secret) throws GeneralSecurityException {
    return expand(hmac(salt, secret), info(vaultId), 64);
  }

  /** A slot as it has to be. */
  byte[] seal(byte[] vaultId, byte[] secret, byte[] rootKey) throws GeneralSecurityException {
    return toBytes(
        commitment(vaultId, secret),
        HeaderParts.encrypt(wrappingKey(vaultId, secret), rootKey, info(vaultId)));
  }

  byte[] toBytes(byte[] commitment, byte[] sealedRootKey) {
    int length = parameters.length + salt.length + commitment.length + sealedRootKey.length;
    return ByteBuffer.allocate(FRAMING_BYTES + length)
        .put((byte) kind)
        .put(id)
        .putShort((short) length)
        .put(parameters)
        .put(salt)
        .put(commitment)
        .put(sealedRootKey)
        .array();
  }
}
