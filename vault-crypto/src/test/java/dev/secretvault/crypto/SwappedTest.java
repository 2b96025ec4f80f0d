package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Genuine pieces, each in the place of each other one: all ordered pairs. */
@Timeout(180)
final class SwappedTest {

  private static final String PASSPHRASE = "open sesame";

  private final Random random = new Random(1);
  private final byte[] masterKey = Seeded.bytes(random, MasterKey.BYTES);

  /** Two vaults under one master key. */
  private final List<Keyring> vaults = new ArrayList<>();

  /** A record of one vault. */
  private record Place(int vault, Identity identity) {}

  @BeforeEach
  void create() {
    for (int i = 0; i < 2; i++) {
      vaults.add(Keyring.create(MasterKey.fromBytes(masterKey)));
    }
  }

  @AfterEach
  void close() {
    vaults.forEach(Keyring::close);
  }

  private static List<Place> places() {
    List<Place> places = new ArrayList<>();
    for (int vault = 0; vault < 2; vault++) {
      for (String namespace : List.of("", "acme")) {
        for (String key : List.of("t.s.1", "t.s.2", "t.v.1.1", "t.v.1.2", "t.v.2.1")) {
          for (String purpose : List.of("secret", "value", "name")) {
            for (long revision = 1; revision <= 3; revision++) {
              places.add(new Place(vault, new Identity(namespace, key, revision, purpose)));
            }
          }
        }
      }
    }
    return places;
  }

  /** Vaults, namespaces, records, versions of a value, kinds of record, and revisions. */
  @Test
  void open_everyRecordInThePlaceOfEveryOther_isDamaged() {
    List<Place> places = places();
    assertThat(places).hasSize(2 * 2 * 5 * 3 * 3).doesNotHaveDuplicates();
    List<byte[]> sealed = new ArrayList<>();
    for (int i = 0; i < places.size(); i++) {
      Place place = places.get(i);
      sealed.add(place.identity().seal(vaults.get(place.vault()), new byte[] {(byte) i}));
    }
    int opened = 0;
    int refused = 0;
    for (int to = 0; to < places.size(); to++) {
      Place place = places.get(to);
      RecordCipher cipher = place.identity().cipher(vaults.get(place.vault()));
      long revision = place.identity().revision();
      for (int from = 0; from < places.size(); from++) {
        byte[] record = sealed.get(from);
        if (from == to) {
          assertThat(cipher.open(revision, record)).containsExactly((byte) to);
          opened++;
        } else {
          assertThat(refusal(from + " as " + to, () -> cipher.open(revision, record)))
              .isEqualTo(Reason.DAMAGED);
          refused++;
        }
      }
    }
    assertThat(opened).isEqualTo(180);
    assertThat(refused).isEqualTo(180 * 179);
  }

  @Test
  void open_everyRevisionRaisedOrLoweredToEveryOther_isDamaged() {
    long[] revisions = {
      Long.MIN_VALUE, -1, 0, 1, 2, 3, 255, 256, 257, 1L << 31, 1L << 32, Long.MAX_VALUE
    };
    RecordCipher cipher = vaults.get(0).cipher("", "t.s.1", "secret");
    for (int from = 0; from < revisions.length; from++) {
      byte[] sealed = cipher.seal(revisions[from], new byte[] {(byte) from});
      for (int to = 0; to < revisions.length; to++) {
        long revision = revisions[to];
        if (from == to) {
          assertThat(cipher.open(revision, sealed)).containsExactly((byte) from);
        } else {
          assertThat(refusal(from + " as " + to, () -> cipher.open(revision, sealed)))
              .isEqualTo(Reason.DAMAGED);
        }
      }
    }
  }

