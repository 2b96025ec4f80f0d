package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.assertRefused;
import static dev.secretvault.crypto.Tampering.flip;
import static dev.secretvault.crypto.Tampering.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a header on a failing disk, and of one made by an attacker without the key. */
@Timeout(60)
final class VaultHeaderTest {

  private static final int CHECKSUM_FROM_BIT = 6 * 8;
  private static final int CHECKSUM_TO_BIT = 10 * 8;
  private static final Identity RECORD = new Identity("", "s/1", 1, "value");

  private final byte[] masterKey = Seeded.bytes(new Random(1), MasterKey.BYTES);
  private final byte[] header = create(masterKey);

  @Test
  void open_rightKey_hasTheSameKeys() {
    try (Keyring created = Keyring.create(MasterKey.fromBytes(masterKey));
        Keyring opened = Keyring.open(MasterKey.fromBytes(masterKey), created.header())) {
      assertThat(opened.header()).isEqualTo(created.header());
      assertThat(opened.token("a")).isEqualTo(created.token("a"));
      assertThat(RECORD.open(opened, RECORD.seal(created, new byte[] {1}))).containsExactly(1);
      assertThat(RECORD.open(created, RECORD.seal(opened, new byte[] {2}))).containsExactly(2);
    }
  }

  @Test
  void create_sameKeyTwice_sharesNothing() {
    byte[] other = create(masterKey);
    HeaderParts one = HeaderParts.of(header);
    HeaderParts two = HeaderParts.of(other);
    assertThat(other).hasSameSizeAs(header);
    assertThat(one.vaultId).isNotEqualTo(two.vaultId);
    assertThat(salt(one)).isNotEqualTo(salt(two));
    assertThat(one.sealedKeyring).isNotEqualTo(two.sealedKeyring);
  }

  @Test
  void vaultId_ofAnyStateOfAVault_isTheSame() {
    byte[] id = HeaderParts.of(header).vaultId;
    assertThat(Keyring.vaultId(header)).isEqualTo(id);
    try (Keyring keyring = Keyring.open(MasterKey.fromBytes(masterKey), header);
        KeyringChange change = keyring.rotate(Instant.EPOCH)) {
      assertThat(Keyring.vaultId(change.header())).isEqualTo(id);
    }
    Arrays.fill(Keyring.vaultId(header), (byte) 0);
    assertThat(Keyring.vaultId(header)).isEqualTo(id);
  }

  @Test
  void vaultId_anyBitFlipped_isRefused() {
    for (int bit = 0; bit < header.length * 8; bit++) {
      byte[] flipped = flip(header, bit);
      assertThat(refusal("bit " + bit, () -> Keyring.vaultId(flipped))).isEqualTo(Reason.DAMAGED);
    }
  }

  @Test
  void header_holdsNoKey() {
    assertThat(HexFormat.of().formatHex(header))
        .doesNotContain(HexFormat.of().formatHex(masterKey));
  }

  @Test
  void header_arrayOverwritten_leavesTheKeyringsOwn() {
    byte[] given = header.clone();
    try (Keyring keyring = Keyring.open(MasterKey.fromBytes(masterKey), given)) {
      Arrays.fill(given, (byte) 0);
      Arrays.fill(keyring.header(), (byte) 0);
      assertThat(keyring.header()).isEqualTo(header);
    }
  }

  @Test
  void open_everyKeyThatDiffersInOneBit_isWrongKey() {
    for (int bit = 0; bit < 8 * masterKey.length; bit++) {
      byte[] wrong = flip(masterKey, bit);
      assertRefused(Reason.WRONG_KEY, () -> Keyring.open(MasterKey.fromBytes(wrong), header));
    }
  }

