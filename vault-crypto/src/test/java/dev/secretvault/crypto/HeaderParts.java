package dev.secretvault.crypto;

import static dev.secretvault.crypto.IndependentReader.encode;
import static dev.secretvault.crypto.IndependentReader.expand;
import static dev.secretvault.crypto.IndependentReader.hmac;
import static dev.secretvault.crypto.IndependentReader.utf8;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A vault header in pieces, for tests that put wrong ones together: the attacker's tool, which also
 * makes the checksum right.
 */
final class HeaderParts {

  final byte[] vaultId;

  /** Each from its kind to its last byte. */
  final List<byte[]> slots;

  final byte[] sealedKeyring;
  final byte[] mac;

  HeaderParts(byte[] vaultId, List<byte[]> slots, byte[] sealedKeyring, byte[] mac) {
    this.vaultId = vaultId;
    this.slots = slots;
    this.sealedKeyring = sealedKeyring;
    this.mac = mac;
  }

  /** Of a keyring that is sealed here; {@link #toBytes(byte[])} makes the MAC. */
  static HeaderParts of(byte[] vaultId, List<byte[]> slots, byte[] rootKey, byte[] keyring)
      throws GeneralSecurityException {
    return new HeaderParts(vaultId, slots, sealKeyring(vaultId, rootKey, keyring), new byte[32]);
  }

  static HeaderParts of(byte[] header) {
    ByteBuffer in = ByteBuffer.wrap(header).position(10);
    byte[] vaultId = take(in, 16);
    List<byte[]> slots = new ArrayList<>();
    for (int count = in.get(); count > 0; count--) {
      slots.add(take(in, SlotParts.FRAMING_BYTES + (in.getShort(in.position() + 9) & 0xffff)));
    }
    byte[] sealedKeyring = take(in, in.getInt());
    return new HeaderParts(vaultId, slots, sealedKeyring, take(in, in.remaining()));
  }

  HeaderParts withSlots(List<byte[]> others) {
    return new HeaderParts(vaultId, others, sealedKeyring, mac);
  }

  byte[] toBytes() {
    int slotBytes = slots.stream().mapToInt(slot -> slot.length).sum();
    ByteBuffer out =
        ByteBuffer.allocate(27 + slotBytes + 4 + sealedKeyring.length + mac.length)
            .put(utf8("SVLT"))
            .putShort((short) 1)
            .putInt(0)
            .put(vaultId)
            .put((byte) slots.size());
    slots.forEach(out::put);
    out.putInt(sealedKeyring.length).put(sealedKeyring).put(mac);
    return withChecksum(out.array());
  }

  /** With the MAC that belongs to the root key: what only a holder of that key can make. */
  byte[] toBytes(byte[] rootKey) throws GeneralSecurityException {
    return withMac(toBytes(), rootKey);
  }

  static byte[] withMac(byte[] header, byte[] rootKey) throws GeneralSecurityException {
    byte[] covered = Arrays.copyOf(header, header.length - 32);
    Arrays.fill(covered, 6, 10, (byte) 0);
    byte[] macKey = expand(rootKey, encode(utf8("secretvault/1/header-mac")), 32);
    byte[] mac = hmac(macKey, covered);
    return withChecksum(
        ByteBuffer.allocate(header.length).put(header, 0, header.length - 32).put(mac).array());
  }

  static byte[] withChecksum(byte[] header) {
    return ByteBuffer.wrap(header.clone()).putInt(6, IndependentReader.checksum(header)).array();
  }

  static byte[] sealKeyring(byte[] vaultId, byte[] rootKey, byte[] keyring)
      throws GeneralSecurityException {
    byte[] label = utf8("secretvault/1/keyring");
    return encrypt(expand(rootKey, encode(label), 32), keyring, encode(label, vaultId));
  }

  /** A keyring in plaintext, whose other keys are made of the epochs' bytes. */
  static byte[] keyring(int generation, List<byte[]> epochs) throws GeneralSecurityException {
    ByteBuffer out = ByteBuffer.allocate(102 + 44 * epochs.size()).putInt(generation);
    for (String key : List.of("name", "audit", "passphrase")) {
      out.put(hmac(utf8(key), epochs.toArray(byte[][]::new)));
    }
    out.putShort((short) epochs.size());
    epochs.forEach(out::put);
    return out.array();
  }

  static byte[] epoch(int number, byte[] dataKey) {
    return ByteBuffer.allocate(44).putInt(number).putLong(0).put(dataKey).array();
  }

  static byte[] encrypt(byte[] key, byte[] plaintext, byte[] data) throws GeneralSecurityException {
    byte[] nonce = new byte[12];
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, nonce));
    cipher.updateAAD(data);
    byte[] sealed = cipher.doFinal(plaintext);
    return ByteBuffer.allocate(12 + sealed.length).put(nonce).put(sealed).array();
  }

  private static byte[] take(ByteBuffer in, int length) {
    byte[] taken = new byte[length];
    in.get(taken);
    return taken;
  }
}
