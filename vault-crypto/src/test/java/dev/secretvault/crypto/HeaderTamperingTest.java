package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.flip;
import static dev.secretvault.crypto.Tampering.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every change of one bit and of one byte's place, in a header for each kind of key, by a failing
 * disk and by an attacker who makes the checksum right.
 */
@Timeout(180)
final class HeaderTamperingTest {

  private static final byte[] VAULT_ID = Seeded.bytes(new Random(2), 16);
  private static final byte[] ROOT_KEY = Seeded.bytes(new Random(3), 32);
  private static final Identity RECORD = new Identity("", "s/1", 1, "value");

  private final Random random = new Random(1);

  static List<SlotKey> keys() throws Exception {
    return List.of(
        SlotKey.raw("key"), SlotKey.passphrase("key"), SlotKey.external("kms://é", VAULT_ID));
  }

  @ParameterizedTest
  @MethodSource("keys")
  void open_untouched_opens(SlotKey key) throws Exception {
    key.open(header(key)).close();
  }

  @ParameterizedTest
  @MethodSource("keys")
  void open_everyBitFlip_isDamaged(SlotKey key) throws Exception {
    byte[] header = header(key);
    assertThat(refusals(key, 8 * header.length, bit -> true, bit -> flip(header, bit)))
        .containsOnly(Map.entry(Reason.DAMAGED, 8 * header.length));
  }

  @ParameterizedTest
  @MethodSource("keys")
  void open_everyBitFlipWithTheChecksumMadeRight_isRefused(SlotKey key) throws Exception {
    byte[] header = header(key);
    int parameterBits = 8 * key.parameters().length;
    Map<Reason, Integer> expected = new EnumMap<>(Reason.class);
    // The version, but for the bit that makes it 0. The kind, but for the bits that make it another
    // known one: of 1 that is 3; of 2 it is 3; of 3 it is 2 and 1.
    expected.put(Reason.NEWER_FORMAT, 15 + (key.kind() == IndependentReader.EXTERNAL ? 6 : 7));
    // The slot's id, its salt, the commitment.
    int wrongKey = 8 * (8 + 32 + 32);
    switch (key.kind()) {
      case IndependentReader.RAW -> wrongKey += 8 * 16; // the vault ID
      case IndependentReader.PASSPHRASE -> {
        int outOfBounds = 3 * 32 - stretchingFlips();
        wrongKey += 8 * 16 + parameterBits - outOfBounds;
      }
      default -> {
        // The vault ID and what is wrapped, which only the external key can judge.
        int uriBits = 8 * IndependentReader.utf8("kms://é").length;
        int unavailable = 8 * 16 + parameterBits - 16 - uriBits;
        expected.put(Reason.KEY_UNAVAILABLE, unavailable);
        // The URI, and five bits of its length, which is 8: there are 68 bytes to be had, and one
        // has to be left for what is wrapped.
        wrongKey += uriBits + 5;
      }
    }
    expected.put(Reason.WRONG_KEY, wrongKey);
    int flips = 8 * (header.length - 4);
    expected.put(
        Reason.DAMAGED, flips - expected.values().stream().mapToInt(Integer::intValue).sum());

    IntPredicate notTheChecksum = bit -> bit < 8 * 6 || bit >= 8 * 10;
    IntFunction<byte[]> flipped = bit -> HeaderParts.withChecksum(flip(header, bit));
    if (key.kind() != IndependentReader.PASSPHRASE) {
      assertThat(refusals(key, 8 * header.length, notTheChecksum, flipped)).isEqualTo(expected);
      return;
    }
    // Behind the slot, it does not matter any more where the root key came from, and the raw key of
    // the other slot takes a thousandth of the time.
    int end = 8 * (27 + SlotParts.FRAMING_BYTES + 28 + 124);
    Map<Reason, Integer> seen = refusals(key, end, notTheChecksum, flipped);
    refusals(SlotKey.raw("another"), 8 * header.length, bit -> bit >= end, flipped)
        .forEach((reason, times) -> seen.merge(reason, times, Integer::sum));
    // In the raw slot: its kind, for a newer release but for the bit that makes it 3, and its id,
    // salt and commitment.
    expected.merge(Reason.NEWER_FORMAT, 7, Integer::sum);
    expected.merge(Reason.WRONG_KEY, 8 * (8 + 32 + 32), Integer::sum);
    expected.merge(Reason.DAMAGED, -7 - 8 * (8 + 32 + 32), Integer::sum);
    assertThat(seen).isEqualTo(expected);
  }

