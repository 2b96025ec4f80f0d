package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.assertRefused;
import static dev.secretvault.crypto.Tampering.flip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.secretvault.crypto.CryptoException.Reason;
import dev.secretvault.crypto.UnlockSlot.Kind;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The ways to unlock a vault: added, removed, changed, and of kinds that are still to come. */
@Timeout(60)
final class UnlockSlotTest {

  private static final Identity RECORD = new Identity("", "s/1", 1, "value");
  private static final String URI = "kms://key";

  private final Random random = new Random(1);
  private final byte[] rawKey = Seeded.bytes(random, 32);
  private final ExternalKey external = new ExternalKey(Seeded.bytes(random, 32));

  private MasterKey raw() {
    return MasterKey.fromBytes(rawKey);
  }

  private MasterKey raw(int number) {
    return MasterKey.fromBytes(flip(rawKey, number));
  }

  private static MasterKey passphrase(String text) {
    return MasterKey.fromPassphrase(text.toCharArray());
  }

  private MasterKey external() {
    return MasterKey.fromAead(external, URI);
  }

  private static byte[] apply(Keyring keyring, KeyringChange change) {
    try (change) {
      keyring.apply(change);
      assertThat(keyring.header()).isEqualTo(change.header());
      return keyring.header();
    }
  }

  private static void assertSameVault(Keyring keyring, MasterKey masterKey, byte[] header) {
    try (masterKey;
        Keyring opened = Keyring.open(masterKey, header)) {
      assertThat(opened.token("a")).isEqualTo(keyring.token("a"));
      assertThat(RECORD.open(opened, RECORD.seal(keyring, new byte[] {1}))).containsExactly(1);
      assertThat(RECORD.open(keyring, RECORD.seal(opened, new byte[] {2}))).containsExactly(2);
    }
  }

  @Test
  void unlockSlots_newVault_isTheOneOfItsKind() {
    try (Keyring byRaw = Keyring.create(raw());
        Keyring byPassphrase = Keyring.create(passphrase("a"));
        Keyring byExternal = Keyring.create(external())) {
      for (Keyring keyring : List.of(byRaw, byPassphrase, byExternal)) {
        assertThat(keyring.unlockSlots()).hasSize(1);
        assertThat(keyring.unlockSlots().get(0).id()).matches("[0-9a-f]{16}");
      }
      assertThat(byRaw.unlockSlots().get(0).kind()).isEqualTo(Kind.RAW);
      assertThat(byRaw.unlockSlots().get(0).uri()).isEmpty();
      assertThat(byPassphrase.unlockSlots().get(0).kind()).isEqualTo(Kind.PASSPHRASE);
      assertThat(byPassphrase.unlockSlots().get(0).uri()).isEmpty();
      assertThat(byExternal.unlockSlots().get(0).kind()).isEqualTo(Kind.EXTERNAL);
      assertThat(byExternal.unlockSlots().get(0).uri()).contains(URI);
      assertSameVault(byRaw, raw(), byRaw.header());
      assertSameVault(byPassphrase, passphrase("a"), byPassphrase.header());
      assertSameVault(byExternal, external(), byExternal.header());
    }
  }

  @Test
  void addUnlock_everyKind_opensBesideTheOthersAndIsTheLast() {
    try (Keyring keyring = Keyring.create(raw())) {
      List<MasterKey> added = List.of(passphrase("a"), external(), raw(1));
      List<UnlockSlot> slots = new ArrayList<>(keyring.unlockSlots());
      for (MasterKey key : added) {
        byte[] before = keyring.header();
        KeyringChange change = keyring.addUnlock(key);
        assertThat(keyring.header()).as("not in force yet").isEqualTo(before);
        apply(keyring, change);
        int count = slots.size();
        assertThat(keyring.unlockSlots())
            .hasSize(count + 1)
            .startsWith(slots.toArray(UnlockSlot[]::new));
        slots.add(keyring.unlockSlots().get(count));
      }
      assertThat(slots)
          .extracting(UnlockSlot::kind)
          .containsExactly(Kind.RAW, Kind.PASSPHRASE, Kind.EXTERNAL, Kind.RAW);
      Set<String> ids = new HashSet<>();
      slots.forEach(slot -> ids.add(slot.id()));
      assertThat(ids).hasSize(4);
      for (MasterKey key : List.of(raw(), passphrase("a"), external(), raw(1))) {
        assertSameVault(keyring, key, keyring.header());
      }
      for (MasterKey key : List.of(passphrase("A"), raw(2), MasterKey.fromAead(external, "kms"))) {
        assertRefused(Reason.WRONG_KEY, () -> Keyring.open(key, keyring.header()));
      }
    }
  }

