package dev.secretvault.crypto;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The header of a vault, parsed but not yet trusted: unlock slots, each with the root key sealed
 * under another key, and the keyring sealed under the root key. {@code docs/FORMAT.md}, section 2,
 * is the layout.
 */
final class VaultHeader {

  static final int VAULT_ID_BYTES = 16;

  private static final int MAGIC = 0x53564c54; // "SVLT"
  private static final short VERSION = 1;
  private static final int CRC_AT = Integer.BYTES + Short.BYTES;
  private static final int BODY_AT = CRC_AT + Integer.BYTES;
  private static final int MAC_BYTES = 32;
  private static final int MAX_SLOTS = 16;
  private static final int MAX_BYTES = 1 << 20;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] bytes;
  private final byte[] vaultId;
  private final List<Slot> slots;
  private final byte[] sealedKeyring;

  private VaultHeader(byte[] bytes, byte[] vaultId, List<Slot> slots, byte[] sealedKeyring) {
    this.bytes = bytes;
    this.vaultId = vaultId;
    this.slots = slots;
    this.sealedKeyring = sealedKeyring;
  }

  /** Seals a keyring under a new root key, and that under the master key in a first slot. */
  static byte[] seal(byte[] vaultId, byte[] masterKey, byte[] keyring) {
    byte[] rootKey = new byte[AesGcm.KEY_BYTES];
    RANDOM.nextBytes(rootKey);
    try {
      RootKeys root = RootKeys.of(rootKey);
      byte[] slot = Slot.seal(vaultId, masterKey, rootKey);
      byte[] sealedKeyring = root.keyring().encrypt(keyring, keyringData(vaultId));
      ByteBuffer out =
          ByteBuffer.allocate(
              BODY_AT
                  + VAULT_ID_BYTES
                  + 1
                  + 3
                  + slot.length
                  + Integer.BYTES
                  + sealedKeyring.length
                  + MAC_BYTES);
      out.putInt(MAGIC).putShort(VERSION).putInt(0).put(vaultId);
      out.put((byte) 1).put(Slot.RAW_KEY).putShort((short) slot.length).put(slot);
      out.putInt(sealedKeyring.length).put(sealedKeyring);
      byte[] header = out.array();
      out.put(mac(root, header));
      out.putInt(CRC_AT, checksum(header));
      return header;
    } finally {
      Arrays.fill(rootKey, (byte) 0);
    }
  }

  /**
   * Parses a header.
   *
   * <p>The checksum is there for the message alone: without it, a flipped bit in a slot would look
   * like a wrong key.
   */
  static VaultHeader parse(byte[] header) {
    if (header.length < BODY_AT
        || header.length > MAX_BYTES
        || ByteBuffer.wrap(header).getInt() != MAGIC) {
      throw damaged();
    }
    ByteBuffer in = ByteBuffer.wrap(header).position(Integer.BYTES);
    int version = Short.toUnsignedInt(in.getShort());
    if (in.getInt() != checksum(header)) {
      throw damaged();
    }
    if (version > VERSION) {
      throw new CryptoException(
          Reason.NEWER_FORMAT,
          "the vault has format version "
              + version
              + ", the newest known is "
              + VERSION
              + ": upgrade");
    }
    try {
      byte[] vaultId = take(in, VAULT_ID_BYTES);
      int count = in.get();
      if (version < VERSION || count < 1 || count > MAX_SLOTS) {
        throw damaged();
      }
      List<Slot> slots = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        byte kind = in.get();
        slots.add(Slot.parse(kind, take(in, Short.toUnsignedInt(in.getShort()))));
      }
      byte[] sealedKeyring = take(in, in.getInt());
      if (in.remaining() != MAC_BYTES) {
        throw damaged();
      }
      return new VaultHeader(header.clone(), vaultId, List.copyOf(slots), sealedKeyring);
    } catch (BufferUnderflowException e) {
      throw damaged();
    }
  }

  byte[] vaultId() {
    return vaultId;
  }

  /**
   * Unlocks the keyring. Nothing is decrypted before a slot's key commitment has matched the key.
   */
  byte[] unlock(byte[] masterKey) {
    for (Slot slot : slots) {
      byte[] rootKey = slot.open(vaultId, masterKey);
      if (rootKey.length > 0) {
        try {
          return unlockKeyring(RootKeys.of(rootKey));
        } finally {
          Arrays.fill(rootKey, (byte) 0);
        }
      }
    }
    throw new CryptoException(
        Reason.WRONG_KEY,
        "this master key does not unlock the vault: give the key that it was created with");
  }

  private byte[] unlockKeyring(RootKeys root) {
    byte[] stored = Arrays.copyOfRange(bytes, bytes.length - MAC_BYTES, bytes.length);
    if (!MessageDigest.isEqual(stored, mac(root, bytes))) {
      throw damaged();
    }
    return root.keyring().decrypt(sealedKeyring, keyringData(vaultId), DAMAGED);
  }

  /** What the root key is used for, each under a key of its own. */
  private record RootKeys(AesGcm keyring, Hmac headerMac) {

    static RootKeys of(byte[] rootKey) {
      Hmac prepared = Hmac.sha256(rootKey);
      byte[] keyring =
          Hkdf.expand(prepared, Encoding.of("secretvault/1/keyring"), AesGcm.KEY_BYTES);
      byte[] mac = Hkdf.expand(prepared, Encoding.of("secretvault/1/header-mac"), MAC_BYTES);
      try {
        return new RootKeys(new AesGcm(keyring), Hmac.sha256(mac));
      } finally {
        Arrays.fill(keyring, (byte) 0);
        Arrays.fill(mac, (byte) 0);
      }
    }
  }

  private static byte[] keyringData(byte[] vaultId) {
    return Encoding.of("secretvault/1/keyring", vaultId);
  }

  /** Covers all but itself and the checksum, which in turn covers it. */
  private static byte[] mac(RootKeys root, byte[] header) {
    byte[] covered = Arrays.copyOf(header, header.length - MAC_BYTES);
    Arrays.fill(covered, CRC_AT, BODY_AT, (byte) 0);
    return root.headerMac().compute(covered);
  }

  private static int checksum(byte[] header) {
    CRC32C crc = new CRC32C();
    crc.update(header, 0, CRC_AT);
    crc.update(header, BODY_AT, header.length - BODY_AT);
    return (int) crc.getValue();
  }

  private static byte[] take(ByteBuffer in, int length) {
    if (length < 0 || length > in.remaining()) {
      throw damaged();
    }
    byte[] taken = new byte[length];
    in.get(taken);
    return taken;
  }

  private static final String DAMAGED =
      "the vault's header is damaged or was altered: restore it from a backup";

  private static CryptoException damaged() {
    return new CryptoException(Reason.DAMAGED, DAMAGED);
  }

  /**
   * One way to the root key: {@code salt | commitment | sealed root key}.
   *
   * <p>AES-GCM does not commit to its key: bytes can be made that open under two of them. So a
   * second output of the derivation that gives the wrapping key is stored, and compared first.
   */
  private static final class Slot {

    static final byte RAW_KEY = 1;
    private static final int SALT_BYTES = 32;
    private static final int COMMITMENT_BYTES = 32;

    private final byte[] salt;
    private final byte[] commitment;
    private final byte[] sealedRootKey;

    private Slot(byte[] salt, byte[] commitment, byte[] sealedRootKey) {
      this.salt = salt;
      this.commitment = commitment;
      this.sealedRootKey = sealedRootKey;
    }

    static byte[] seal(byte[] vaultId, byte[] masterKey, byte[] rootKey) {
      byte[] salt = new byte[SALT_BYTES];
      RANDOM.nextBytes(salt);
      byte[] derived = derive(vaultId, salt, masterKey);
      byte[] wrappingKey = Arrays.copyOf(derived, AesGcm.KEY_BYTES);
      try {
        byte[] sealed = new AesGcm(wrappingKey).encrypt(rootKey, slotData(vaultId, salt));
        return ByteBuffer.allocate(SALT_BYTES + COMMITMENT_BYTES + sealed.length)
            .put(salt)
            .put(derived, AesGcm.KEY_BYTES, COMMITMENT_BYTES)
            .put(sealed)
            .array();
      } finally {
        Arrays.fill(derived, (byte) 0);
        Arrays.fill(wrappingKey, (byte) 0);
      }
    }

    static Slot parse(byte kind, byte[] body) {
      int sealedAt = SALT_BYTES + COMMITMENT_BYTES;
      if (kind != RAW_KEY || body.length != sealedAt + AesGcm.KEY_BYTES + AesGcm.OVERHEAD_BYTES) {
        throw damaged();
      }
      return new Slot(
          Arrays.copyOf(body, SALT_BYTES),
          Arrays.copyOfRange(body, SALT_BYTES, sealedAt),
          Arrays.copyOfRange(body, sealedAt, body.length));
    }

    /**
     * The root key, or no bytes if the master key is not the one that this slot is committed to.
     */
    byte[] open(byte[] vaultId, byte[] masterKey) {
      byte[] derived = derive(vaultId, salt, masterKey);
      byte[] wrappingKey = Arrays.copyOf(derived, AesGcm.KEY_BYTES);
      try {
        if (!MessageDigest.isEqual(
            commitment, Arrays.copyOfRange(derived, AesGcm.KEY_BYTES, derived.length))) {
          return new byte[0];
        }
        return new AesGcm(wrappingKey).decrypt(sealedRootKey, slotData(vaultId, salt), DAMAGED);
      } finally {
        Arrays.fill(derived, (byte) 0);
        Arrays.fill(wrappingKey, (byte) 0);
      }
    }

    private static byte[] derive(byte[] vaultId, byte[] salt, byte[] masterKey) {
      return Hkdf.expand(
          Hkdf.extract(salt, masterKey),
          slotData(vaultId, salt),
          AesGcm.KEY_BYTES + COMMITMENT_BYTES);
    }

    private static byte[] slotData(byte[] vaultId, byte[] salt) {
      return Encoding.of("secretvault/1/slot", vaultId, (int) RAW_KEY, salt);
    }
  }
}
