package dev.secretvault.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Reads a vault by the text of {@code docs/FORMAT.md}, section 2, with what the JDK brings along
 * and no class of this module: what it can do, a program in another language can.
 */
final class IndependentReader {

  private final byte[] vaultId;
  private final byte[] nameKey;
  private final Map<Integer, byte[]> dataKeys = new HashMap<>();

  /** Section 2.3. */
  IndependentReader(byte[] masterKey, byte[] header) throws GeneralSecurityException {
    ByteBuffer in = ByteBuffer.wrap(header);
    require(in.getInt() == 0x53564c54, "magic");
    require(in.getShort() == 1, "version");
    require(in.getInt() == checksum(header), "checksum");
    vaultId = take(in, 16);
    byte[] rootKey = null;
    int slots = in.get();
    require(slots >= 1 && slots <= 16, "slots");
    for (; slots > 0; slots--) {
      byte kind = in.get();
      byte[] slot = take(in, in.getShort());
      require(kind == 1 && slot.length == 124, "slot");
      byte[] salt = Arrays.copyOfRange(slot, 0, 32);
      byte[] info = encode(utf8("secretvault/1/slot"), vaultId, u32(kind), salt);
      byte[] derived = expand(hmac(salt, masterKey), info, 64);
      byte[] commitment = Arrays.copyOfRange(slot, 32, 64);
      if (rootKey == null
          && MessageDigest.isEqual(commitment, Arrays.copyOfRange(derived, 32, 64))) {
        rootKey = decrypt(Arrays.copyOf(derived, 32), Arrays.copyOfRange(slot, 64, 124), info);
      }
    }
    require(rootKey != null, "master key");
    byte[] sealedKeyring = take(in, in.getInt());
    byte[] mac = take(in, 32);
    require(!in.hasRemaining(), "length");

    byte[] covered = Arrays.copyOf(header, header.length - 32);
    Arrays.fill(covered, 6, 10, (byte) 0);
    byte[] macKey = expand(rootKey, encode(utf8("secretvault/1/header-mac")), 32);
    require(MessageDigest.isEqual(hmac(macKey, covered), mac), "MAC");

    byte[] label = utf8("secretvault/1/keyring");
    byte[] keyringKey = expand(rootKey, encode(label), 32);
    ByteBuffer keyring =
        ByteBuffer.wrap(decrypt(keyringKey, sealedKeyring, encode(label, vaultId)));
    require(keyring.getInt() >= 1, "generation");
    nameKey = take(keyring, 32);
    take(keyring, 32);
    for (int epochs = keyring.getShort() & 0xffff; epochs > 0; epochs--) {
      int epoch = keyring.getInt();
      keyring.getLong();
      require(epoch >= 1 && dataKeys.put(epoch, take(keyring, 32)) == null, "epoch");
    }
    require(!dataKeys.isEmpty() && !keyring.hasRemaining(), "keyring");
  }

  /** Section 2.4. */
  byte[] open(String namespace, String key, long revision, String purpose, byte[] sealed)
      throws GeneralSecurityException {
    ByteBuffer in = ByteBuffer.wrap(sealed);
    require(in.get() == 1, "version");
    int epoch = in.getInt();
    byte[] info = encode(utf8("secretvault/1/record"), vaultId, utf8(namespace), utf8(key));
    byte[] data =
        encode(
            utf8("secretvault/1/sealed"),
            vaultId,
            utf8(namespace),
            utf8(key),
            ByteBuffer.allocate(8).putLong(revision).array(),
            u32(epoch),
            utf8(purpose));
    return decrypt(expand(dataKeys.get(epoch), info, 32), take(in, in.remaining()), data);
  }

  /** Section 2.5. */
  String token(String... parts) throws GeneralSecurityException {
    byte[][] encoded = Arrays.stream(parts).map(IndependentReader::utf8).toArray(byte[][]::new);
    byte[] digest = hmac(nameKey, encode(encoded));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(digest, 16));
  }

  /** Section 2.1. */
  static byte[] encode(byte[]... parts) {
    ByteBuffer out = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(p -> 4 + p.length).sum());
    for (byte[] part : parts) {
      out.putInt(part.length).put(part);
    }
    return out.array();
  }

  static byte[] utf8(String text) {
    return text.getBytes(UTF_8);
  }

  static byte[] u32(int number) {
    return ByteBuffer.allocate(4).putInt(number).array();
  }

  static int checksum(byte[] header) {
    CRC32C crc = new CRC32C();
    crc.update(header, 0, 6);
    crc.update(header, 10, header.length - 10);
    return (int) crc.getValue();
  }

  static byte[] hmac(byte[] key, byte[]... message) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    for (byte[] part : message) {
      mac.update(part);
    }
    return mac.doFinal();
  }

  /** RFC 5869, section 2.3. Its section 2.2 is {@code hmac(salt, input)}. */
  static byte[] expand(byte[] pseudorandomKey, byte[] info, int length)
      throws GeneralSecurityException {
    ByteBuffer out = ByteBuffer.allocate(length);
    byte[] block = new byte[0];
    for (byte i = 1; out.hasRemaining(); i++) {
      block = hmac(pseudorandomKey, block, info, new byte[] {i});
      out.put(block, 0, Math.min(32, out.remaining()));
    }
    return out.array();
  }

  private static byte[] decrypt(byte[] key, byte[] sealed, byte[] data)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        Cipher.DECRYPT_MODE,
        new SecretKeySpec(key, "AES"),
        new GCMParameterSpec(128, sealed, 0, 12));
    cipher.updateAAD(data);
    return cipher.doFinal(sealed, 12, sealed.length - 12);
  }

  private static byte[] take(ByteBuffer in, int length) throws GeneralSecurityException {
    require(length >= 0 && length <= in.remaining(), "length");
    byte[] taken = new byte[length];
    in.get(taken);
    return taken;
  }

  private static void require(boolean holds, String what) throws GeneralSecurityException {
    if (!holds) {
      throw new GeneralSecurityException(what);
    }
  }
}
