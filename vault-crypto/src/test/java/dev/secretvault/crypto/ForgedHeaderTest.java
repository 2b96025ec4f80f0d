package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.assertRefused;
import static dev.secretvault.crypto.Tampering.flip;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Headers put together from pieces that are each genuine, and headers that no release writes. */
@Timeout(60)
final class ForgedHeaderTest {

  private static final Identity RECORD = new Identity("", "s/1", 1, "value");

  private final Random random = new Random(1);
  private final byte[] masterKey = Seeded.bytes(random, MasterKey.BYTES);
  private final byte[] vaultId = Seeded.bytes(random, 16);
  private final byte[] rootKey = Seeded.bytes(random, 32);

  /** Two vaults under one master key: all of each other's pieces decrypt, in their own place. */
  @ParameterizedTest
  @MethodSource("swaps")
  void open_piecesOfTwoVaults_isRefused(boolean id, boolean slot, boolean keyring, boolean mac) {
    HeaderParts one = HeaderParts.of(create());
    HeaderParts two = HeaderParts.of(create());
    byte[] mixed =
        new HeaderParts(
                (id ? two : one).vaultId,
                (slot ? two : one).slots,
                (keyring ? two : one).sealedKeyring,
                (mac ? two : one).mac)
            .toBytes();

    // A slot belongs to its vault's ID; without the two together, no key is its key.
    assertRefused(id == slot ? Reason.DAMAGED : Reason.WRONG_KEY, () -> open(mixed));
  }

  /** All mixtures but the two that are one vault. */
  static List<Object[]> swaps() {
    List<Object[]> swaps = new ArrayList<>();
    for (int i = 1; i < 15; i++) {
      swaps.add(new Object[] {(i & 1) != 0, (i & 2) != 0, (i & 4) != 0, (i & 8) != 0});
    }
    return swaps;
  }

  @Test
  void open_slotAddedTwiceOrRemoved_isRefused() {
    HeaderParts one = HeaderParts.of(create());
    byte[] slot = one.slots.get(0);
    for (int count : new int[] {0, 2, 3, 16, 17, 127, 128, 255}) {
      byte[] forged = one.withSlots(Collections.nCopies(count, slot)).toBytes();
      assertRefused(Reason.DAMAGED, () -> open(forged));
    }
  }

  /** A copy under an id of its own belongs to nobody; beside the right one, the MAC shows it. */
  @Test
  void open_slotCopiedUnderAnotherId_isRefused() {
    HeaderParts one = HeaderParts.of(create());
    byte[] slot = one.slots.get(0);
    byte[] copy = flip(slot, 8);
    byte[] alone = one.withSlots(List.of(copy)).toBytes();
    byte[] before = one.withSlots(List.of(copy, slot)).toBytes();
    byte[] behind = one.withSlots(List.of(slot, copy)).toBytes();
    assertRefused(Reason.WRONG_KEY, () -> open(alone));
    assertRefused(Reason.DAMAGED, () -> open(before));
    assertRefused(Reason.DAMAGED, () -> open(behind));
  }

  /** Someone who can write the store, but not unlock it, puts in a slot for a key of their own. */
  @Test
  void open_slotOfAnAttackerAdded_isDamagedForTheOwnerAndForTheAttacker() throws Exception {
    HeaderParts genuine = HeaderParts.of(create());
    byte[] attackersKey = Seeded.bytes(random, 32);
    byte[] attackersSlot = slot(genuine.vaultId, attackersKey, Seeded.bytes(random, 32));
    byte[] forged = genuine.withSlots(List.of(attackersSlot, genuine.slots.get(0))).toBytes();

    assertRefused(Reason.DAMAGED, () -> open(forged));
    assertRefused(Reason.DAMAGED, () -> Keyring.open(MasterKey.fromBytes(attackersKey), forged));
  }