  @Test
  void addUnlock_seventeenth_isRefusedAndTheSixteenOpen() {
    try (Keyring keyring = Keyring.create(raw(0))) {
      for (int slot = 1; slot < 16; slot++) {
        apply(keyring, keyring.addUnlock(raw(slot)));
      }
      byte[] header = keyring.header();
      assertThatExceptionOfType(CryptoException.class)
          .isThrownBy(() -> keyring.addUnlock(raw(16)))
          .withMessageContaining("16 unlock slots")
          .extracting(CryptoException::reason)
          .isEqualTo(Reason.LIMIT_REACHED);
      assertThat(keyring.header()).isEqualTo(header);
      for (int slot = 0; slot < 16; slot++) {
        assertSameVault(keyring, raw(slot), header);
      }
      apply(keyring, keyring.removeUnlock(keyring.unlockSlots().get(7).id()));
      apply(keyring, keyring.addUnlock(raw(16)));
      assertSameVault(keyring, raw(16), keyring.header());
      assertRefused(Reason.WRONG_KEY, () -> Keyring.open(raw(7), keyring.header()));
    }
  }

  /** By whom, the older header says, too: it is what it was. */
  @Test
  void removeUnlock_byIdOrByKey_opensNoLonger() {
    try (Keyring keyring = Keyring.create(raw(0))) {
      for (MasterKey key : List.of(raw(1), external(), raw(2))) {
        apply(keyring, keyring.addUnlock(key));
      }
      byte[] older = keyring.header();

      apply(keyring, keyring.removeUnlock(keyring.unlockSlots().get(1).id()));
      assertRefused(Reason.WRONG_KEY, () -> Keyring.open(raw(1), keyring.header()));
      apply(keyring, keyring.removeUnlock(external()));
      assertRefused(Reason.WRONG_KEY, () -> Keyring.open(external(), keyring.header()));
      apply(keyring, keyring.removeUnlock(raw(0)));
      assertRefused(Reason.WRONG_KEY, () -> Keyring.open(raw(0), keyring.header()));

      assertThat(keyring.unlockSlots()).extracting(UnlockSlot::kind).containsExactly(Kind.RAW);
      assertSameVault(keyring, raw(2), keyring.header());
      assertSameVault(keyring, raw(1), older);
    }
  }

  @Test
  void removeUnlock_keyThatWasAddedTwice_opensNoLonger() {
    try (Keyring keyring = Keyring.create(raw(0))) {
      for (MasterKey key : List.of(raw(1), raw(0), raw(0))) {
        apply(keyring, keyring.addUnlock(key));
      }
      apply(keyring, keyring.removeUnlock(raw(0)));
      assertThat(keyring.unlockSlots()).hasSize(1);
      assertRefused(Reason.WRONG_KEY, () -> Keyring.open(raw(0), keyring.header()));
      assertSameVault(keyring, raw(1), keyring.header());
    }
  }

