package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.UnlockSlot;
import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The keys are changed by one vault while others are open on the same store. */
class SharedKeysTest {

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  private final VaultFixture fixture = new VaultFixture(this::store);
  private final SecretVault here = fixture.vault;
  private final List<SecretVault> others = new ArrayList<>();

  @AfterEach
  void close() {
    others.forEach(SecretVault::close);
    fixture.close();
  }

  private SecretStore store() {
    return InMemorySecretStore.open(medium);
  }

  private SecretVault there(SecretStore store) {
    SecretVault vault = fixture.open(store);
    others.add(vault);
    vault.find("none"); // From here on it has no reason of its own to read the header again.
    return vault;
  }

  private SecretVault there(boolean deaf) {
    return there(deaf ? WrappedStore.deaf(store()) : store());
  }

  private static MasterKey raw(int number) {
    byte[] key = new byte[MasterKey.BYTES];
    Arrays.fill(key, (byte) number);
    return MasterKey.fromBytes(key);
  }

  private Map<Integer, Long> epochs() {
    try (SecretStore store = store()) {
      return VaultFixture.epochs(VaultFixture.stored(store));
    }
  }

  private static void replaceEpoch(SecretVault vault) {
    int former = vault.keys().rotate() - 1;
    vault.keys().reencrypt(progress -> {});
    vault.keys().retire(former);
  }

  /**
   * The second vault does not know that the keys have changed, and would seal under the epoch that
   * is gone. Fails without the header's revision in {@code VaultRecords.commit}.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void rotationAndRetirementElsewhere_areFollowedByEveryCommit(boolean deaf) {
    SecretVault there = there(deaf);
    SecretId id = VaultFixture.create(there, "first");
    there.hmac("first", "u");
    here.keys().rotate();
    VaultFixture.create(there, "second");
    assertThat(epochs()).isEqualTo(Map.of(1, 3L, 2, 3L));
    here.keys().rotate();
    assertThat(there.keys().keysInUse())
        .extracting(KeyEpoch::number, KeyEpoch::current)
        .containsExactly(tuple(1, false), tuple(2, false), tuple(3, true));
    here.keys().rotate();
    assertThat(there.keys().reencrypt(progress -> {}).resealed()).isEqualTo(6);
    assertThat(epochs()).isEqualTo(Map.of(4, 6L));
    List.of(1, 2, 3).forEach(here.keys()::retire);
    here.keys().rotate();
    assertThat(there.keys().reencrypt(progress -> {}).resealed()).isEqualTo(6);
    here.keys().retire(4);
    replaceEpoch(here);
    VaultFixture.create(there, "third");
    there.deactivate(id);
    there.activate(id);
    replaceEpoch(here);
    assertThat(there.delete(there.find("second").orElseThrow().id())).isTrue();
    assertThat(epochs()).isEqualTo(Map.of(7, 6L));
    for (SecretVault vault : List.of(here, there)) {
      assertThat(VaultFixture.reveal(vault, "first")).isEqualTo("first");
      assertThat(VaultFixture.reveal(vault, "third")).isEqualTo("third");
      assertThat(vault.keys().keysInUse()).extracting(KeyEpoch::number).containsExactly(7);
    }
    assertThat(there.keys().rotate()).isEqualTo(8);
    assertThat(here.keys().keysInUse()).extracting(KeyEpoch::number).containsExactly(7, 8);
  }

  @Test
  void changeThatIsReported_isFollowedBeforeTheNextCommit() {
    FaultyStore counted = new FaultyStore(store());
    SecretVault there = there(counted);
    here.keys().rotate();
    int before = counted.calls(Call.COMMIT);
    VaultFixture.create(there, "first");
    assertThat(counted.calls(Call.COMMIT)).as("none was refused").isEqualTo(before + 1);
    here.keys().changeMasterKey(MasterKey.fromBytes(fixture.masterKey), raw(7));
    assertThatThrownBy(() -> there.reveal("first")).isInstanceOf(WrongMasterKeyException.class);
  }

  /** Asked for later, the condition would hold for records of the epoch before. */
  @Test
  void commit_requiresTheHeaderFromBeforeTheSealing() {
    HeaderRecord header =
        HeaderRecord.unlock(store(), MasterKey.fromBytes(fixture.masterKey), false);
    VaultRecords records = new VaultRecords(store(), header, "", () -> {});
    List<Integer> sealed = new ArrayList<>();
    records.commit(
        () -> {
          Change put = records.putName(records.keys().name("n"), SecretId.of("0".repeat(26)));
          sealed.add(header.keyring().epoch());
          if (sealed.size() == 1) {
            here.keys().rotate();
            header.refresh();
          }
          return List.of(put);
        });
    assertThat(sealed).containsExactly(1, 2);
    assertThat(epochs()).isEqualTo(Map.of(2, 1L));
    header.close();
  }

