package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.UnlockSlot;
import dev.secretvault.crypto.UnlockSlot.Kind;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What unlocks a vault, and what does not any more, on any store. */
abstract class UnlockSlotsContract {

  private static final String URI = "fake-kms://keys/1";

  @TempDir Path keyFiles;

  private final FakeAead aead = new FakeAead(0x5a);
  private VaultFixture fixture;
  private SecretId id;

  abstract VaultFixture newFixture();

  @BeforeEach
  void open() {
    fixture = newFixture();
    id = VaultFixture.create(fixture.vault, "web");
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private VaultKeys keys() {
    return fixture.vault.keys();
  }

  private MasterKey own() {
    return MasterKey.fromBytes(fixture.masterKey);
  }

  private static MasterKey raw(int number) {
    byte[] key = new byte[MasterKey.BYTES];
    Arrays.fill(key, (byte) number);
    return MasterKey.fromBytes(key);
  }

  private MasterKey file() {
    return MasterKey.fromFile(keyFiles.resolve("master.key"));
  }

  private static MasterKey passphrase(String text) {
    return MasterKey.fromPassphrase(text.toCharArray());
  }

  private MasterKey external() {
    return MasterKey.fromAead(aead, URI);
  }

  private void assertOpens(MasterKey key) {
    fixture.reopen(key);
    assertThat(VaultFixture.reveal(fixture.vault, "web")).isEqualTo("web");
    assertThat(fixture.vault.describe(id).name()).isEqualTo("web");
  }

  private void assertOpensNot(MasterKey key) {
    assertThatThrownBy(() -> fixture.reopen(key)).isInstanceOf(WrongMasterKeyException.class);
  }

  /** A key that was closed is of no use for anything. */
  private static void assertClosed(MasterKey key) {
    assertThatThrownBy(
            () -> SecretVault.builder().store(new InMemorySecretStore()).masterKey(key).open())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("master key was closed");
  }

  private void assertRefusedAndNothingChanged(
      ThrowingCallable call, Class<? extends Throwable> refusal, MasterKey... handedIn) {
    List<UnlockSlot> before = keys().unlockSlots();
    byte[] header = header();
    assertThatThrownBy(call).isInstanceOf(refusal);
    for (MasterKey key : handedIn) {
      assertClosed(key);
    }
    assertThat(keys().unlockSlots()).isEqualTo(before);
    assertThat(header()).isEqualTo(header);
    assertOpens(own());
  }

  private byte[] header() {
    return fixture.stored().get(HeaderRecord.KEY).bytes();
  }

  @Test
  void newVault_hasTheSlotOfItsMasterKey() {
    List<UnlockSlot> slots = keys().unlockSlots();
    assertThat(slots).extracting(UnlockSlot::kind).containsExactly(Kind.RAW);
    assertThat(slots.get(0).id()).matches("[0-9a-f]{16}");
    assertThat(slots.get(0).uri()).isEmpty();
  }

  @Test
  void addUnlock_ofEveryKind_opensTheVaultBesideTheOthers() throws IOException {
    List<Supplier<MasterKey>> added =
        List.of(() -> raw(7), this::file, () -> passphrase("correct horse"), this::external);
    for (Supplier<MasterKey> key : added) {
      MasterKey handedIn = key.get();
      UnlockSlot slot = keys().addUnlock(handedIn);
      assertClosed(handedIn);
      List<UnlockSlot> slots = keys().unlockSlots();
      assertThat(slots.get(slots.size() - 1)).isEqualTo(slot);
    }
    assertThat(keys().unlockSlots())
        .extracting(UnlockSlot::kind)
        .containsExactly(Kind.RAW, Kind.RAW, Kind.RAW, Kind.PASSPHRASE, Kind.EXTERNAL);
    assertThat(keys().unlockSlots()).extracting(UnlockSlot::id).doesNotHaveDuplicates();
    assertThat(keys().unlockSlots().get(4).uri()).isEqualTo(Optional.of(URI));
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(keyFiles.resolve("master.key"))))
        .isEqualTo("rw-------");
    for (Supplier<MasterKey> key : added) {
      assertOpens(key.get());
    }
    assertOpens(own());
    assertOpensNot(raw(8));
    assertOpensNot(passphrase("correct hors"));
    assertOpensNot(MasterKey.fromAead(aead, URI + "0"));
  }

  @Test
  void slots_areChangedWithoutTouchingAnyRecord() {
    Map<RecordKey, StoredRecord> before = fixture.stored();
    String slot = keys().addUnlock(raw(7)).id();
    keys().changeMasterKey(raw(7), raw(8));
    keys().removeUnlock(raw(8));
    keys().changeMasterKey(own(), raw(9));
    assertThat(keys().unlockSlots()).extracting(UnlockSlot::id).doesNotContain(slot);
    keys().changeMasterKey(raw(9), own());
    Map<RecordKey, StoredRecord> after = fixture.stored();
    assertThat(after.keySet()).isEqualTo(before.keySet());
    assertThat(after.remove(HeaderRecord.KEY).revision()).as("five changes").isEqualTo(6);
    after.forEach(
        (key, record) -> {
          assertThat(record.revision()).isEqualTo(before.get(key).revision());
          assertThat(record.bytes()).isEqualTo(before.get(key).bytes());
        });
  }

  @Test
  void removeUnlock_byIdOrKey_endsThatKeyAndNoOther() {
    UnlockSlot first = keys().unlockSlots().get(0);
    keys().addUnlock(passphrase("correct horse"));
    keys().addUnlock(external());
    UnlockSlot last = keys().addUnlock(raw(7));
    MasterKey handedIn = passphrase("correct horse");
    keys().removeUnlock(handedIn);
    assertClosed(handedIn);
    keys().removeUnlock(external());
    assertOpensNot(passphrase("correct horse"));
    assertOpensNot(external());
    assertOpens(own());
    assertOpens(raw(7));
    keys().removeUnlock(first.id());
    assertThat(keys().unlockSlots()).containsExactly(last);
    fixture.vault.close();
    assertThatThrownBy(() -> fixture.open(own())).isInstanceOf(WrongMasterKeyException.class);
    fixture.vault = fixture.open(raw(7));
    assertThat(VaultFixture.reveal(fixture.vault, "web")).isEqualTo("web");
  }

  /** Whoever takes a key away must not find that it had been added twice. */
  @Test
  void removeUnlock_ofAKeyWithTwoSlots_takesBothAway() {
    keys().addUnlock(raw(7));
    UnlockSlot between = keys().addUnlock(passphrase("correct horse"));
    keys().addUnlock(raw(7));
    keys().removeUnlock(raw(7));
    assertThat(keys().unlockSlots()).hasSize(2).contains(between);
    assertOpensNot(raw(7));
    keys().addUnlock(raw(7));
    keys().addUnlock(raw(7));
    keys().changeMasterKey(raw(7), raw(8));
    assertThat(keys().unlockSlots()).hasSize(3);
    assertOpensNot(raw(7));
    assertOpens(raw(8));
  }

  @Test
  void changeMasterKey_ofAKeyWithAllSlots_isLikeThatOfASingleOne() {
    keys().addUnlock(own());
    keys().changeMasterKey(own(), raw(8));
    assertThat(keys().unlockSlots()).hasSize(1);
    fixture.vault.close();
    assertThatThrownBy(() -> fixture.open(own())).isInstanceOf(WrongMasterKeyException.class);
    fixture.vault = fixture.open(raw(8));
    keys().addUnlock(own());
    assertRefusedAndNothingChanged(
        () -> keys().removeUnlock("0".repeat(16)), IllegalArgumentException.class);
  }

  @Test
  void removeUnlock_ofTheLastSlot_isRefused() {
    String last = keys().unlockSlots().get(0).id();
    MasterKey key = own();
    assertRefusedAndNothingChanged(() -> keys().removeUnlock(key), KeyInUseException.class, key);
    assertRefusedAndNothingChanged(() -> keys().removeUnlock(last), KeyInUseException.class);
    keys().addUnlock(own());
    assertRefusedAndNothingChanged(() -> keys().removeUnlock(own()), KeyInUseException.class);
  }

  @Test
  void removeUnlock_ofWhatIsNoSlot_isRefused() {
    keys().addUnlock(passphrase("correct horse"));
    MasterKey raw = raw(8);
    assertRefusedAndNothingChanged(
        () -> keys().removeUnlock(raw), WrongMasterKeyException.class, raw);
    MasterKey passphrase = passphrase("correct hors");
    assertRefusedAndNothingChanged(
        () -> keys().removeUnlock(passphrase), WrongMasterKeyException.class, passphrase);
    MasterKey missing = file();
    assertRefusedAndNothingChanged(
        () -> keys().removeUnlock(missing), MasterKeyUnavailableException.class, missing);
    assertThat(keyFiles).as("not made for a removal").isEmptyDirectory();
    assertRefusedAndNothingChanged(
        () -> keys().removeUnlock("0".repeat(16)), IllegalArgumentException.class);
  }

  @Test
  void addUnlock_beyondSixteen_isRefused() {
    for (int number = 2; number <= 16; number++) {
      keys().addUnlock(raw(number));
    }
    assertThat(keys().unlockSlots()).hasSize(16);
    MasterKey seventeenth = raw(17);
    assertRefusedAndNothingChanged(
        () -> keys().addUnlock(seventeenth), QuotaExceededException.class, seventeenth);
    for (int number = 2; number <= 16; number++) {
      assertOpens(raw(number));
    }
    keys().removeUnlock(raw(2));
    keys().addUnlock(raw(17));
    assertOpens(raw(17));
  }

  @Test
  void addUnlock_ofAKeyThatCannotBeHad_changesNothing() throws IOException {
    aead.unplug();
    MasterKey unplugged = external();
    assertRefusedAndNothingChanged(
        () -> keys().addUnlock(unplugged), MasterKeyUnavailableException.class, unplugged);
    MasterKey changed = file();
    Files.writeString(keyFiles.resolve("master.key"), "no key\n");
    Files.setPosixFilePermissions(
        keyFiles.resolve("master.key"), PosixFilePermissions.fromString("rw-------"));
    assertRefusedAndNothingChanged(
        () -> keys().addUnlock(changed), MasterKeyUnavailableException.class, changed);
  }

  @Test
  void changeMasterKey_ofTheOnlySlot_endsTheOldKey() {
    String digest = fixture.vault.hmac("web", "u").hex();
    MasterKey old = own();
    MasterKey replacement = file();
    keys().changeMasterKey(old, replacement);
    assertClosed(old);
    assertClosed(replacement);
    assertThat(fixture.vault.hmac("web", "u").hex()).isEqualTo(digest);
    VaultFixture.create(fixture.vault, "later");
    assertThat(keys().unlockSlots()).hasSize(1);
    fixture.vault.close();
    assertThatThrownBy(() -> fixture.open(own())).isInstanceOf(WrongMasterKeyException.class);
    fixture.vault = fixture.open(file());
    assertThat(fixture.vault.hmac("web", "u").hex()).isEqualTo(digest);
    assertThat(VaultFixture.reveal(fixture.vault, "later")).isEqualTo("later");
  }

  @Test
  void changeMasterKey_ofOneOfSeveralSlots_leavesTheOthers() {
    UnlockSlot first = keys().unlockSlots().get(0);
    keys().addUnlock(raw(7));
    UnlockSlot third = keys().addUnlock(passphrase("correct horse"));
    keys().changeMasterKey(raw(7), external());
    List<UnlockSlot> slots = keys().unlockSlots();
    assertThat(slots).hasSize(3).startsWith(first).endsWith(third);
    assertThat(slots.get(1).uri()).isEqualTo(Optional.of(URI));
    assertOpensNot(raw(7));
    assertOpens(external());
    assertOpens(passphrase("correct horse"));
  }

  @Test
  void changeMasterKey_withAWrongOrMissingKey_changesNothing() {
    MasterKey wrong = raw(8);
    MasterKey replacement = file();
    assertRefusedAndNothingChanged(
        () -> keys().changeMasterKey(wrong, replacement),
        WrongMasterKeyException.class,
        wrong,
        replacement);
    assertThat(keyFiles).as("no key is made for nothing").isEmptyDirectory();
    MasterKey missing = file();
    MasterKey another = raw(9);
    assertRefusedAndNothingChanged(
        () -> keys().changeMasterKey(missing, another),
        MasterKeyUnavailableException.class,
        missing,
        another);
    aead.unplug();
    MasterKey right = own();
    MasterKey unplugged = external();
    assertRefusedAndNothingChanged(
        () -> keys().changeMasterKey(right, unplugged),
        MasterKeyUnavailableException.class,
        right,
        unplugged);
    MasterKey alone = own();
    assertRefusedAndNothingChanged(
        () -> keys().changeMasterKey(alone, null), NullPointerException.class, alone);
  }
}
