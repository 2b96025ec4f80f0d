package dev.secretvault.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * Reads a vault by the text of {@code docs/FORMAT.md}, section 2, with what the JDK brings along,
 * an Argon2id, and no class of this module: what it can do, a program in another language can.
 */
final class IndependentReader {

  static final int RAW = 1;
  static final int PASSPHRASE = 2;
  static final int EXTERNAL = 3;

  private final byte[] vaultId;
  private final byte[] nameKey;
  private final byte[] auditKey;
  private final byte[] passphraseKey;
  private final Map<Integer, byte[]> dataKeys = new HashMap<>();

  /** What unlocks a vault: gives the secret of a slot, or null if the slot is not for it. */
  interface Unlock {
    byte[] secretOf(int kind, byte[] vaultId, byte[] parameters) throws GeneralSecurityException;
  }

  /** Section 2.3: the secret of a slot is the key itself. */
  static Unlock raw(byte[] masterKey) {
    return (kind, vaultId, parameters) -> kind == RAW ? masterKey : null;
  }

  /** Section 2.3: Argon2id of the passphrase. */
  static Unlock passphrase(String passphrase) {
    return (kind, vaultId, parameters) ->
        kind == PASSPHRASE ? stretch(passphrase, parameters) : null;
  }

  /** Section 2.3, for a key that is AES-256-GCM in the form of section 2.1. */
  static Unlock external(byte[] key, String uri) {
    return (kind, vaultId, parameters) -> {
      if (kind != EXTERNAL) {
        return null;
      }
      ByteBuffer in = ByteBuffer.wrap(parameters);
      byte[] name = take(in, in.getShort());
      byte[] wrapped = take(in, in.remaining());
      byte[] data = encode(utf8("secretvault/1/external"), vaultId, utf8(uri));
      return Arrays.equals(name, utf8(uri)) ? decrypt(key, wrapped, data) : null;
    };
  }