  @Test
  void open_severalSlots_anyOneOpens() throws Exception {
    byte[] secondKey = Seeded.bytes(random, 32);
    byte[] keyring = keyring(List.of(epoch(1)));
    for (int count = 2; count <= 16; count++) {
      List<byte[]> slots = new ArrayList<>();
      for (int i = 2; i < count; i++) {
        slots.add(slot(vaultId, Seeded.bytes(random, 32), rootKey));
      }
      slots.add(slot(vaultId, masterKey, rootKey));
      slots.add(slot(vaultId, secondKey, rootKey));
      Collections.shuffle(slots, random);
      byte[] header = header(slots, keyring);

      try (Keyring one = open(header);
          Keyring two = Keyring.open(MasterKey.fromBytes(secondKey), header)) {
        assertThat(RECORD.open(two, RECORD.seal(one, new byte[] {1}))).containsExactly(1);
      }
      assertRefused(
          Reason.WRONG_KEY, () -> Keyring.open(MasterKey.fromBytes(flip(masterKey, 7)), header));
    }
  }

  @Test
  void open_seventeenSlots_isDamaged() throws Exception {
    List<byte[]> slots = new ArrayList<>();
    for (int i = 0; i < 17; i++) {
      slots.add(slot(vaultId, masterKey, rootKey));
    }
    byte[] sixteen = header(slots.subList(0, 16), keyring(List.of(epoch(1))));
    byte[] seventeen = header(slots, keyring(List.of(epoch(1))));
    open(sixteen).close();
    assertRefused(Reason.DAMAGED, () -> open(seventeen));
  }