  /** The vault has had a cipher for that record, and forgets it with the epoch. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void recordOfARetiredEpoch_putBack_isRefused(boolean deaf) {
    SecretVault there = there(deaf);
    SecretId id = VaultFixture.create(there, "first");
    there.describe(id);
    try (SecretStore attacker = store()) {
      StoredRecord older =
          VaultFixture.stored(attacker).values().stream()
              .filter(record -> record.key().text().contains(".s."))
              .findFirst()
              .orElseThrow();
      replaceEpoch(here);
      there.keys().unlockSlots();
      attacker.commit(List.of(Change.delete(older.key(), older.revision() + 1)));
      attacker.commit(List.of(Change.put(older.key(), 0, older.bytes())));
    }
    assertThatThrownBy(() -> there.deactivate(id)).isInstanceOf(IntegrityException.class);
    assertThatThrownBy(() -> here.deactivate(id)).isInstanceOf(IntegrityException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatWasReadBeforeItsEpochWasRetired_isReadAgain(boolean deaf) {
    SecretVault there = there(deaf);
    SecretId id = VaultFixture.create(there, "first");
    assertThat(VaultFixture.reveal(there, "first")).as("kept by now").isEqualTo("first");
    replaceEpoch(here);
    assertThat(there.keys().unlockSlots()).as("has it follow").hasSize(1);
    assertThat(VaultFixture.reveal(there, "first")).isEqualTo("first");
    assertThat(there.deactivate(id).state()).isEqualTo(SecretState.INACTIVE);
  }

  /** Between a reading and the opening of what was read, others may do a lot. */
  @Test
  void epochRetiredBetweenReadingAndOpening_doesNoHarm() {
    FaultyStore hooked = new FaultyStore(store());
    SecretVault there = there(hooked);
    SecretId id = VaultFixture.create(here, "first");
    for (int call = 1; call <= 3; call++) {
      hooked.nth(Call.READ, call).after(() -> replaceEpoch(here));
      assertThat(VaultFixture.reveal(there, "first")).isEqualTo("first");
      hooked.heal();
      here.deactivate(id); // Has its records read again.
      here.activate(id);
    }
    hooked.nth(Call.READ, 1).after(() -> replaceEpoch(here));
    assertThat(there.deactivate(id).state()).isEqualTo(SecretState.INACTIVE);
    hooked.nth(Call.SCAN, 1).after(() -> replaceEpoch(here));
    assertThat(there.list(ListQuery.all()).items()).hasSize(1);
    hooked
        .nth(Call.SCAN, 1)
        .after(
            () -> {
              here.delete(id);
              replaceEpoch(here);
            });
    assertThat(there.list(ListQuery.all()).items()).isEmpty();
  }