  /** Section 2.3. */
  IndependentReader(Unlock unlock, byte[] header) throws GeneralSecurityException {
    ByteBuffer in = ByteBuffer.wrap(header);
    require(in.getInt() == 0x53564c54, "magic");
    require(in.getShort() == 1, "version");
    require(in.getInt() == checksum(header), "checksum");
    vaultId = take(in, 16);
    int slots = in.get();
    require(slots >= 1 && slots <= 16, "slots");
    byte[] rootKey = null;
    Set<Long> ids = new HashSet<>();
    for (; slots > 0; slots--) {
      int kind = in.get() & 0xff;
      byte[] id = take(in, 8);
      require(ids.add(ByteBuffer.wrap(id).getLong()), "slot id");
      byte[] slot = take(in, in.getShort() & 0xffff);
      if (kind >= RAW && kind <= EXTERNAL) {
        int parameterBytes = slot.length - 124;
        require(parameterBytes >= 0, "slot");
        requireParameters(kind, Arrays.copyOf(slot, parameterBytes));
        if (rootKey == null) {
          rootKey = rootKey(unlock, kind, id, slot, parameterBytes);
        }
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
    auditKey = take(keyring, 32);
    passphraseKey = take(keyring, 32);
    int epochs = keyring.getShort() & 0xffff;
    require(epochs >= 1 && epochs <= 1000, "epochs");
    for (; epochs > 0; epochs--) {
      int epoch = keyring.getInt();
      keyring.getLong();
      require(epoch >= 1 && dataKeys.put(epoch, take(keyring, 32)) == null, "epoch");
    }
    require(!keyring.hasRemaining(), "keyring");
  }

  private static void requireParameters(int kind, byte[] parameters)
      throws GeneralSecurityException {
    ByteBuffer in = ByteBuffer.wrap(parameters);
    switch (kind) {
      case RAW -> require(parameters.length == 0, "raw slot");
      case PASSPHRASE -> {
        require(parameters.length == 28, "passphrase slot");
        requireArgon2(in.getInt(), in.getInt(), in.getInt());
      }
      default -> {
        require(parameters.length >= 2, "external slot");
        int uri = take(in, in.getShort() & 0xffff).length;
        require(uri >= 1 && uri <= 1024, "URI");
        require(in.remaining() >= 1 && in.remaining() <= 8192, "wrapped secret");
      }
    }
  }

  private byte[] rootKey(Unlock unlock, int kind, byte[] id, byte[] slot, int parameterBytes)
      throws GeneralSecurityException {
    ByteBuffer in = ByteBuffer.wrap(slot);
    byte[] parameters = take(in, parameterBytes);
    byte[] salt = take(in, 32);
    byte[] commitment = take(in, 32);
    byte[] secret = unlock.secretOf(kind, vaultId, parameters);
    if (secret == null) {
      return null;
    }
    require(secret.length == 32, "secret");
    byte[] info = encode(utf8("secretvault/1/slot"), vaultId, u32(kind), id, parameters, salt);
    byte[] derived = expand(hmac(salt, secret), info, 64);
    return MessageDigest.isEqual(commitment, Arrays.copyOfRange(derived, 32, 64))
        ? decrypt(Arrays.copyOf(derived, 32), take(in, 60), info)
        : null;
  }

  /** Section 2.4. */
  byte[] open(String namespace, String key, long revision, String purpose, byte[] sealed)
      throws GeneralSecurityException {
    ByteBuffer in = ByteBuffer.wrap(sealed);
    require(in.get() == 1, "version");
    int epoch = in.getInt();
    require(dataKeys.containsKey(epoch), "epoch");
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

  /** Section 2.5. */
  byte[] auditMac(String namespace, String purpose, byte[] content)
      throws GeneralSecurityException {
    return hmac(
        auditKey,
        encode(utf8("secretvault/1/audit"), vaultId, utf8(namespace), utf8(purpose), content));
  }

  /** Section 2.6. */
  byte[] unprotect(String namespace, String key, String passphrase, byte[] sealed)
      throws GeneralSecurityException {
    ByteBuffer in = ByteBuffer.wrap(sealed);
    require(in.remaining() >= 89 && in.get() == 1, "version");
    byte[] parameters = take(in, 28);
    byte[] commitment = take(in, 32);
    byte[] info =
        encode(utf8("secretvault/1/passphrase"), vaultId, utf8(namespace), utf8(key), parameters);
    byte[] derived = expand(hmac(passphraseKey, stretch(passphrase, parameters)), info, 64);
    require(MessageDigest.isEqual(commitment, Arrays.copyOfRange(derived, 32, 64)), "passphrase");
    return decrypt(Arrays.copyOf(derived, 32), take(in, in.remaining()), info);
  }

  /** Section 2.1. */
  static byte[] stretch(String passphrase, byte[] parameters) throws GeneralSecurityException {
    ByteBuffer in = ByteBuffer.wrap(parameters);
    int memory = in.getInt();
    int passes = in.getInt();
    int lanes = in.getInt();
    requireArgon2(memory, passes, lanes);
    Argon2BytesGenerator argon2 = new Argon2BytesGenerator();
    argon2.init(
        new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
            .withVersion(0x13)
            .withMemoryAsKB(memory)
            .withIterations(passes)
            .withParallelism(lanes)
            .withSalt(take(in, 16))
            .build());
    byte[] stretched = new byte[32];
    argon2.generateBytes(utf8(Normalizer.normalize(passphrase, Normalizer.Form.NFC)), stretched);
    return stretched;
  }

  private static void requireArgon2(int memory, int passes, int lanes)
      throws GeneralSecurityException {
    require(memory >= 7 << 10 && memory <= 1 << 20, "memory");
    require(passes >= 1 && passes <= 16, "passes");
    require(lanes >= 1 && lanes <= 16, "lanes");
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

  static byte[] decrypt(byte[] key, byte[] sealed, byte[] data) throws GeneralSecurityException {
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