  @Test
  void open_everyEpochRaisedOrLoweredToEveryOther_isRefused() {
    Keyring vault = vaults.get(0);
    RecordCipher cipher = vault.cipher("", "t.s.1", "secret");
    List<byte[]> sealed = new ArrayList<>();
    sealed.add(cipher.seal(1, new byte[] {1}));
    for (int epoch = 2; epoch <= 4; epoch++) {
      apply(vault, vault.rotate(Instant.EPOCH));
      sealed.add(cipher.seal(1, new byte[] {(byte) epoch}));
    }
    apply(vault, vault.retire(2));
    List<Integer> numbers =
        List.of(Integer.MIN_VALUE, -1, 0, 1, 2, 3, 4, 5, 256, Integer.MAX_VALUE);
    int opened = 0;
    for (int epoch = 1; epoch <= 4; epoch++) {
      assertThat(RecordCipher.epochOf(sealed.get(epoch - 1))).isEqualTo(epoch);
      for (int number : numbers) {
        byte[] named = ByteBuffer.wrap(sealed.get(epoch - 1).clone()).putInt(1, number).array();
        boolean known = List.of(1, 3, 4).contains(number);
        if (known && number == epoch) {
          assertThat(cipher.open(1, named)).containsExactly((byte) epoch);
          opened++;
        } else {
          assertThat(refusal(epoch + " as " + number, () -> cipher.open(1, named)))
              .as("epoch %d as %d", epoch, number)
              .isEqualTo(number < 1 || known ? Reason.DAMAGED : Reason.UNKNOWN_EPOCH);
        }
      }
    }
    assertThat(opened).isEqualTo(3);
  }

