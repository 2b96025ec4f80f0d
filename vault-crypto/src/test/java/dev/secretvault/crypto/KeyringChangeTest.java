package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.assertRefused;
import static dev.secretvault.crypto.Tampering.flip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Epochs, and how a change comes into force: here, and where another process made it. */
@Timeout(60)
final class KeyringChangeTest {

  private static final Identity RECORD = new Identity("", "s/1", 1, "value");
  private static final byte[] KEY = Seeded.bytes(new Random(1), 32);

  private final Keyring keyring = Keyring.create(key());

  @AfterEach
  void close() {
    keyring.close();
  }

  private static MasterKey key() {
    return MasterKey.fromBytes(KEY);
  }

  private static Instant at(long millis) {
    return Instant.ofEpochMilli(millis);
  }

  private static void apply(Keyring keyring, KeyringChange change) {
    try (change) {
      keyring.apply(change);
    }
  }

  @Test
  void rotate_newEpoch_sealsWhatComesAndLeavesWhatWas() {
    Instant created = keyring.epochs().get(1);
    RecordCipher cipher = RECORD.cipher(keyring);
    List<byte[]> sealed = new ArrayList<>();
    for (int epoch = 1; epoch <= 5; epoch++) {
      assertThat(keyring.epoch()).isEqualTo(epoch);
      sealed.add(cipher.seal(1, new byte[] {(byte) epoch}));
      apply(keyring, keyring.rotate(at(1_000L * epoch)));
    }
    try (Keyring reopened = Keyring.open(key(), keyring.header())) {
      for (Keyring each : List.of(keyring, reopened)) {
        for (int epoch = 1; epoch <= 5; epoch++) {
          byte[] record = sealed.get(epoch - 1);
          assertThat(RecordCipher.epochOf(record)).isEqualTo(epoch);
          assertThat(RECORD.open(each, record)).containsExactly((byte) epoch);
        }
        assertThat(each.epoch()).isEqualTo(6);
        assertThat(each.epochs())
            .containsExactly(
                Map.entry(1, created),
                Map.entry(2, at(1_000)),
                Map.entry(3, at(2_000)),
                Map.entry(4, at(3_000)),
                Map.entry(5, at(4_000)),
                Map.entry(6, at(5_000)));
      }
    }
  }

  /** A record sealed under an epoch that was never stored could be opened by nobody. */
  @Test
  void rotate_notYetApplied_isNotInForce() {
    byte[] header = keyring.header();
    try (KeyringChange change = keyring.rotate(at(1))) {
      assertThat(change.header()).isNotEqualTo(header);
      assertThat(keyring.header()).isEqualTo(header);
      assertThat(keyring.epoch()).isEqualTo(1);
      assertThat(RecordCipher.epochOf(RECORD.seal(keyring, new byte[0]))).isEqualTo(1);
      Arrays.fill(change.header(), (byte) 0);
      keyring.apply(change);
      assertThat(keyring.header()).isEqualTo(change.header()).isNotEqualTo(header);
      Keyring.open(key(), keyring.header()).close();
    }
    assertThat(RecordCipher.epochOf(RECORD.seal(keyring, new byte[0]))).isEqualTo(2);
  }

  @Test
  void retire_anEpoch_forgetsItsRecordsAlsoInCiphersInUse() {
    RecordCipher cipher = RECORD.cipher(keyring);
    byte[] first = cipher.seal(1, new byte[] {1});
    apply(keyring, keyring.rotate(at(1)));
    byte[] second = cipher.seal(1, new byte[] {2});
    apply(keyring, keyring.rotate(at(2)));
    RecordCipher ofTheFirst = RECORD.cipher(keyring);
    assertThat(ofTheFirst.open(1, first)).containsExactly(1);

    apply(keyring, keyring.retire(1));

    assertThat(keyring.epochs()).containsOnlyKeys(2, 3);
    try (Keyring reopened = Keyring.open(key(), keyring.header())) {
      for (RecordCipher each : List.of(cipher, ofTheFirst, RECORD.cipher(reopened))) {
        assertRefused(Reason.UNKNOWN_EPOCH, () -> each.open(1, first));
        assertThat(each.open(1, second)).containsExactly(2);
      }
    }
  }

  @Test
  void retire_newestOrNone_isRefused() {
    apply(keyring, keyring.rotate(at(1)));
    apply(keyring, keyring.retire(1));
    for (int none : new int[] {Integer.MIN_VALUE, -1, 0, 1, 3, Integer.MAX_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> keyring.retire(none))
          .withMessage("epoch: there is no epoch " + none);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> keyring.retire(2))
        .withMessage("epoch: 2 is in use for new records");
  }

  /** A number that came back would have two keys. */
  @Test
  void rotate_afterRetiring_neverUsesANumberAgain() {
    for (int epoch = 2; epoch < 20; epoch++) {
      apply(keyring, keyring.rotate(at(epoch)));
      apply(keyring, keyring.retire(epoch - 1));
      assertThat(keyring.epochs()).containsOnlyKeys(epoch);
    }
  }