  /** A raw slot is none of the kinds that are known besides; others are for newer releases. */
  @Test
  void open_slotOfEveryOtherKind_isRefused() throws Exception {
    byte[] slot = slot(vaultId, masterKey, rootKey);
    for (int kind = 0; kind < 256; kind++) {
      if (kind != 1) {
        slot[0] = (byte) kind;
        byte[] header = header(List.of(slot), keyring(List.of(epoch(1))));
        boolean known = kind == 2 || kind == 3;
        assertThat(Tampering.refusal("kind " + kind, () -> open(header)))
            .as("kind %d", kind)
            .isEqualTo(known ? Reason.DAMAGED : Reason.NEWER_FORMAT);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 63, 64, 123, 125, 200, 0xffff})
  void open_rawSlotOfAnotherLength_isDamaged(int length) throws Exception {
    byte[] slot = slot(vaultId, masterKey, rootKey);
    byte[] another = Arrays.copyOf(slot, SlotParts.FRAMING_BYTES + length);
    ByteBuffer.wrap(another).putShort(9, (short) length);
    byte[] header = header(List.of(another), keyring(List.of(epoch(1))));
    assertRefused(Reason.DAMAGED, () -> open(header));
  }

  /** Whether or not an earlier slot opens. What the length leaves of the parameters is in order. */
  @ParameterizedTest
  @CsvSource({
    "2, 0",
    "2, 1",
    "2, 27",
    "2, 29",
    "2, 60000",
    "3, 0",
    "3, 1",
    "3, 2",
    "3, 3",
    "3, 8196",
    "3, 60000"
  })
  void open_slotWithParametersOfAnotherLength_isDamaged(int kind, int length) throws Exception {
    byte[] slot = slot(vaultId, masterKey, rootKey);
    byte[] good = kind == 2 ? SlotKey.argon2(SlotKey.LEAST_MEMORY, 1, 1) : new byte[] {0, 1, 'u'};
    byte[] bad =
        new SlotParts(kind, Seeded.bytes(random, 8), Arrays.copyOf(good, length), new byte[32])
            .seal(vaultId, masterKey, rootKey);
    byte[] header = header(List.of(slot, bad), keyring(List.of(epoch(1))));
    assertRefused(Reason.DAMAGED, () -> open(header));
  }

  @ParameterizedTest
  @CsvSource({"2, 28", "3, 4", "3, 8195"})
  void open_slotWithParametersOfAllowedLength_isSkipped(int kind, int length) throws Exception {
    byte[] slot = slot(vaultId, masterKey, rootKey);
    byte[] good = kind == 2 ? SlotKey.argon2(SlotKey.LEAST_MEMORY, 1, 1) : new byte[] {0, 1, 'u'};
    byte[] other =
        new SlotParts(kind, Seeded.bytes(random, 8), Arrays.copyOf(good, length), new byte[32])
            .seal(vaultId, masterKey, rootKey);
    open(header(List.of(other, slot), keyring(List.of(epoch(1))))).close();
  }

  @Test
  void open_twoSlotsOfOneId_isDamaged() throws Exception {
    byte[] id = Seeded.bytes(random, 8);
    byte[] slot = SlotParts.raw(id, Seeded.bytes(random, 32)).seal(vaultId, masterKey, rootKey);
    byte[] otherKey = Seeded.bytes(random, 32);
    byte[] other = SlotParts.raw(id, Seeded.bytes(random, 32)).seal(vaultId, otherKey, rootKey);
    byte[] header = header(List.of(slot, other), keyring(List.of(epoch(1))));
    assertRefused(Reason.DAMAGED, () -> open(header));
  }

  /** Even a MAC that covers them does not make bytes good that no release writes. */
  @Test
  void open_moreBytesBeforeTheMacThatCoversThem_isDamaged() throws Exception {
    byte[] header = header(keyring(List.of(epoch(1))));
    open(HeaderParts.withMac(header, rootKey)).close();
    for (int more : new int[] {1, 4, 32, 127}) {
      byte[] extended = HeaderParts.withMac(Arrays.copyOf(header, header.length + more), rootKey);
      assertRefused(Reason.DAMAGED, () -> open(extended));
    }
  }

  @Test
  void open_version0WithTheMacMadeRight_isDamaged() throws Exception {
    byte[] header = header(keyring(List.of(epoch(1))));
    byte[] older =
        HeaderParts.withMac(
            ByteBuffer.wrap(header.clone()).putShort(4, (short) 0).array(), rootKey);
    assertRefused(Reason.DAMAGED, () -> open(older));
  }

  @Test
  void open_keyringLengthOutOfRange_isDamaged() throws Exception {
    byte[] header = header(keyring(List.of(epoch(1))));
    int lengthAt = 27 + SlotParts.FRAMING_BYTES + 124;
    int right = ByteBuffer.wrap(header).getInt(lengthAt);
    for (int wrong :
        new int[] {0, right - 1, right + 1, right + 32, right + 33, 1 << 20, 1 << 30, -1, -right}) {
      byte[] forged =
          HeaderParts.withChecksum(ByteBuffer.wrap(header.clone()).putInt(lengthAt, wrong).array());
      assertRefused(Reason.DAMAGED, () -> open(forged));
    }
    assertRefused(Reason.WRONG_KEY, () -> Keyring.open(MasterKey.fromBytes(rootKey), header));
  }

  /** The test's writer makes headers that open: what the tests below refuse is the keyring. */
  @Test
  void open_keyringOfSeveralEpochs_sealsUnderTheNewestAndOpensAll() throws Exception {
    List<byte[]> epochs = new ArrayList<>();
    List<byte[]> sealed = new ArrayList<>();
    for (int epoch : new int[] {2, 1, 300, Integer.MAX_VALUE, 7}) {
      epochs.add(epoch(epoch));
      try (Keyring keyring = open(header(keyring(epochs)))) {
        sealed.add(RECORD.seal(keyring, new byte[] {(byte) epoch}));
        for (int i = 0; i < sealed.size(); i++) {
          assertThat(RECORD.open(keyring, sealed.get(i)))
              .containsExactly((byte) ByteBuffer.wrap(epochs.get(i)).getInt());
        }
      }
    }
    assertThat(sealed.stream().map(record -> ByteBuffer.wrap(record).getInt(1)))
        .containsExactly(2, 2, 300, Integer.MAX_VALUE, Integer.MAX_VALUE);
  }

  @Test
  void open_malformedKeyring_isDamaged() throws Exception {
    byte[] good = keyring(List.of(epoch(1), epoch(2)));
    open(header(good)).close();
    for (int length = 0; length < good.length; length++) {
      byte[] header = header(Arrays.copyOf(good, length));
      assertRefused(Reason.DAMAGED, () -> open(header));
    }
    byte[] longer = header(Arrays.copyOf(good, good.length + 1));
    assertRefused(Reason.DAMAGED, () -> open(longer));
    for (int count : new int[] {0, 1, 3, 255, 0x8000, 0xffff}) {
      byte[] forged = ByteBuffer.wrap(good.clone()).putShort(100, (short) count).array();
      byte[] header = header(forged);
      assertRefused(Reason.DAMAGED, () -> open(header));
    }
  }

  @Test
  void open_epochTwiceOrOutOfRange_isDamaged() throws Exception {
    for (List<Integer> epochs :
        List.of(
            List.of(1, 1),
            List.of(3, 2, 3),
            List.of(0),
            List.of(0, 1),
            List.of(-1),
            List.of(1, -1),
            List.of(Integer.MIN_VALUE, 5))) {
      byte[] header = header(keyring(epochs.stream().map(this::epoch).toList()));
      assertThat(Tampering.refusal("epochs " + epochs, () -> open(header)))
          .as("epochs %s", epochs)
          .isEqualTo(Reason.DAMAGED);
    }
  }

  @Test
  void open_keyringBoundToAnotherVaultId_isDamaged() throws Exception {
    byte[] elsewhere =
        HeaderParts.sealKeyring(flip(vaultId, 0), rootKey, keyring(List.of(epoch(1))));
    byte[] header =
        new HeaderParts(
                vaultId, List.of(slot(vaultId, masterKey, rootKey)), elsewhere, new byte[32])
            .toBytes(rootKey);
    assertRefused(Reason.DAMAGED, () -> open(header));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void open_generationOutOfRange_isDamaged(int generation) throws Exception {
    byte[] header = header(HeaderParts.keyring(generation, List.of(epoch(1))));
    assertRefused(Reason.DAMAGED, () -> open(header));
  }

  @Test
  void open_moreThanAThousandEpochs_isDamaged() throws Exception {
    List<byte[]> epochs = new ArrayList<>();
    for (int number = 1; number <= 1_001; number++) {
      epochs.add(epoch(number));
    }
    byte[] tooMany = header(keyring(epochs));
    assertRefused(Reason.DAMAGED, () -> open(tooMany));
    try (Keyring keyring = open(header(keyring(epochs.subList(0, 1_000))))) {
      assertThat(keyring.epochs()).hasSize(1_000);
    }
  }

  private byte[] header(byte[] keyring) throws Exception {
    return header(List.of(slot(vaultId, masterKey, rootKey)), keyring);
  }

  private byte[] header(List<byte[]> slots, byte[] keyring) throws Exception {
    return HeaderParts.of(vaultId, slots, rootKey, keyring).toBytes(rootKey);
  }

  private byte[] slot(byte[] vaultId, byte[] masterKey, byte[] rootKey) throws Exception {
    return SlotParts.raw(Seeded.bytes(random, 8), Seeded.bytes(random, 32))
        .seal(vaultId, masterKey, rootKey);
  }

  private byte[] keyring(List<byte[]> epochs) throws Exception {
    return HeaderParts.keyring(1, epochs);
  }

  private byte[] epoch(int number) {
    return HeaderParts.epoch(number, Seeded.bytes(random, 32));
  }

  private Keyring open(byte[] header) {
    return Keyring.open(MasterKey.fromBytes(masterKey), header);
  }

  private byte[] create() {
    try (Keyring keyring = Keyring.create(MasterKey.fromBytes(masterKey))) {
      return keyring.header();
    }
  }
}
