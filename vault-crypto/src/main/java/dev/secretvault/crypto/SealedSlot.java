package dev.secretvault.crypto;

import dev.secretvault.crypto.CryptoException.Reason;
import dev.secretvault.crypto.MasterKey.SlotSecret;
import dev.secretvault.crypto.UnlockSlot.Kind;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * One way to the root key, as the header stores it: a kind, an id, and {@code parameters of the
 * kind | salt | commitment | sealed root key}.
 *
 * <p>AES-GCM does not commit to its key: bytes can be made that open under two of them. So a second
 * output of the derivation that gives the wrapping key is stored, and compared first.
 */
final class SealedSlot {

  static final int SALT_BYTES = 32;
  static final int COMMITMENT_BYTES = 32;
  private static final int SEALED_BYTES = AesGcm.KEY_BYTES + AesGcm.OVERHEAD_BYTES;
  private static final int FIXED_BYTES = SALT_BYTES + COMMITMENT_BYTES + SEALED_BYTES;
  static final int ID_BYTES = 8;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final int number;
  private final byte[] id;
  private final byte[] body;

  private SealedSlot(int number, byte[] id, byte[] body) {
    this.number = number;
    this.id = id;
    this.body = body;
  }

  /** Makes a slot that the master key unlocks. */
  static SealedSlot seal(byte[] vaultId, MasterKey masterKey, byte[] rootKey) {
    SlotSecret made = masterKey.newSlot(vaultId);
    byte[] id = new byte[ID_BYTES];
    byte[] salt = new byte[SALT_BYTES];
    RANDOM.nextBytes(id);
    RANDOM.nextBytes(salt);
    int number = masterKey.kind().number();
    byte[] info = info(vaultId, number, id, made.parameters(), salt);
    byte[] derived = derive(salt, made.secret(), info);
    byte[] wrappingKey = Arrays.copyOf(derived, AesGcm.KEY_BYTES);
    try {
      byte[] body =
          ByteBuffer.allocate(made.parameters().length + FIXED_BYTES)
              .put(made.parameters())
              .put(salt)
              .put(derived, AesGcm.KEY_BYTES, COMMITMENT_BYTES)
              .put(new AesGcm(wrappingKey).encrypt(rootKey, info))
              .array();
      return new SealedSlot(number, id, body);
    } finally {
      Arrays.fill(made.secret(), (byte) 0);
      Arrays.fill(derived, (byte) 0);
      Arrays.fill(wrappingKey, (byte) 0);
    }
  }

  /**
   * Takes a slot from a header. One of an unknown kind is kept as it is.
   *
   * @throws CryptoException ({@link Reason#DAMAGED}) if it is malformed, or asks for a calculation
   *     that is out of bounds
   */
  static SealedSlot parse(int number, byte[] id, byte[] body) {
    SealedSlot slot = new SealedSlot(number, id, body);
    if (slot.kind() != Kind.UNKNOWN && body.length < FIXED_BYTES) {
      throw VaultHeader.damaged();
    }
    switch (slot.kind()) {
      case RAW -> {
        if (body.length != FIXED_BYTES) {
          throw VaultHeader.damaged();
        }
      }
      case PASSPHRASE -> {
        ByteBuffer parameters = ByteBuffer.wrap(slot.parameters());
        if (parameters.remaining() != Argon2.ENCODED_BYTES) {
          throw VaultHeader.damaged();
        }
        Argon2.parse(parameters);
      }
      case EXTERNAL -> ExternalMasterKey.uriOf(slot.parameters());
      case UNKNOWN -> {}
    }
    return slot;
  }

  Kind kind() {
    return Kind.ofNumber(number);
  }

  UnlockSlot describe() {
    return new UnlockSlot(
        id(),
        kind(),
        kind() == Kind.EXTERNAL
            ? Optional.of(ExternalMasterKey.uriOf(parameters()))
            : Optional.empty());
  }

  /** As text. */
  String id() {
    return HexFormat.of().formatHex(id);
  }

  void writeTo(ByteBuffer out) {
    out.put((byte) number).put(id).putShort((short) body.length).put(body);
  }

  int length() {
    return 1 + ID_BYTES + Short.BYTES + body.length;
  }

  /**
   * The root key, for the receiver to overwrite; no bytes if the master key is not the one that
   * this slot is committed to.
   *
   * @throws CryptoException {@link Reason#DAMAGED} if the commitment fits and the root key does not
   *     open; {@link Reason#KEY_UNAVAILABLE} if the master key cannot be had
   */
  byte[] open(byte[] vaultId, MasterKey masterKey) {
    byte[] secret = masterKey.kind() == kind() ? masterKey.slotSecret(vaultId, parameters()) : null;
    if (secret == null) {
      return new byte[0];
    }
    byte[] info = info(vaultId, number, id, parameters(), salt());
    byte[] derived = derive(salt(), secret, info);
    byte[] wrappingKey = Arrays.copyOf(derived, AesGcm.KEY_BYTES);
    try {
      int sealedAt = body.length - SEALED_BYTES;
      byte[] commitment = Arrays.copyOfRange(body, sealedAt - COMMITMENT_BYTES, sealedAt);
      if (!MessageDigest.isEqual(
          commitment, Arrays.copyOfRange(derived, AesGcm.KEY_BYTES, derived.length))) {
        return new byte[0];
      }
      return new AesGcm(wrappingKey)
          .decrypt(
              Arrays.copyOfRange(body, sealedAt, body.length), info, VaultHeader.DAMAGED_MESSAGE);
    } finally {
      Arrays.fill(secret, (byte) 0);
      Arrays.fill(derived, (byte) 0);
      Arrays.fill(wrappingKey, (byte) 0);
    }
  }

  private byte[] parameters() {
    return Arrays.copyOf(body, body.length - FIXED_BYTES);
  }

  private byte[] salt() {
    int at = body.length - FIXED_BYTES;
    return Arrays.copyOfRange(body, at, at + SALT_BYTES);
  }

  /** {@code wrapping key | commitment} */
  private static byte[] derive(byte[] salt, byte[] secret, byte[] info) {
    return Hkdf.expand(Hkdf.extract(salt, secret), info, AesGcm.KEY_BYTES + COMMITMENT_BYTES);
  }

  private static byte[] info(
      byte[] vaultId, int number, byte[] id, byte[] parameters, byte[] salt) {
    return Encoding.of("secretvault/1/slot", vaultId, number, id, parameters, salt);
  }
}