  /** The same record sealed several times: nonces, ciphertexts and tags are not to be mixed. */
  @Test
  void open_everyMixtureOfTheFieldsOfTwoRecords_isDamaged() {
    RecordCipher cipher = vaults.get(0).cipher("", "t.s.1", "secret");
    List<byte[]> sealed = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      sealed.add(cipher.seal(1, Seeded.bytes(random, 20)));
    }
    int[] ends = {5, 17, 37, 53};
    int refused = 0;
    for (byte[] one : sealed) {
      for (byte[] other : sealed) {
        for (int fields = 1; one != other && fields < 7; fields++) {
          byte[] mixed = one.clone();
          for (int field = 0; field < 3; field++) {
            if ((fields >> field & 1) != 0) {
              int from = ends[field];
              System.arraycopy(other, from, mixed, from, ends[field + 1] - from);
            }
          }
          assertThat(refusal("fields " + fields, () -> cipher.open(1, mixed)))
              .isEqualTo(Reason.DAMAGED);
          refused++;
        }
      }
    }
    assertThat(refused).isEqualTo(6 * 5 * 6);
  }

  @Test
  void unprotect_everyValueInThePlaceOfEveryOther_isWrongKey() throws Exception {
    byte[] parameters = SlotKey.argon2(SlotKey.LEAST_MEMORY, 1, 1);
    byte[] vaultKey = Seeded.bytes(random, 32);
    byte[] vaultId = Seeded.bytes(random, 16);
    List<ProtectedValue> places = new ArrayList<>();
    for (byte[][] vault :
        List.of(
            new byte[][] {vaultKey, vaultId},
            new byte[][] {vaultKey, Seeded.bytes(random, 16)},
            new byte[][] {Seeded.bytes(random, 32), vaultId})) {
      for (String namespace : List.of("", "t.v")) {
        for (String key : List.of("t.v.1.1", ".1.1")) {
          places.add(new ProtectedValue(vault[0], vault[1], namespace, key, parameters));
        }
      }
    }
    List<byte[]> sealed = new ArrayList<>();
    for (int i = 0; i < places.size(); i++) {
      sealed.add(places.get(i).seal(PASSPHRASE, new byte[] {(byte) i}));
      assertThat(places.get(i).open(PASSPHRASE, sealed.get(i))).containsExactly((byte) i);
    }
    int count = places.size();
    assertThat(
            Tampering.refusals(
                count * (count - 1),
                pair -> {
                  int from = pair / (count - 1);
                  int to = (from + 1 + pair % (count - 1)) % count;
                  return places.get(to).open(PASSPHRASE, sealed.get(from));
                }))
        .containsOnly(Map.entry(Reason.WRONG_KEY, 12 * 11));
  }

  /** Memory, passes and lanes: made cheaper or dearer, by values that are allowed. */
  @Test
  void open_everyStretchingRaisedOrLoweredToEveryOther_isWrongKey() throws Exception {
    List<byte[]> all = new ArrayList<>();
    for (int memory : new int[] {7_168, 7_169, 8_192}) {
      for (int passes = 1; passes <= 2; passes++) {
        for (int lanes = 1; lanes <= 2; lanes++) {
          all.add(SlotKey.argon2(memory, passes, lanes));
        }
      }
    }
    byte[] vaultKey = Seeded.bytes(random, 32);
    byte[] vaultId = Seeded.bytes(random, 16);
    byte[] rootKey = Seeded.bytes(random, 32);
    byte[] keyring = HeaderParts.keyring(1, List.of(HeaderParts.epoch(1, vaultKey)));
    List<byte[]> values = new ArrayList<>();
    List<byte[]> headers = new ArrayList<>();
    for (byte[] parameters : all) {
      values.add(
          new ProtectedValue(vaultKey, vaultId, "", "t.v.1.1", parameters)
              .seal(PASSPHRASE, new byte[] {1}));
      byte[] slot = SlotKey.passphrase(PASSPHRASE, parameters).slot(random, vaultId, rootKey);
      headers.add(HeaderParts.of(vaultId, List.of(slot), rootKey, keyring).toBytes(rootKey));
    }
    ProtectedValue place = new ProtectedValue(vaultKey, vaultId, "", "t.v.1.1", all.get(0));
    SlotKey key = SlotKey.passphrase(PASSPHRASE);
    for (int i = 0; i < all.size(); i++) {
      assertThat(place.open(PASSPHRASE, values.get(i))).containsExactly(1);
      key.open(headers.get(i)).close();
    }
    int count = all.size();
    assertThat(
            Tampering.refusals(
                2 * count * (count - 1),
                i -> {
                  int pair = i / 2;
                  int from = pair / (count - 1);
                  byte[] parameters = all.get((from + 1 + pair % (count - 1)) % count);
                  if (i % 2 == 0) {
                    byte[] value = values.get(from).clone();
                    System.arraycopy(
                        parameters, 0, value, ProtectedValue.PARAMETERS_AT, parameters.length);
                    return place.open(PASSPHRASE, value);
                  }
                  byte[] header = headers.get(from).clone();
                  System.arraycopy(
                      parameters, 0, header, 27 + SlotParts.FRAMING_BYTES, parameters.length);
                  return key.open(HeaderParts.withChecksum(header));
                }))
        .containsOnly(Map.entry(Reason.WRONG_KEY, 2 * 12 * 11));
  }

  /** Slots, keyring and MAC of several states of one vault: an old slot would be back. */
  @Test
  void open_everyMixtureOfTwoStatesOfAHeader_isDamaged() {
    Keyring vault = vaults.get(0);
    List<HeaderParts> states = new ArrayList<>();
    states.add(HeaderParts.of(vault.header()));
    apply(vault, vault.rotate(Instant.EPOCH));
    states.add(HeaderParts.of(vault.header()));
    apply(vault, vault.addUnlock(MasterKey.fromBytes(Seeded.bytes(random, 32))));
    states.add(HeaderParts.of(vault.header()));
    apply(vault, vault.addUnlock(MasterKey.fromBytes(Seeded.bytes(random, 32))));
    states.add(HeaderParts.of(vault.header()));
    apply(vault, vault.retire(1));
    states.add(HeaderParts.of(vault.header()));

    int refused = 0;
    for (HeaderParts one : states) {
      open(one).close();
      for (HeaderParts other : states) {
        boolean sameSlots = one.slots.size() == other.slots.size();
        for (int pieces = 1; one != other && pieces < 7; pieces++) {
          HeaderParts mixed =
              new HeaderParts(
                  one.vaultId,
                  ((pieces & 1) != 0 ? other : one).slots,
                  ((pieces & 2) != 0 ? other : one).sealedKeyring,
                  ((pieces & 4) != 0 ? other : one).mac);
          // Slots that are the same in both are no mixture.
          if (sameSlots && (pieces == 1 || pieces == 6)) {
            open(mixed).close();
          } else {
            assertThat(refusal("pieces " + pieces, () -> open(mixed))).isEqualTo(Reason.DAMAGED);
            refused++;
          }
        }
      }
    }
    // Two pairs of states have the same slots, each in two orders.
    assertThat(refused).isEqualTo(5 * 4 * 6 - 2 * 2 * 2);
  }

  /** Ids, salts, commitments and sealed keys of slots of one vault, and of one like it. */
  @Test
  void open_everyMixtureOfTheFieldsOfTwoSlots_isRefused() throws Exception {
    List<SlotKey> keys = List.of(SlotKey.raw("one"), SlotKey.raw("two"), SlotKey.raw("three"));
    int[] ends = {1, 9, 43, 75, 135};
    List<HeaderParts> headers = new ArrayList<>();
    for (int vault = 0; vault < 2; vault++) {
      byte[] vaultId = Seeded.bytes(random, 16);
      byte[] rootKey = Seeded.bytes(random, 32);
      List<byte[]> slots = new ArrayList<>();
      for (SlotKey key : keys) {
        slots.add(key.slot(random, vaultId, rootKey));
      }
      byte[] keyring = HeaderParts.keyring(1, List.of(HeaderParts.epoch(1, rootKey)));
      byte[] header = HeaderParts.of(vaultId, slots, rootKey, keyring).toBytes(rootKey);
      for (SlotKey key : keys) {
        key.open(header).close();
      }
      headers.add(HeaderParts.of(header));
    }
    List<byte[]> others = new ArrayList<>(headers.get(0).slots);
    others.addAll(headers.get(1).slots);
    int refused = 0;
    for (int slot = 0; slot < 3; slot++) {
      for (byte[] other : others) {
        if (Arrays.equals(other, headers.get(0).slots.get(slot))) {
          continue;
        }
        for (int fields = 1; fields < 16; fields++) {
          byte[] mixed = headers.get(0).slots.get(slot).clone();
          for (int field = 0; field < 4; field++) {
            if ((fields >> field & 1) != 0) {
              System.arraycopy(
                  other, ends[field], mixed, ends[field], ends[field + 1] - ends[field]);
            }
          }
          List<byte[]> slots = new ArrayList<>(headers.get(0).slots);
          slots.set(slot, mixed);
          byte[] forged = headers.get(0).withSlots(slots).toBytes();
          for (SlotKey key : keys) {
            assertThat(refusal("fields " + fields, () -> key.open(forged)))
                .isIn(Reason.DAMAGED, Reason.WRONG_KEY);
            refused++;
          }
        }
      }
    }
    assertThat(refused).isEqualTo(3 * 5 * 15 * 3);
  }

  @Test
  void open_slotsInEveryOtherOrder_isDamaged() throws Exception {
    byte[] vaultId = Seeded.bytes(random, 16);
    byte[] rootKey = Seeded.bytes(random, 32);
    List<SlotKey> keys =
        List.of(SlotKey.raw("one"), SlotKey.raw("two"), SlotKey.external("three", vaultId));
    List<byte[]> slots = new ArrayList<>();
    for (SlotKey key : keys) {
      slots.add(key.slot(random, vaultId, rootKey));
    }
    byte[] keyring = HeaderParts.keyring(1, List.of(HeaderParts.epoch(1, rootKey)));
    byte[] header = HeaderParts.of(vaultId, slots, rootKey, keyring).toBytes(rootKey);
    for (SlotKey key : keys) {
      key.open(header).close();
      for (int[] order : new int[][] {{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}) {
        byte[] reordered =
            HeaderParts.of(header)
                .withSlots(Arrays.stream(order).mapToObj(slots::get).toList())
                .toBytes();
        assertThat(refusal(Arrays.toString(order), () -> key.open(reordered)))
            .isEqualTo(Reason.DAMAGED);
      }
    }
  }

  private Keyring open(HeaderParts parts) {
    return Keyring.open(MasterKey.fromBytes(masterKey), parts.toBytes());
  }

  private static void apply(Keyring keyring, KeyringChange change) {
    try (change) {
      keyring.apply(change);
    }
  }
}