  @Test
  void removeUnlock_theLastOrNone_isRefused() {
    try (Keyring keyring = Keyring.create(raw(0))) {
      byte[] header = keyring.header();
      String only = keyring.unlockSlots().get(0).id();
      assertThatExceptionOfType(CryptoException.class)
          .isThrownBy(() -> keyring.removeUnlock(only))
          .withMessageContaining("last unlock slot")
          .extracting(CryptoException::reason)
          .isEqualTo(Reason.STILL_NEEDED);
      assertThatExceptionOfType(CryptoException.class)
          .isThrownBy(() -> keyring.removeUnlock(raw(0)))
          .withMessageContaining("last unlock slot")
          .extracting(CryptoException::reason)
          .isEqualTo(Reason.STILL_NEEDED);
      for (String none : List.of("", "0", only + "0")) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> keyring.removeUnlock(none))
            .withMessageContaining("no unlock slot");
      }
      assertRefused(Reason.WRONG_KEY, () -> keyring.removeUnlock(raw(1)));
      apply(keyring, keyring.addUnlock(raw(0)));
      // Both slots are of the one key.
      assertRefused(Reason.STILL_NEEDED, () -> keyring.removeUnlock(raw(0)));
      apply(keyring, keyring.removeUnlock(only));
      assertSameVault(keyring, raw(0), keyring.header());
      assertThat(keyring.header()).isNotEqualTo(header);
    }
  }

  @Test
  void changeMasterKey_onlySlot_replacesTheRootKeyAndNothingThatRecordsNeed() {
    try (Keyring keyring = Keyring.create(raw(0));
        Keyring elsewhere = Keyring.open(raw(0), keyring.header())) {
      apply(keyring, keyring.rotate(Instant.EPOCH));
      elsewhere.follow(keyring.header());
      byte[] sealed = RECORD.seal(keyring, new byte[] {1});
      byte[] older = keyring.header();
      HeaderParts parts = HeaderParts.of(older);

      byte[] header = apply(keyring, keyring.changeMasterKey(raw(0), external()));

      assertThat(keyring.unlockSlots()).extracting(UnlockSlot::kind).containsExactly(Kind.EXTERNAL);
      assertRefused(Reason.WRONG_KEY, () -> Keyring.open(raw(0), header));
      assertSameVault(keyring, external(), header);
      assertThat(RECORD.open(keyring, sealed)).containsExactly(1);
      assertThat(elsewhere.token("a")).isEqualTo(keyring.token("a"));
      assertThat(keyring.epochs()).isEqualTo(elsewhere.epochs());
      // Whoever kept the old root key, or has the old slot put back, reads nothing of the new one.
      assertRefused(Reason.WRONG_KEY, () -> elsewhere.follow(header));
      byte[] spliced = HeaderParts.of(header).withSlots(parts.slots).toBytes();
      assertRefused(Reason.DAMAGED, () -> Keyring.open(raw(0), spliced));
      assertRefused(Reason.WRONG_KEY, () -> keyring.follow(older));
    }
  }

  @Test
  void changeMasterKey_oneOfSeveralSlots_takesItsPlaceAndKeepsTheRootKey() {
    try (Keyring keyring = Keyring.create(raw(0));
        Keyring elsewhere = Keyring.open(raw(0), keyring.header())) {
      for (MasterKey key : List.of(raw(1), raw(2), raw(1))) {
        apply(keyring, keyring.addUnlock(key));
      }
      List<UnlockSlot> before = keyring.unlockSlots();

      byte[] header = apply(keyring, keyring.changeMasterKey(raw(1), passphrase("new")));

      assertThat(keyring.unlockSlots())
          .extracting(UnlockSlot::kind)
          .containsExactly(Kind.RAW, Kind.PASSPHRASE, Kind.RAW);
      assertThat(keyring.unlockSlots()).contains(before.get(0), before.get(2));
      assertThat(keyring.unlockSlots()).doesNotContain(before.get(1), before.get(3));
      assertRefused(Reason.WRONG_KEY, () -> Keyring.open(raw(1), header));
      for (MasterKey key : List.of(raw(0), passphrase("new"), raw(2))) {
        assertSameVault(keyring, key, header);
      }
      elsewhere.follow(header);
      assertThat(elsewhere.unlockSlots()).isEqualTo(keyring.unlockSlots());
    }
  }

  /**
   * Also if it is in several slots: then there is no other key that the old root key is kept for.
   */
  @Test
  void changeMasterKey_keyOfAllSlots_replacesTheRootKey() {
    try (Keyring keyring = Keyring.create(raw(0));
        Keyring elsewhere = Keyring.open(raw(0), keyring.header())) {
      apply(keyring, keyring.addUnlock(raw(0)));
      byte[] header = apply(keyring, keyring.changeMasterKey(raw(0), raw(1)));
      assertThat(keyring.unlockSlots()).hasSize(1);
      assertRefused(Reason.WRONG_KEY, () -> elsewhere.follow(header));
      assertSameVault(keyring, raw(1), header);
    }
  }

  @Test
  void changeMasterKey_wrongOrMissingKey_changesNothing() throws Exception {
    try (Keyring keyring = Keyring.create(raw(0))) {
      byte[] header = keyring.header();
      assertRefused(Reason.WRONG_KEY, () -> keyring.changeMasterKey(raw(1), raw(2)));
      assertRefused(Reason.WRONG_KEY, () -> keyring.changeMasterKey(external(), raw(2)));
      external.failing = true;
      assertRefused(Reason.KEY_UNAVAILABLE, () -> keyring.changeMasterKey(raw(0), external()));
      assertRefused(Reason.KEY_UNAVAILABLE, () -> keyring.addUnlock(external()));
      MasterKey missing = MasterKey.fromFile(Path.of("/no such directory/key"));
      assertRefused(Reason.KEY_UNAVAILABLE, () -> keyring.changeMasterKey(missing, raw(2)));
      assertRefused(Reason.KEY_UNAVAILABLE, () -> keyring.changeMasterKey(raw(0), missing));
      assertThat(keyring.header()).isEqualTo(header);
      assertSameVault(keyring, raw(0), keyring.header());
    }
  }

  /** Whoever hands a key in closes it; a closed one is no key any more. */
  @Test
  void masterKey_handedIn_isLeftOpenForItsOwner() {
    try (MasterKey first = raw(0);
        MasterKey second = raw(1);
        Keyring keyring = Keyring.create(first)) {
      apply(keyring, keyring.addUnlock(second));
      apply(keyring, keyring.changeMasterKey(second, raw(2)));
      apply(keyring, keyring.addUnlock(second));
      apply(keyring, keyring.removeUnlock(second));
      assertRefused(Reason.WRONG_KEY, () -> Keyring.open(second, keyring.header()));
      Keyring.open(first, keyring.header()).close();
      assertThat(MasterKeyTest.secretOf(first)).isEqualTo(flip(rawKey, 0));
      assertThat(MasterKeyTest.secretOf(second)).isEqualTo(flip(rawKey, 1));
    }
  }

  @Test
  void open_wrongPassphraseAndDamagedHeader_areToldApart() {
    try (Keyring keyring = Keyring.create(passphrase("right"))) {
      byte[] header = keyring.header();
      byte[] damaged = flip(header, 8 * 100);
      assertThatExceptionOfType(CryptoException.class)
          .isThrownBy(() -> Keyring.open(passphrase("wrong"), header))
          .withMessageNotContaining("wrong")
          .withNoCause()
          .extracting(CryptoException::reason)
          .isEqualTo(Reason.WRONG_KEY);
      assertRefused(Reason.DAMAGED, () -> Keyring.open(passphrase("wrong"), damaged));
      assertRefused(Reason.DAMAGED, () -> Keyring.open(passphrase("right"), damaged));
      assertRefused(Reason.WRONG_KEY, () -> Keyring.open(raw(), header));
      assertRefused(Reason.WRONG_KEY, () -> Keyring.open(external(), header));
    }
  }

  /** Under the same master key it is that other vault, and nothing of this one opens there. */
  @Test
  void open_headerOfAnotherVault_isThatVault() {
    try (Keyring keyring = Keyring.create(raw());
        Keyring other = Keyring.create(raw());
        Keyring opened = Keyring.open(raw(), other.header())) {
      byte[] sealed = RECORD.seal(keyring, new byte[] {1});
      assertThat(opened.token("a")).isEqualTo(other.token("a")).isNotEqualTo(keyring.token("a"));
      assertRefused(Reason.DAMAGED, () -> RECORD.open(opened, sealed));
      assertRefused(Reason.DAMAGED, () -> keyring.follow(other.header()));
      assertThat(RECORD.open(keyring, sealed)).containsExactly(1);
    }
  }

  /** Slots of a newer release, before, between and behind those that this one knows. */
  @Test
  void open_slotsOfUnknownKinds_areSkippedAndKeptByteForByte() throws Exception {
    byte[] vaultId = Seeded.bytes(random, 16);
    byte[] rootKey = Seeded.bytes(random, 32);
    SlotKey one = SlotKey.raw("one");
    SlotKey two = SlotKey.raw("two");
    List<byte[]> unknown = new ArrayList<>();
    for (int[] kindAndLength : new int[][] {{0, 0}, {4, 1}, {128, 124}, {255, 0xffff}}) {
      unknown.add(unknown(kindAndLength[0], kindAndLength[1]));
    }
    List<byte[]> slots =
        List.of(
            unknown.get(0),
            one.slot(random, vaultId, rootKey),
            unknown.get(1),
            unknown.get(2),
            two.slot(random, vaultId, rootKey),
            unknown.get(3));
    byte[] keyringText = HeaderParts.keyring(1, List.of(HeaderParts.epoch(1, rootKey)));
    byte[] header = HeaderParts.of(vaultId, slots, rootKey, keyringText).toBytes(rootKey);

    try (Keyring keyring = one.open(header)) {
      assertThat(keyring.unlockSlots())
          .extracting(UnlockSlot::kind)
          .containsExactly(
              Kind.UNKNOWN, Kind.RAW, Kind.UNKNOWN, Kind.UNKNOWN, Kind.RAW, Kind.UNKNOWN);
      assertThat(keyring.unlockSlots()).allMatch(slot -> slot.uri().isEmpty());
      assertRefused(Reason.NEWER_FORMAT, () -> Keyring.open(raw(), header));
      assertRefused(Reason.NEWER_FORMAT, () -> Keyring.open(passphrase("a"), header));

      assertThat(HeaderParts.of(apply(keyring, keyring.rotate(Instant.EPOCH))).slots)
          .usingElementComparator(Arrays::compare)
          .containsExactlyElementsOf(slots);
      apply(keyring, keyring.addUnlock(raw()));
      apply(keyring, keyring.removeUnlock(two.masterKey().get()));
      byte[] changed =
          apply(keyring, keyring.changeMasterKey(one.masterKey().get(), two.masterKey().get()));
      List<byte[]> now = HeaderParts.of(changed).slots;
      assertThat(List.of(now.get(0), now.get(2), now.get(3), now.get(4)))
          .usingElementComparator(Arrays::compare)
          .containsExactlyElementsOf(unknown);
      assertThat(now).hasSize(6);
      assertSameVault(keyring, two.masterKey().get(), changed);
      assertSameVault(keyring, raw(), changed);

      for (UnlockSlot slot : keyring.unlockSlots()) {
        if (slot.kind() == Kind.UNKNOWN) {
          apply(keyring, keyring.removeUnlock(slot.id()));
        }
      }
      assertThat(keyring.unlockSlots()).extracting(UnlockSlot::kind).containsOnly(Kind.RAW);
      assertRefused(Reason.WRONG_KEY, () -> Keyring.open(raw(9), keyring.header()));
    }
  }

  /** What can be mended at once is said first: the service may only have been away. */
  @Test
  void open_slotUnavailableBesideOneOfAnUnknownKind_isUnavailable() throws Exception {
    byte[] vaultId = Seeded.bytes(random, 16);
    byte[] rootKey = Seeded.bytes(random, 32);
    SlotKey key = SlotKey.external(URI, vaultId);
    List<byte[]> slots = List.of(unknown(4, 10), key.slot(random, vaultId, rootKey));
    byte[] keyring = HeaderParts.keyring(1, List.of(HeaderParts.epoch(1, rootKey)));
    byte[] header = HeaderParts.of(vaultId, slots, rootKey, keyring).toBytes(rootKey);
    key.open(header).close();
    assertRefused(Reason.KEY_UNAVAILABLE, () -> Keyring.open(external(), header));
    MasterKey ofAnotherName = MasterKey.fromAead(external, URI + "/");
    assertRefused(Reason.NEWER_FORMAT, () -> Keyring.open(ofAnotherName, header));
  }

  /** Also where no slot would ask for it: a wrong key would send people the wrong way. */
  @Test
  void missingKeyFile_vaultWithoutRawSlot_isUnavailable() {
    MasterKey missing = MasterKey.fromFile(Path.of("/no such directory/key"));
    try (Keyring keyring = Keyring.create(external())) {
      assertRefused(Reason.KEY_UNAVAILABLE, () -> Keyring.open(missing, keyring.header()));
      assertRefused(Reason.KEY_UNAVAILABLE, () -> keyring.removeUnlock(missing));
      assertRefused(Reason.KEY_UNAVAILABLE, () -> keyring.changeMasterKey(missing, raw()));
      assertRefused(Reason.WRONG_KEY, () -> Keyring.open(raw(), keyring.header()));
      assertRefused(Reason.WRONG_KEY, () -> keyring.removeUnlock(raw()));
    }
  }

  /** As many slots as a newer release may leave, as long as they may be: still a header. */
  @Test
  void addUnlock_besideFifteenLongestSlots_makesAHeaderThatOpens() throws Exception {
    byte[] vaultId = Seeded.bytes(random, 16);
    byte[] rootKey = Seeded.bytes(random, 32);
    SlotKey one = SlotKey.raw("one");
    List<byte[]> slots = new ArrayList<>();
    slots.add(one.slot(random, vaultId, rootKey));
    for (int i = 0; i < 14; i++) {
      slots.add(unknown(4, 0xffff));
    }
    List<byte[]> epochs = new ArrayList<>();
    for (int epoch = 1; epoch < KeyringText.MAX_EPOCHS; epoch++) {
      epochs.add(HeaderParts.epoch(epoch, rootKey));
    }
    byte[] header =
        HeaderParts.of(vaultId, slots, rootKey, HeaderParts.keyring(1, epochs)).toBytes(rootKey);
    String uri = "u".repeat(MasterKey.MAX_URI_BYTES);
    try (Keyring keyring = one.open(header)) {
      apply(keyring, keyring.rotate(Instant.EPOCH));
      apply(keyring, keyring.addUnlock(MasterKey.fromAead(external, uri)));
      assertThat(keyring.header()).hasSizeLessThan(1 << 20);
      assertSameVault(keyring, one.masterKey().get(), keyring.header());
      assertSameVault(keyring, MasterKey.fromAead(external, uri), keyring.header());
    }
  }

  private byte[] unknown(int kind, int length) {
    return ByteBuffer.allocate(SlotParts.FRAMING_BYTES + length)
        .put((byte) kind)
        .put(Seeded.bytes(random, 8))
        .putShort((short) length)
        .put(Seeded.bytes(random, length))
        .array();
  }

  @Test
  void unlockSlot_missingPart_isNamed() {
    assertThatNullPointerException()
        .isThrownBy(() -> new UnlockSlot(null, Kind.RAW, Optional.empty()))
        .withMessage("id");
    assertThatNullPointerException()
        .isThrownBy(() -> new UnlockSlot("", null, Optional.empty()))
        .withMessage("kind");
    assertThatNullPointerException()
        .isThrownBy(() -> new UnlockSlot("", Kind.RAW, null))
        .withMessage("uri");
  }
}