  /**
   * How many flips of memory, passes and lanes are not refused before anything is calculated. What
   * they make a reader calculate is bounded: together less than the most that one slot may ask for.
   */
  private static int stretchingFlips() throws Exception {
    byte[] parameters = SlotKey.argon2(SlotKey.LEAST_MEMORY, 1, 1);
    int stretching = 0;
    long kibibytes = 0;
    for (int bit = 0; bit < 3 * 32; bit++) {
      ByteBuffer flipped = ByteBuffer.wrap(flip(parameters, bit));
      long memory = flipped.getInt();
      long passes = flipped.getInt();
      long lanes = flipped.getInt();
      if (memory >= SlotKey.LEAST_MEMORY
          && memory <= 1 << 20
          && passes >= 1
          && passes <= 16
          && lanes >= 1
          && lanes <= 16) {
        stretching++;
        kibibytes += memory * passes;
      }
    }
    assertThat(kibibytes).isEqualTo(1_306_623L);
    assertThat(kibibytes).isLessThan(16L << 20);
    return stretching;
  }

  @ParameterizedTest
  @MethodSource("keys")
  void open_everyTruncation_isDamaged(SlotKey key) throws Exception {
    byte[] header = header(key);
    assertThat(
            refusals(key, header.length, length -> true, length -> Arrays.copyOf(header, length)))
        .containsOnly(Map.entry(Reason.DAMAGED, header.length));
    assertThat(
            refusals(
                key,
                header.length,
                length -> length >= 10,
                length -> HeaderParts.withChecksum(Arrays.copyOf(header, length))))
        .containsOnly(Map.entry(Reason.DAMAGED, header.length - 10));
  }

  @ParameterizedTest
  @MethodSource("keys")
  void open_everyExtensionByOneByte_isDamaged(SlotKey key) throws Exception {
    byte[] header = header(key);
    byte[] longer = Arrays.copyOf(header, header.length + 1);
    IntFunction<byte[]> extended =
        last -> {
          byte[] bytes = longer.clone();
          bytes[header.length] = (byte) last;
          return bytes;
        };
    assertThat(refusals(key, 256, last -> true, extended))
        .containsOnly(Map.entry(Reason.DAMAGED, 256));
    assertThat(
            refusals(
                key, 256, last -> true, last -> HeaderParts.withChecksum(extended.apply(last))))
        .containsOnly(Map.entry(Reason.DAMAGED, 256));
  }

  /** What follows moves by one: into another field, for most of them. */
  @ParameterizedTest
  @MethodSource("keys")
  void open_everyByteLeftOutOrDoubledWithTheChecksumMadeRight_isRefused(SlotKey key)
      throws Exception {
    byte[] header = header(key);
    IntPredicate notTheChecksum = at -> at < 6 || at >= 10;
    Map<Reason, Integer> leftOut =
        refusals(
            key,
            header.length,
            notTheChecksum,
            at -> HeaderParts.withChecksum(spliced(header, at, at + 1)));
    Map<Reason, Integer> doubled =
        refusals(
            key,
            header.length,
            notTheChecksum,
            at -> HeaderParts.withChecksum(spliced(header, at + 1, at)));
    assertThat(leftOut.values().stream().mapToInt(Integer::intValue).sum())
        .isEqualTo(header.length - 4);
    assertThat(doubled.values().stream().mapToInt(Integer::intValue).sum())
        .isEqualTo(header.length - 4);
    assertThat(leftOut).containsKey(Reason.DAMAGED).doesNotContainKey(Reason.UNKNOWN_EPOCH);
    assertThat(doubled).containsKey(Reason.DAMAGED).doesNotContainKey(Reason.UNKNOWN_EPOCH);
  }