  @Test
  void rotate_aThousandEpochs_isRefusedUntilOneIsRetired() throws Exception {
    byte[] vaultId = new byte[16];
    byte[] rootKey = Seeded.bytes(new Random(2), 32);
    SlotKey one = SlotKey.raw("one");
    List<byte[]> epochs = new ArrayList<>();
    for (int epoch = 1; epoch < 1_000; epoch++) {
      epochs.add(HeaderParts.epoch(epoch, rootKey));
    }
    byte[] header =
        HeaderParts.of(
                vaultId,
                List.of(one.slot(new Random(3), vaultId, rootKey)),
                rootKey,
                HeaderParts.keyring(1, epochs))
            .toBytes(rootKey);
    try (Keyring many = one.open(header)) {
      apply(many, many.rotate(at(1)));
      assertThat(many.epochs()).hasSize(1_000);
      one.open(many.header()).close();
      byte[] full = many.header();
      assertThatExceptionOfType(CryptoException.class)
          .isThrownBy(() -> many.rotate(at(2)))
          .withMessageContaining("1000 epochs")
          .withMessageContaining("retire")
          .extracting(CryptoException::reason)
          .isEqualTo(Reason.LIMIT_REACHED);
      assertThat(many.header()).isEqualTo(full);
      apply(many, many.retire(500));
      apply(many, many.rotate(at(2)));
      assertThat(many.epoch()).isEqualTo(1_001);
      one.open(many.header()).close();
    }
  }

  @Test
  void apply_secondOfTwoRivals_isIgnored() {
    try (KeyringChange one = keyring.rotate(at(1));
        KeyringChange other = keyring.rotate(at(2))) {
      keyring.apply(one);
      keyring.apply(other);
      assertThat(keyring.header()).isEqualTo(one.header());
      assertThat(keyring.epochs().get(2)).isEqualTo(at(1));
      keyring.apply(one);
      assertThat(keyring.header()).isEqualTo(one.header());
    }
  }

  @Test
  void apply_changeOfAnotherKeyring_isIgnored() {
    byte[] header = keyring.header();
    try (Keyring other = Keyring.create(key());
        Keyring twin = Keyring.open(key(), header);
        KeyringChange ofOther = other.rotate(at(1));
        KeyringChange ofTwin = twin.rotate(at(1))) {
      keyring.apply(ofOther);
      keyring.apply(ofTwin);
      assertThat(keyring.header()).isEqualTo(header);
      assertThat(keyring.epoch()).isEqualTo(1);
      twin.apply(ofTwin);
      assertThat(twin.epoch()).isEqualTo(2);
    }
  }

  @Test
  void follow_newerHeader_hasItsKeysWhateverLiesBetween() {
    try (Keyring other = Keyring.open(key(), keyring.header())) {
      RecordCipher cipher = RECORD.cipher(other);
      assertThat(cipher.open(1, RECORD.seal(keyring, new byte[] {1}))).containsExactly(1);
      for (int times = 1; times <= 3; times++) {
        for (int i = 0; i < times; i++) {
          apply(keyring, keyring.rotate(at(i)));
        }
        byte[] sealed = RECORD.seal(keyring, new byte[] {2});
        assertRefused(Reason.UNKNOWN_EPOCH, () -> cipher.open(1, sealed));
        byte[] given = keyring.header();
        other.follow(given);
        Arrays.fill(given, (byte) 0);
        assertThat(other.header()).isEqualTo(keyring.header());
        assertThat(other.epochs()).isEqualTo(keyring.epochs());
        assertThat(cipher.open(1, sealed)).containsExactly(2);
        assertThat(cipher.seal(1, new byte[0])).startsWith(Arrays.copyOf(sealed, 5));
      }
    }
  }

  @Test
  void follow_itsOwnHeader_doesNothing() {
    try (KeyringChange change = keyring.rotate(at(1))) {
      keyring.follow(keyring.header());
      // Nothing was replaced: the change is still one of this keyring as it is.
      keyring.apply(change);
      assertThat(keyring.epoch()).isEqualTo(2);
      keyring.follow(change.header());
      assertThat(keyring.header()).isEqualTo(change.header());
    }
  }

  /** Whoever stored a change hears of it twice, in either order. */
  @Test
  void apply_afterFollowingTheSameChange_isIgnored() {
    try (KeyringChange change = keyring.rotate(at(1))) {
      keyring.follow(change.header());
      keyring.apply(change);
      assertThat(keyring.header()).isEqualTo(change.header());
      assertThat(RECORD.open(keyring, RECORD.seal(keyring, new byte[] {1}))).containsExactly(1);
    }
  }

