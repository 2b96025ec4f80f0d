package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.assertRefused;
import static java.math.BigInteger.ZERO;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.crypto.tink.subtle.AesGcmJce;
import dev.secretvault.crypto.CryptoException.Reason;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * AES-GCM does not commit to its key: bytes can be made that open under two of them ("invisible
 * salamanders", Dodis, Grubbs, Ristenpart and Woodage 2018). Here they are made, and given to a
 * slot.
 */
@Timeout(60)
final class KeyCommitmentTest {

  private static final RecordIdentity RECORD = new RecordIdentity("", "s/1", 1, "value");

  private final Random random = new Random(1);
  private final byte[] vaultId = Seeded.bytes(random, 16);
  private final byte[] salt = Seeded.bytes(random, 32);
  private final byte[] data = HeaderParts.slotData(vaultId, salt);

  private final byte[] masterKey = Seeded.bytes(random, 32);
  private final byte[] otherMasterKey = Seeded.bytes(random, 32);

  @Test
  void decrypt_salamander_opensUnderTwoKeysInBareTink() throws Exception {
    for (int dataLength : new int[] {0, 1, 15, 16, 17, 90}) {
      byte[] key = Seeded.bytes(random, 32);
      byte[] otherKey = Seeded.bytes(random, 32);
      byte[] someData = Seeded.bytes(random, dataLength);
      byte[] salamander = salamander(key, otherKey, someData);

      byte[] plaintext = new AesGcmJce(key).decrypt(salamander, someData);
      byte[] otherPlaintext = new AesGcmJce(otherKey).decrypt(salamander, someData);

      assertThat(plaintext).hasSize(32).isNotEqualTo(otherPlaintext);
    }
  }

  @Test
  void open_slotThatDecryptsUnderTwoMasterKeys_opensForTheCommittedOneOnly() throws Exception {
    byte[] derived = HeaderParts.deriveSlot(vaultId, salt, masterKey);
    byte[] otherDerived = HeaderParts.deriveSlot(vaultId, salt, otherMasterKey);
    byte[] salamander = salamander(firstHalf(derived), firstHalf(otherDerived), data);
    byte[] rootKey = new AesGcmJce(firstHalf(derived)).decrypt(salamander, data);
    byte[] otherRootKey = new AesGcmJce(firstHalf(otherDerived)).decrypt(salamander, data);

    // Two vaults in one: but for the commitment, the slots are the same bytes.
    byte[] header = header(rootKey, HeaderParts.slot(salt, secondHalf(derived), salamander));
    byte[] otherHeader =
        header(otherRootKey, HeaderParts.slot(salt, secondHalf(otherDerived), salamander));

    try (Keyring keyring = open(masterKey, header);
        Keyring other = open(otherMasterKey, otherHeader)) {
      assertThat(keyring.open(RECORD, keyring.seal(RECORD, new byte[] {1}))).containsExactly(1);
      assertThat(other.open(RECORD, other.seal(RECORD, new byte[] {2}))).containsExactly(2);
    }
    // WRONG_KEY is what no matching commitment gives; a slot that was decrypted gives DAMAGED.
    assertRefused(Reason.WRONG_KEY, () -> open(otherMasterKey, header));
    assertRefused(Reason.WRONG_KEY, () -> open(masterKey, otherHeader));
  }

  /** The commitment says which key opens the slot, the MAC which root key the vault has. */
  @Test
  void open_salamanderInTwoSlotsWithBothCommitments_isOneVaultOnly() throws Exception {
    byte[] derived = HeaderParts.deriveSlot(vaultId, salt, masterKey);
    byte[] otherDerived = HeaderParts.deriveSlot(vaultId, salt, otherMasterKey);
    byte[] salamander = salamander(firstHalf(derived), firstHalf(otherDerived), data);
    byte[] rootKey = new AesGcmJce(firstHalf(derived)).decrypt(salamander, data);

    byte[] header =
        header(
            rootKey,
            HeaderParts.slot(salt, secondHalf(otherDerived), salamander),
            HeaderParts.slot(salt, secondHalf(derived), salamander));

    open(masterKey, header).close();
    assertRefused(Reason.DAMAGED, () -> open(otherMasterKey, header));
  }

  private byte[] header(byte[] rootKey, byte[]... slots) throws Exception {
    byte[] keyring =
        ByteBuffer.allocate(70 + 44)
            .putInt(1)
            .put(Seeded.bytes(random, 64))
            .putShort((short) 1)
            .putInt(1)
            .putLong(0)
            .put(Seeded.bytes(random, 32))
            .array();
    return new HeaderParts(
            vaultId,
            List.of(slots),
            HeaderParts.sealKeyring(vaultId, rootKey, keyring),
            new byte[32])
        .toBytes(rootKey);
  }

  private static Keyring open(byte[] masterKey, byte[] header) {
    return Keyring.open(MasterKey.fromBytes(masterKey), header);
  }

  /**
   * A nonce, two blocks and a tag that are genuine under both keys. The tag is {@code E(J0) +
   * GHASH(data, c1, c2, lengths)}, in which {@code c2} is multiplied by {@code H^2}: setting the
   * two tags equal leaves one linear equation for {@code c2} in GF(2^128).
   */
  private byte[] salamander(byte[] key, byte[] otherKey, byte[] data) throws Exception {
    byte[] nonce = Seeded.bytes(random, 12);
    byte[] first = Seeded.bytes(random, 16);
    BigInteger h = hashKey(key);
    BigInteger otherH = hashKey(otherKey);
    BigInteger difference =
        tag(key, nonce, data, first, ZERO).xor(tag(otherKey, nonce, data, first, ZERO));
    BigInteger second = times(difference, inverse(times(h, h).xor(times(otherH, otherH))));
    return ByteBuffer.allocate(12 + 32 + 16)
        .put(nonce)
        .put(first)
        .put(bytes(second))
        .put(bytes(tag(key, nonce, data, first, second)))
        .array();
  }

  private static BigInteger tag(
      byte[] key, byte[] nonce, byte[] data, byte[] first, BigInteger second) throws Exception {
    BigInteger h = hashKey(key);
    BigInteger hash = ZERO;
    for (int at = 0; at < data.length; at += 16) {
      hash = times(hash.xor(number(Arrays.copyOfRange(data, at, at + 16))), h);
    }
    hash = times(hash.xor(number(first)), h);
    hash = times(hash.xor(second), h);
    BigInteger lengths = BigInteger.valueOf(8L * data.length).shiftLeft(64);
    hash = times(hash.xor(lengths.or(BigInteger.valueOf(8 * 32))), h);
    return hash.xor(number(aes(key, ByteBuffer.allocate(16).put(nonce).putInt(1).array())));
  }

  /** The product in the field of SP 800-38D, section 6.3; a number's highest bit is bit 0 there. */
  private static BigInteger times(BigInteger x, BigInteger y) {
    BigInteger product = ZERO;
    BigInteger shifted = y;
    for (int bit = 127; bit >= 0; bit--) {
      if (x.testBit(bit)) {
        product = product.xor(shifted);
      }
      boolean carry = shifted.testBit(0);
      shifted = shifted.shiftRight(1);
      if (carry) {
        shifted = shifted.xor(BigInteger.valueOf(0xe1).shiftLeft(120));
      }
    }
    return product;
  }

  /** {@code x^(2^128 - 2)}. */
  private static BigInteger inverse(BigInteger x) {
    BigInteger square = times(x, x);
    BigInteger result = square;
    for (int i = 0; i < 126; i++) {
      square = times(square, square);
      result = times(result, square);
    }
    return result;
  }

  private static BigInteger hashKey(byte[] key) throws Exception {
    return number(aes(key, new byte[16]));
  }

  private static byte[] aes(byte[] key, byte[] block) throws Exception {
    Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
    cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"));
    return cipher.doFinal(block);
  }

  private static BigInteger number(byte[] block) {
    return new BigInteger(1, block);
  }

  private static byte[] bytes(BigInteger number) {
    byte[] block = new byte[16];
    for (int i = 0; i < 16; i++) {
      block[i] = number.shiftRight(8 * (15 - i)).byteValue();
    }
    return block;
  }

  private static byte[] firstHalf(byte[] derived) {
    return Arrays.copyOf(derived, 32);
  }

  private static byte[] secondHalf(byte[] derived) {
    return Arrays.copyOfRange(derived, 32, 64);
  }
}