  @Test
  void slotsAddedElsewhere_areSeenAndOpenTheVault() {
    SecretVault there = there(true);
    UnlockSlot added = here.keys().addUnlock(raw(7));
    assertThat(there.keys().unlockSlots()).hasSize(2).contains(added);
    VaultFixture.create(there, "first");
    there.keys().removeUnlock(MasterKey.fromBytes(fixture.masterKey));
    assertThat(here.keys().unlockSlots()).containsExactly(added);
    assertThat(VaultFixture.reveal(here, "first"))
        .as("open under a key that is gone, but open")
        .isEqualTo("first");
    assertThatThrownBy(() -> there(false)).isInstanceOf(WrongMasterKeyException.class);
    try (SecretVault reopened = fixture.open(raw(7))) {
      assertThat(VaultFixture.reveal(reopened, "first")).isEqualTo("first");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void onlyMasterKeyChangedElsewhere_hasTheOthersOpenedAnew(boolean deaf) {
    SecretVault there = there(deaf);
    SecretId id = VaultFixture.create(here, "first");
    there.describe(id);
    Map<Integer, Long> before = epochs();
    here.keys().changeMasterKey(MasterKey.fromBytes(fixture.masterKey), raw(7));
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(() -> VaultFixture.create(there, "second"))
          .isInstanceOf(WrongMasterKeyException.class)
          .hasMessageContaining("open the vault anew");
      assertThatThrownBy(() -> there.deactivate(id)).isInstanceOf(WrongMasterKeyException.class);
      assertThatThrownBy(() -> there.keys().rotate()).isInstanceOf(WrongMasterKeyException.class);
      assertThatThrownBy(() -> there.keys().keysInUse())
          .isInstanceOf(WrongMasterKeyException.class);
      assertThatThrownBy(() -> there.list(ListQuery.all()))
          .isInstanceOf(WrongMasterKeyException.class);
      assertThatThrownBy(() -> there.reveal("first")).isInstanceOf(WrongMasterKeyException.class);
    }
    assertThat(epochs()).isEqualTo(before);
    VaultFixture.create(here, "second");
    try (SecretVault reopened = fixture.open(raw(7))) {
      assertThat(VaultFixture.reveal(reopened, "first")).isEqualTo("first");
      assertThat(VaultFixture.reveal(reopened, "second")).isEqualTo("second");
    }
  }

  @Test
  void headerTamperedWith_isNoticedAndNothingIsWrittenUntilItIsRestored() {
    VaultFixture.create(here, "first");
    StoredRecord older = header();
    here.keys().rotate();
    StoredRecord newer = header();
    byte[] flipped = newer.bytes().clone();
    flipped[flipped.length / 2] ^= 1;
    try (VaultFixture foreign = VaultFixture.inMemory()) {
      byte[] ofAnother = foreign.stored().get(HeaderRecord.KEY).bytes();
      for (byte[] bytes : List.of(older.bytes(), flipped, ofAnother)) {
        overwriteHeader(bytes);
        Map<Integer, Long> before = epochs();
        assertThatThrownBy(() -> VaultFixture.create(here, "second"))
            .isInstanceOf(IntegrityException.class);
        assertThatThrownBy(() -> here.keys().rotate()).isInstanceOf(IntegrityException.class);
        assertThatThrownBy(() -> here.reveal("first")).isInstanceOf(IntegrityException.class);
        assertThat(epochs()).isEqualTo(before);
        overwriteHeader(newer.bytes());
        assertThat(VaultFixture.reveal(here, "first")).isEqualTo("first");
      }
    }
    try (SecretStore attacker = store()) {
      attacker.commit(List.of(Change.delete(HeaderRecord.KEY, header().revision())));
      assertThatThrownBy(() -> VaultFixture.create(here, "second"))
          .isInstanceOf(IntegrityException.class);
      assertThatThrownBy(() -> here.keys().unlockSlots()).isInstanceOf(IntegrityException.class);
      assertThatThrownBy(() -> there(false)).isInstanceOf(IntegrityException.class);
      attacker.commit(List.of(Change.put(HeaderRecord.KEY, 0, newer.bytes())));
    }
    VaultFixture.create(here, "second");
    assertThat(epochs()).isEqualTo(Map.of(1, 3L, 2, 3L));
  }

  private StoredRecord header() {
    try (SecretStore store = store()) {
      return store.read(HeaderRecord.KEY).orElseThrow();
    }
  }

  private void overwriteHeader(byte[] bytes) {
    try (SecretStore attacker = store()) {
      attacker.commit(List.of(Change.put(HeaderRecord.KEY, header().revision(), bytes)));
    }
  }

  @Test
  void changesThatRace_bothHappen() {
    FaultyStore hooked = new FaultyStore(store());
    SecretVault there = there(hooked);
    hooked.nth(Call.COMMIT, 1).before(() -> here.keys().rotate());
    assertThat(there.keys().rotate()).isEqualTo(3);
    hooked.nth(Call.COMMIT, 1).before(() -> here.keys().addUnlock(raw(7)));
    UnlockSlot added = there.keys().addUnlock(raw(8));
    assertThat(here.keys().unlockSlots()).hasSize(3).endsWith(added);
    hooked.nth(Call.COMMIT, 1).before(() -> here.keys().removeUnlock(added.id()));
    assertThatThrownBy(() -> there.keys().removeUnlock(added.id()))
        .isInstanceOf(IllegalArgumentException.class);
    hooked.from(Call.COMMIT, 1).before(() -> here.keys().rotate());
    assertThatThrownBy(() -> there.keys().rotate()).isInstanceOf(StaleRevisionException.class);
    assertThatThrownBy(() -> VaultFixture.create(there, "first"))
        .isInstanceOf(StaleRevisionException.class);
    hooked.heal();
    VaultFixture.create(there, "first");
    assertThat(VaultFixture.reveal(here, "first")).isEqualTo("first");
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void changeThatFails_happensInFullOrNotAtAll(Fault fault) {
    FaultyStore faults = new FaultyStore(store());
    SecretVault there = there(faults);
    VaultFixture.create(there, "first");
    faults.nth(Call.COMMIT, 1).fails(fault);
    assertThatThrownBy(() -> there.keys().rotate()).isInstanceOf(StoreFailedException.class);
    boolean written = fault == Fault.UNKNOWN_WRITTEN;
    assertThat(there.keys().keysInUse()).hasSize(written ? 2 : 1);
    VaultFixture.create(there, "second");
    assertThat(epochs()).isEqualTo(written ? Map.of(1, 3L, 2, 3L) : Map.of(1, 6L));
    faults.nth(Call.COMMIT, 1).fails(fault);
    MasterKey own = MasterKey.fromBytes(fixture.masterKey);
    assertThatThrownBy(() -> there.keys().changeMasterKey(own, raw(7)))
        .isInstanceOf(StoreFailedException.class);
    if (written) {
      assertThatThrownBy(() -> VaultFixture.create(there, "third"))
          .isInstanceOf(WrongMasterKeyException.class);
    } else {
      VaultFixture.create(there, "third");
    }
    try (SecretVault reopened =
        fixture.open(written ? raw(7) : MasterKey.fromBytes(fixture.masterKey))) {
      assertThat(VaultFixture.reveal(reopened, "first")).isEqualTo("first");
      assertThat(VaultFixture.reveal(reopened, "second")).isEqualTo("second");
    }
  }

  /** The store cannot be read when the news comes: the vault tries again with the next call. */
  @Test
  void headerThatCannotBeRead_isReadLater() {
    FaultyStore faults = new FaultyStore(store());
    SecretVault there = there(faults);
    VaultFixture.create(there, "first");
    here.keys().rotate();
    faults.from(Call.READ, 1).fails(Fault.NOT_WRITTEN);
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(() -> VaultFixture.create(there, "second"))
          .isInstanceOf(StoreFailedException.class);
    }
    faults.heal();
    VaultFixture.create(there, "second");
    assertThat(epochs()).isEqualTo(Map.of(1, 3L, 2, 3L));
  }
}