  @Test
  void follow_everyOlderStateOrRival_isDamagedAndChangesNothing() {
    List<byte[]> older = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      older.add(keyring.header());
      try (KeyringChange rival = keyring.rotate(at(100))) {
        older.add(rival.header());
      }
      apply(keyring, keyring.rotate(at(i)));
    }
    assertThat(older).hasSize(8);
    for (byte[] header : older) {
      assertKept(Reason.DAMAGED, "older state", header);
    }
  }

  @Test
  void follow_anythingElse_isRefusedAndChangesNothing() {
    byte[] header = keyring.header();
    for (int bit = 0; bit < 8 * header.length; bit++) {
      assertKept(Reason.DAMAGED, "damaged", flip(header, bit));
    }
    for (int length = 0; length < header.length; length++) {
      assertKept(Reason.DAMAGED, "damaged", Arrays.copyOf(header, length));
    }
    try (Keyring other = Keyring.create(key())) {
      assertKept(Reason.DAMAGED, "another vault", other.header());
    }
    try (KeyringChange change = keyring.changeMasterKey(key(), MasterKey.fromBytes(flip(KEY, 0)))) {
      assertKept(Reason.WRONG_KEY, "master key was changed", change.header());
    }
    byte[] newer = ByteBuffer.wrap(header.clone()).putShort(4, (short) 2).array();
    assertKept(Reason.NEWER_FORMAT, "upgrade", HeaderParts.withChecksum(newer));
  }

  /** With the checksum made right: all that is not the MAC's is found out by it. */
  @Test
  void follow_everyBitFlipOfANewerHeaderWithTheChecksumMadeRight_isRefused() {
    byte[] header;
    try (KeyringChange change = keyring.rotate(at(1))) {
      header = change.header();
    }
    byte[] before = keyring.header();
    for (int bit = 0; bit < 8 * header.length; bit++) {
      if (bit < 8 * 6 || bit >= 8 * 10) {
        byte[] flipped = HeaderParts.withChecksum(flip(header, bit));
        assertThat(Tampering.refusal("bit " + bit, () -> keyring.follow(flipped)))
            .isNotIn(Reason.UNKNOWN_EPOCH, Reason.KEY_UNAVAILABLE);
      }
    }
    assertThat(keyring.header()).isEqualTo(before);
    keyring.follow(header);
    assertThat(keyring.epoch()).isEqualTo(2);
  }

  private void assertKept(Reason reason, String message, byte[] header) {
    byte[] before = keyring.header();
    byte[] sealed = RECORD.seal(keyring, new byte[] {1});
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> keyring.follow(header))
        .withMessageContaining(message)
        .withNoCause()
        .extracting(CryptoException::reason)
        .isEqualTo(reason);
    assertThat(keyring.header()).isEqualTo(before);
    assertThat(RECORD.open(keyring, sealed)).containsExactly(1);
  }

  /** Records are sealed and opened all the while, and each opens whatever the epoch is by then. */
  @Test
  void rotate_whileRecordsAreSealedAndOpened_losesNone() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    List<Callable<Integer>> tasks = new ArrayList<>();
    tasks.add(
        () -> {
          try {
            for (int i = 0; i < 200; i++) {
              apply(keyring, keyring.rotate(at(i)));
              if (i % 3 == 2) {
                apply(keyring, keyring.addUnlock(MasterKey.fromBytes(flip(KEY, i))));
                apply(keyring, keyring.changeMasterKey(key(), key()));
                apply(keyring, keyring.removeUnlock(keyring.unlockSlots().get(1).id()));
              }
            }
            return 0;
          } finally {
            done.set(true);
          }
        });
    for (int thread = 0; thread < 3; thread++) {
      Identity identity = new Identity("", "s/" + thread / 2, thread, "value");
      tasks.add(
          () -> {
            RecordCipher cipher = identity.cipher(keyring);
            String token = keyring.token("a");
            int opened = 0;
            do {
              byte[] sealed = cipher.seal(1, new byte[] {7});
              assertThat(cipher.open(1, sealed)).containsExactly(7);
              assertThat(keyring.token("a")).isEqualTo(token);
              opened++;
            } while (!done.get());
            return opened;
          });
    }
    assertThat(Together.run(tasks)).filteredOn(opened -> opened > 0).hasSize(3);
    assertThat(keyring.epoch()).isEqualTo(201);
  }

  /** The epoch that is the newest when a seal begins may be gone before it ends. */
  @Test
  void retire_whileRecordsAreSealed_failsNone() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    List<Callable<Integer>> tasks = new ArrayList<>();
    tasks.add(
        () -> {
          try {
            for (int epoch = 2; epoch <= 1_000; epoch++) {
              apply(keyring, keyring.rotate(at(epoch)));
              apply(keyring, keyring.retire(epoch - 1));
            }
            return 0;
          } finally {
            done.set(true);
          }
        });
    for (int thread = 0; thread < 3; thread++) {
      tasks.add(
          () -> {
            RecordCipher cipher = RECORD.cipher(keyring);
            int newest = 1;
            do {
              int epoch = RecordCipher.epochOf(cipher.seal(1, new byte[0]));
              assertThat(epoch).isGreaterThanOrEqualTo(newest);
              newest = epoch;
            } while (!done.get());
            return newest;
          });
    }
    Together.run(tasks);
    assertThat(keyring.epochs()).containsOnlyKeys(1_000);
  }
}
