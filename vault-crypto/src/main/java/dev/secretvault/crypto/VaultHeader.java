package dev.secretvault.crypto;

import dev.secretvault.crypto.CryptoException.Reason;
import dev.secretvault.crypto.UnlockSlot.Kind;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
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
  static final int MAX_SLOTS = 16;
  static final String DAMAGED_MESSAGE =
      "the vault's header is damaged or was altered: restore it from a backup";

  private static final int MAGIC = 0x53564c54; // "SVLT"
  private static final short VERSION = 1;
  private static final int CRC_AT = Integer.BYTES + Short.BYTES;
  private static final int BODY_AT = CRC_AT + Integer.BYTES;
  private static final int MAC_BYTES = 32;
  private static final int MAX_BYTES = 1 << 20;

  private final byte[] bytes;
  private final byte[] vaultId;
  private final List<SealedSlot> slots;
  private final byte[] sealedKeyring;

  private VaultHeader(byte[] bytes, byte[] vaultId, List<SealedSlot> slots, byte[] sealedKeyring) {
    this.bytes = bytes;
    this.vaultId = vaultId;
    this.slots = List.copyOf(slots);
    this.sealedKeyring = sealedKeyring;
  }

  /** Seals a keyring under the root key that the slots lead to. */
  static VaultHeader seal(byte[] vaultId, List<SealedSlot> slots, byte[] rootKey, byte[] keyring) {
    RootKeys root = RootKeys.of(rootKey);
    byte[] sealedKeyring = root.keyring().encrypt(keyring, keyringData(vaultId));
    int slotBytes = slots.stream().mapToInt(SealedSlot::length).sum();
    ByteBuffer out =
        ByteBuffer.allocate(
            BODY_AT
                + VAULT_ID_BYTES
                + 1
                + slotBytes
                + Integer.BYTES
                + sealedKeyring.length
                + MAC_BYTES);
    out.putInt(MAGIC).putShort(VERSION).putInt(0).put(vaultId).put((byte) slots.size());
    slots.forEach(slot -> slot.writeTo(out));
    out.putInt(sealedKeyring.length).put(sealedKeyring);
    byte[] header = out.array();
    out.put(mac(root, header));
    out.putInt(CRC_AT, checksum(header));
    return new VaultHeader(header, vaultId, slots, sealedKeyring);
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
      List<SealedSlot> slots = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int kind = Byte.toUnsignedInt(in.get());
        byte[] id = take(in, SealedSlot.ID_BYTES);
        slots.add(SealedSlot.parse(kind, id, take(in, Short.toUnsignedInt(in.getShort()))));
      }
      if (slots.stream().map(SealedSlot::id).distinct().count() < count) {
        throw damaged();
      }
      byte[] sealedKeyring = take(in, in.getInt());
      if (in.remaining() != MAC_BYTES) {
        throw damaged();
      }
      return new VaultHeader(header.clone(), vaultId, slots, sealedKeyring);
    } catch (BufferUnderflowException e) {
      throw damaged();
    }
  }

  /** No copy. */
  byte[] bytes() {
    return bytes;
  }

  /** No copy. */
  byte[] vaultId() {
    return vaultId;
  }

  List<SealedSlot> slots() {
    return slots;
  }

  /**
   * The root key, for the receiver to overwrite. Nothing is decrypted before a slot's key
   * commitment has matched the key.
   *
   * @throws CryptoException {@link Reason#WRONG_KEY} if the master key unlocks no slot; {@link
   *     Reason#NEWER_FORMAT} if there is a slot besides that it might unlock, of a kind that is
   *     unknown here
   */
  byte[] unlock(MasterKey masterKey) {
    masterKey.requireAvailable();
    CryptoException unavailable = null;
    for (SealedSlot slot : slots) {
      try {
        byte[] rootKey = slot.open(vaultId, masterKey);
        if (rootKey.length > 0) {
          return rootKey;
        }
      } catch (CryptoException e) {
        if (e.reason() != Reason.KEY_UNAVAILABLE) {
          throw e;
        }
        unavailable = e; // Another slot may have been made with what its key is now.
      }
    }
    if (unavailable != null) {
      throw unavailable;
    }
    if (slots.stream().anyMatch(slot -> slot.kind() == Kind.UNKNOWN)) {
      throw new CryptoException(
          Reason.NEWER_FORMAT,
          "this master key unlocks none of the slots that this release knows, and there are others:"
              + " upgrade, or give another key");
    }
    throw new CryptoException(
        Reason.WRONG_KEY,
        "this master key does not unlock the vault: give one that it was created with, or that was"
            + " added to it");
  }

  /**
   * The keyring in plaintext, for the receiver to overwrite.
   *
   * @throws CryptoException ({@link Reason#DAMAGED}) if the header is not as it was made under this
   *     root key
   */
  byte[] openKeyring(byte[] rootKey) {
    RootKeys root = RootKeys.of(rootKey);
    if (!isMadeUnder(root)) {
      throw damaged();
    }
    return root.keyring().decrypt(sealedKeyring, keyringData(vaultId), DAMAGED_MESSAGE);
  }

  /** Whether all of the header is as it was made under this root key. */
  boolean isMadeUnder(byte[] rootKey) {
    return isMadeUnder(RootKeys.of(rootKey));
  }

  private boolean isMadeUnder(RootKeys root) {
    byte[] stored = Arrays.copyOfRange(bytes, bytes.length - MAC_BYTES, bytes.length);
    return MessageDigest.isEqual(stored, mac(root, bytes));
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
        prepared.erase();
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

  static CryptoException damaged() {
    return new CryptoException(Reason.DAMAGED, DAMAGED_MESSAGE);
  }
}