  @Test
  void open_wrongKey_saysWhatToDoAndNothingOfTheKey() {
    byte[] wrong = flip(masterKey, 0);
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> Keyring.open(MasterKey.fromBytes(wrong), header))
        .withMessageContaining("give one that it was created with")
        .withNoCause();
  }

  @Test
  void open_everyBitFlip_isDamaged() {
    for (int bit = 0; bit < 8 * header.length; bit++) {
      byte[] flipped = flip(header, bit);
      assertThat(refusal("bit " + bit, () -> open(flipped)))
          .as("bit %d", bit)
          .isEqualTo(Reason.DAMAGED);
    }
  }

  /** Also with a wrong key: damage is told apart from it before any key is used. */
  @Test
  void open_everyBitFlipAndWrongKey_isDamaged() {
    byte[] wrong = flip(masterKey, 5);
    for (int bit = 0; bit < 8 * header.length; bit++) {
      byte[] flipped = flip(header, bit);
      assertThat(refusal("bit " + bit, () -> Keyring.open(MasterKey.fromBytes(wrong), flipped)))
          .as("bit %d", bit)
          .isEqualTo(Reason.DAMAGED);
    }
  }

  @Test
  void open_everyTruncation_isDamaged() {
    for (int length = 0; length < header.length; length++) {
      byte[] cut = Arrays.copyOf(header, length);
      assertThat(refusal(length + " bytes", () -> open(cut)))
          .as("%d bytes", length)
          .isEqualTo(Reason.DAMAGED);
      if (length >= 10) {
        byte[] mended = HeaderParts.withChecksum(cut);
        assertThat(refusal(length + " bytes, right checksum", () -> open(mended)))
            .as("%d bytes, right checksum", length)
            .isEqualTo(Reason.DAMAGED);
      }
    }
  }

  @Test
  void open_everyFirstByteMissing_isDamaged() {
    for (int from = 1; from < header.length; from++) {
      byte[] cut = Arrays.copyOfRange(header, from, header.length);
      assertRefused(Reason.DAMAGED, () -> open(cut));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 31, 32, 33, 128, 1 << 10, 1 << 20, 1 << 21})
  void open_extended_isDamaged(int more) {
    byte[] extended = Arrays.copyOf(header, header.length + more);
    assertRefused(Reason.DAMAGED, () -> open(extended));
    assertRefused(Reason.DAMAGED, () -> open(HeaderParts.withChecksum(extended)));
  }

  /** The attacker makes the checksum right; the keys decide then. */
  @Test
  void open_everyBitFlipWithTheChecksumMadeRight_isRefused() {
    Map<Reason, Integer> seen = new EnumMap<>(Reason.class);
    for (int bit = 0; bit < 8 * header.length; bit++) {
      if (bit < CHECKSUM_FROM_BIT || bit >= CHECKSUM_TO_BIT) {
        byte[] flipped = HeaderParts.withChecksum(flip(header, bit));
        seen.merge(refusal("bit " + bit, () -> open(flipped)), 1, Integer::sum);
      }
    }
    assertThat(header[27]).as("kind of the slot").isEqualTo((byte) 1);
    assertThat(seen)
        .containsOnly(
            // The version's bits but the one that makes it 0; the kind's but the one that makes it
            // 3: with another, there is no slot that this release knows.
            Map.entry(Reason.NEWER_FORMAT, 15 + 7),
            // Vault ID, the slot's id, salt and commitment: with any other, the key is not the
            // slot's.
            Map.entry(Reason.WRONG_KEY, 8 * (16 + 8 + 32 + 32)),
            // Magic, version 0, slot count, kind 3, slot length, sealed root key, keyring and its
            // length, MAC.
            Map.entry(
                Reason.DAMAGED,
                4 * 8
                    + 1
                    + 8
                    + 1
                    + 16
                    + 8 * (60 + 4 + HeaderParts.of(header).sealedKeyring.length + 32)));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 255, 256, 257, 0x7fff, 0x8000, 0xffff})
  void open_newerVersion_isNewerFormatAndNamesIt(int version) {
    byte[] newer = withVersion(header, version);
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> open(newer))
        .withMessageContaining("version " + version + ",")
        .withMessageContaining("upgrade")
        .extracting(CryptoException::reason)
        .isEqualTo(Reason.NEWER_FORMAT);
  }

  /** All that a newer version has to keep is the place of the magic, the version, the checksum. */
  @Test
  void open_newerVersionWithAnythingBehind_isNewerFormat() {
    Random random = Seeded.random("open_newerVersionWithAnythingBehind_isNewerFormat");
    for (int length = 10; length < 500; length++) {
      byte[] newer = Seeded.bytes(random, length);
      System.arraycopy(header, 0, newer, 0, 4);
      byte[] whole = withVersion(newer, 2);
      assertRefused(Reason.NEWER_FORMAT, () -> open(whole));
      assertRefused(Reason.DAMAGED, () -> open(flip(whole, 8 * 4)));
    }
  }

  @Test
  void open_version0_isDamaged() {
    assertRefused(Reason.DAMAGED, () -> open(withVersion(header, 0)));
  }

  @Test
  void open_randomBytes_neverEndsInAnythingButARefusal() {
    Random random = Seeded.random("open_randomBytes_neverEndsInAnythingButARefusal");
    for (int i = 0; i < 40_000; i++) {
      byte[] bytes = Seeded.bytes(random, random.nextInt(500));
      if (i % 2 == 0 && bytes.length >= 10) {
        // Past the first two checks, into the fields.
        System.arraycopy(header, 0, bytes, 0, 6);
        bytes = HeaderParts.withChecksum(bytes);
      }
      if (i % 4 == 0 && bytes.length >= 38) {
        System.arraycopy(header, 26, bytes, 26, 12);
        bytes = HeaderParts.withChecksum(bytes);
      }
      byte[] given = bytes;
      refusal("input " + i, () -> open(given));
    }
  }

  @Test
  void open_mutatedHeaders_neverEndsInAnythingButARefusal() {
    Random random = Seeded.random("open_mutatedHeaders_neverEndsInAnythingButARefusal");
    Map<Reason, Integer> refused = new EnumMap<>(Reason.class);
    for (int i = 0; i < 60_000; i++) {
      byte[] mutated = mutate(random, header);
      byte[] given =
          random.nextInt(4) == 0 || mutated.length < 10
              ? mutated
              : HeaderParts.withChecksum(mutated);
      if (!Arrays.equals(given, header)) {
        refused.merge(refusal("input " + i, () -> open(given)), 1, Integer::sum);
      }
    }
    // They went deep: a good part passed the checksum and the layout.
    assertThat(refused).containsOnlyKeys(Reason.DAMAGED, Reason.WRONG_KEY, Reason.NEWER_FORMAT);
    assertThat(refused.get(Reason.WRONG_KEY)).isGreaterThan(3_000);
  }

  private static byte[] mutate(Random random, byte[] header) {
    byte[] bytes = header.clone();
    for (int times = 1 + random.nextInt(4); times > 0; times--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(6)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> bytes = Arrays.copyOf(bytes, 1 + at);
        case 3 -> bytes = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(40));
        case 4 -> // the fields that the layout hangs on
            bytes[Math.min(26 + random.nextInt(12), bytes.length - 1)] = (byte) random.nextInt(256);
        default -> {
          int from = random.nextInt(bytes.length);
          int length = Math.min(random.nextInt(64), bytes.length - Math.max(from, at));
          System.arraycopy(bytes.clone(), from, bytes, at, length);
        }
      }
    }
    return bytes;
  }

  private Keyring open(byte[] given) {
    return Keyring.open(MasterKey.fromBytes(masterKey), given);
  }

  private static byte[] withVersion(byte[] header, int version) {
    return HeaderParts.withChecksum(
        ByteBuffer.wrap(header.clone()).putShort(4, (short) version).array());
  }

  private static byte[] salt(HeaderParts parts) {
    return Arrays.copyOfRange(parts.slots.get(0), 11, 43);
  }

  private static byte[] create(byte[] masterKey) {
    try (Keyring keyring = Keyring.create(MasterKey.fromBytes(masterKey))) {
      return keyring.header();
    }
  }
}
