package dev.secretvault.crypto;

import static dev.secretvault.crypto.IndependentReader.hmac;
import static dev.secretvault.crypto.IndependentReader.utf8;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Random;
import java.util.function.Supplier;

/**
 * A key for slots that a test makes by itself. Keys of one name are the same, of two names
 * different. Passphrases are stretched as little as is allowed.
 *
 * @param kind the number of the kind of slot
 * @param secret the slot's secret
 * @param masterKey the same key for the code under test
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record SlotKey(int kind, byte[] parameters, byte[] secret, Supplier<MasterKey> masterKey) {

  static final int LEAST_MEMORY = 7 << 10;

  static SlotKey raw(String name) throws GeneralSecurityException {
    byte[] key = hmac(utf8("raw"), utf8(name));
    return new SlotKey(IndependentReader.RAW, new byte[0], key, () -> MasterKey.fromBytes(key));
  }

  static SlotKey passphrase(String name) throws GeneralSecurityException {
    return passphrase(name, argon2(LEAST_MEMORY, 1, 1));
  }

  static SlotKey passphrase(String name, byte[] parameters) throws GeneralSecurityException {
    return new SlotKey(
        IndependentReader.PASSPHRASE,
        parameters,
        IndependentReader.stretch(name, parameters),
        () -> MasterKey.fromPassphrase(name.toCharArray()));
  }

  /** Its URI is the name. The secret is for slots of one vault only. */
  static SlotKey external(String name, byte[] vaultId) throws GeneralSecurityException {
    byte[] key = hmac(utf8("external"), utf8(name));
    byte[] secret = hmac(utf8("secret"), utf8(name));
    byte[] uri = utf8(name);
    byte[] data = IndependentReader.encode(utf8("secretvault/1/external"), vaultId, uri);
    byte[] wrapped = HeaderParts.encrypt(key, secret, data);
    byte[] parameters =
        ByteBuffer.allocate(2 + uri.length + wrapped.length)
            .putShort((short) uri.length)
            .put(uri)
            .put(wrapped)
            .array();
    return new SlotKey(
        IndependentReader.EXTERNAL,
        parameters,
        secret,
        () -> MasterKey.fromAead(new ExternalKey(key), name));
  }

  static byte[] argon2(int memory, int passes, int lanes) {
    return ByteBuffer.allocate(28).putInt(memory).putInt(passes).putInt(lanes).array();
  }

  /** What a new slot for this key is made from. */
  SlotParts parts(Random random) {
    return new SlotParts(kind, Seeded.bytes(random, 8), parameters, Seeded.bytes(random, 32));
  }

  byte[] slot(Random random, byte[] vaultId, byte[] rootKey) throws GeneralSecurityException {
    return parts(random).seal(vaultId, secret, rootKey);
  }

  Keyring open(byte[] header) {
    try (MasterKey key = masterKey.get()) {
      return Keyring.open(key, header);
    }
  }

  /** Says which kind it is, for the names of tests. */
  @Override
  public String toString() {
    return switch (kind) {
      case IndependentReader.RAW -> "raw";
      case IndependentReader.PASSPHRASE -> "passphrase";
      default -> "external";
    };
  }
}