  /** The bytes up to one place, and those from another on. */
  private static byte[] spliced(byte[] bytes, int to, int from) {
    return ByteBuffer.allocate(to + bytes.length - from)
        .put(bytes, 0, to)
        .put(bytes, from, bytes.length - from)
        .array();
  }

  /** By whoever has the MAC key and not the keyring's. */
  @Test
  void open_everyBitFlipOfTheSealedKeyringWithTheMacMadeRight_isDamaged() throws Exception {
    SlotKey key = SlotKey.raw("key");
    HeaderParts parts = HeaderParts.of(header(key));
    for (int bit = 0; bit < 8 * parts.sealedKeyring.length; bit++) {
      byte[] forged =
          new HeaderParts(parts.vaultId, parts.slots, flip(parts.sealedKeyring, bit), parts.mac)
              .toBytes(ROOT_KEY);
      assertThat(refusal("bit " + bit, () -> key.open(forged)))
          .as("bit %d", bit)
          .isEqualTo(Reason.DAMAGED);
    }
  }

  /** By whoever has the root key: even then a record opens as what it is, or not at all. */
  @Test
  void open_everyBitFlipOfTheKeyring_neverGivesAWrongPlaintext() throws Exception {
    SlotKey key = SlotKey.raw("key");
    List<byte[]> slots = List.of(key.slot(random, VAULT_ID, ROOT_KEY));
    byte[] keyring = keyring();
    byte[] sealed;
    try (Keyring opened = key.open(header(slots, keyring))) {
      sealed = RECORD.seal(opened, new byte[] {42});
    }
    int refused = 0;
    int unreadable = 0;
    int readable = 0;
    for (int bit = 0; bit < 8 * keyring.length; bit++) {
      byte[] header = header(slots, flip(keyring, bit));
      Keyring opened;
      try {
        opened = key.open(header);
      } catch (CryptoException e) {
        assertThat(e.reason()).isEqualTo(Reason.DAMAGED);
        refused++;
        continue;
      }
      try (opened) {
        assertThat(RECORD.open(opened, sealed)).containsExactly(42);
        readable++;
      } catch (CryptoException e) {
        assertThat(e.reason()).isIn(Reason.DAMAGED, Reason.UNKNOWN_EPOCH);
        unreadable++;
      }
    }
    // Refused: the bits that make the generation 0 or negative, the count, the signs of the epochs,
    // the bits that make the one the other, and the one that makes epoch 2 epoch 0.
    assertThat(refused).isEqualTo(2 + 16 + 2 + 2 + 1);
    // Unreadable: the newest epoch's number and data key.
    assertThat(unreadable).isEqualTo(31 - 1 + 256);
    assertThat(refused + unreadable + readable).isEqualTo(8 * keyring.length);
  }

  /** That of a passphrase has a raw slot as well. */
  private byte[] header(SlotKey key) throws Exception {
    List<byte[]> slots = new ArrayList<>();
    slots.add(key.slot(random, VAULT_ID, ROOT_KEY));
    if (key.kind() == IndependentReader.PASSPHRASE) {
      slots.add(SlotKey.raw("another").slot(random, VAULT_ID, ROOT_KEY));
    }
    return header(slots, keyring());
  }

  private static byte[] header(List<byte[]> slots, byte[] keyring) throws Exception {
    return HeaderParts.of(VAULT_ID, slots, ROOT_KEY, keyring).toBytes(ROOT_KEY);
  }

  private static byte[] keyring() throws Exception {
    Random random = new Random(4);
    return HeaderParts.keyring(
        1,
        List.of(
            HeaderParts.epoch(2, Seeded.bytes(random, 32)),
            HeaderParts.epoch(3, Seeded.bytes(random, 32))));
  }

  /** How often each reason was given, for all changes that are asked for. */
  private static Map<Reason, Integer> refusals(
      SlotKey key, int count, IntPredicate wanted, IntFunction<byte[]> change) throws Exception {
    int[] changes = IntStream.range(0, count).filter(wanted).toArray();
    return Tampering.refusals(changes.length, i -> key.open(change.apply(changes[i])));
  }
}
