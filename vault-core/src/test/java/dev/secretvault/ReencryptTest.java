package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sealing anew what is damaged, what others write meanwhile, and after being broken off. */
class ReencryptTest {

  private final Supplier<SecretStore> medium = newMedium();
  private final SecretStore attacker = medium.get();
  private final List<Integer> commits = new ArrayList<>();

  /** Writes down how many records each commit puts, and lets a rival come first. */
  private final FaultyStore faults =
      new FaultyStore(
          new WrappedStore(medium.get()) {
            @Override
            public void commit(List<Change> changes) {
              commits.add(Change.written(changes).size());
              rival.accept(changes);
              super.commit(changes);
            }
          });

  private Consumer<List<Change>> rival = changes -> {};

  private final VaultFixture fixture = new VaultFixture(medium);
  private final SecretVault vault = fixture.open(faults);

  Supplier<SecretStore> newMedium() {
    return VaultFixture.newMemory();
  }

  @AfterEach
  void close() {
    vault.close();
    attacker.close();
    fixture.close();
  }

  private List<SecretId> createAndRotate(int secrets) {
    List<SecretId> ids = new ArrayList<>();
    for (int i = 0; i < secrets; i++) {
      ids.add(VaultFixture.create(vault, "name " + i));
    }
    vault.keys().rotate();
    commits.clear();
    return ids;
  }

  private Reencryption reencrypt() {
    return vault.keys().reencrypt(progress -> {});
  }

  private Map<RecordKey, StoredRecord> stored() {
    return VaultFixture.stored(attacker);
  }

  private Map<Integer, Long> epochs() {
    return VaultFixture.epochs(stored());
  }

  private RecordKey keyOf(String what) {
    return stored().keySet().stream()
        .filter(key -> key.text().contains(what))
        .findFirst()
        .orElseThrow();
  }

  /** Writes bytes under a key at the revision that is stored there. */
  private void overwrite(RecordKey key, byte[] bytes) {
    StoredRecord old = attacker.read(key).orElseThrow();
    attacker.commit(List.of(Change.delete(key, old.revision())));
    for (long revision = 0; revision < old.revision(); revision++) {
      attacker.commit(List.of(new Change.Put(key, revision, bytes, old.expiresAt())));
    }
  }

  private byte[] bytesOf(RecordKey key) {
    return attacker.read(key).orElseThrow().bytes();
  }

  private static byte[] flipped(byte[] bytes, int at) {
    byte[] flipped = bytes.clone();
    flipped[at] ^= 1;
    return flipped;
  }

  private static final int NONCE_AT = 1 + Integer.BYTES;

  /**
   * A name whose secret nobody can tell, and records that belong to nothing, stop no retirement.
   */
  @Test
  void discard_deletesWhatOpensForNobody_andNothingElse() {
    SecretId id = createAndRotate(2).get(0);
    RecordKey name = keyOf(".n.");
    RecordKey planted = new RecordKey(keyOf(".s." + id).text().replace(id.text(), "zzz"));
    for (RecordKey key : List.of(name, keyOf(".s." + id))) {
      overwrite(key, flipped(bytesOf(key), NONCE_AT));
    }
    attacker.commit(List.of(Change.put(planted, 0, bytesOf(name))));
    vault.delete(id);
    Reencryption done = reencrypt();
    assertThat(done.quarantinedKeys()).contains(planted.text());
    assertThat(vault.keys().safeToRetire(1)).isFalse();
    Map<RecordKey, StoredRecord> before = stored();
    for (RecordKey key : before.keySet()) {
      if (!done.quarantinedKeys().contains(key.text())) {
        assertThatThrownBy(() -> vault.keys().discard(key.text()))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageStartingWith("key: the record opens");
      }
    }
    assertThatThrownBy(() -> vault.keys().discard("not a key"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(stored().keySet()).isEqualTo(before.keySet());
    for (String key : done.quarantinedKeys()) {
      assertThat(vault.keys().discard(key)).isTrue();
      assertThat(vault.keys().discard(key)).isFalse();
    }
    vault.keys().retire(1);
    assertThat(vault.list(ListQuery.all()).items()).hasSize(1);
  }

  @Test
  void damagedRecords_areQuarantinedAndLeftAlone_andAllOthersDone() {
    List<SecretId> ids = createAndRotate(8);
    Map<RecordKey, byte[]> damaged = new TreeMap<>();
    List<UnaryOperator<byte[]>> damages =
        List.of(
            bytes -> flipped(bytes, NONCE_AT),
            bytes -> flipped(bytes, bytes.length - 1),
            bytes -> flipped(bytes, NONCE_AT + 12),
            bytes -> flipped(bytes, 1), // Names an epoch that never was.
            bytes -> flipped(bytes, 4), // Names the epoch before the first one.
            bytes -> Arrays.copyOf(bytes, bytes.length - 1),
            bytes -> new byte[0],
            bytes -> bytesOf(keyOf(".s." + ids.get(7))));
    for (int i = 0; i < damages.size(); i++) {
      RecordKey key = keyOf(".v." + ids.get(i));
      damaged.put(key, damages.get(i).apply(bytesOf(key)));
    }
    RecordKey newer = keyOf(".s." + ids.get(0));
    byte[] ofANewerFormat = bytesOf(newer);
    ofANewerFormat[0] = 9;
    damaged.put(newer, ofANewerFormat);
    damaged.forEach(this::overwrite);
    Map<RecordKey, StoredRecord> before = stored();

    Reencryption done = reencrypt();

    assertThat(done.examined()).isEqualTo(24);
    assertThat(done.resealed()).isEqualTo(24 - damaged.size());
    assertThat(done.quarantined()).isEqualTo(damaged.size());
    assertThat(done.quarantinedKeys())
        .containsExactlyElementsOf(damaged.keySet().stream().map(RecordKey::text).toList());
    stored()
        .forEach(
            (key, record) -> {
              if (damaged.containsKey(key)) {
                assertThat(record.revision()).isEqualTo(before.get(key).revision());
                assertThat(record.bytes()).isEqualTo(damaged.get(key));
              } else if (!key.equals(HeaderRecord.KEY)) {
                assertThat(VaultRecords.epochOf(record)).isEqualTo(2);
              }
            });
    Reencryption again = reencrypt();
    assertThat(again.resealed()).isZero();
    assertThat(again.quarantinedKeys()).isEqualTo(done.quarantinedKeys());
    assertThat(vault.keys().safeToRetire(1)).isFalse();
    assertThatThrownBy(() -> vault.keys().retire(1)).isInstanceOf(KeyInUseException.class);
    ids.forEach(id -> assertThat(vault.delete(id)).isTrue());
    assertThat(stored()).containsOnlyKeys(HeaderRecord.KEY);
    assertThat(vault.keys().safeToRetire(1)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {".s.", ".v.", ".n."})
  void deletingASecretWithADamagedRecord_makesItsEpochSafeToRetire(String kind) {
    SecretId damaged = createAndRotate(1).get(0);
    RecordKey key = keyOf(kind);
    VaultFixture.create(vault, "another");
    overwrite(key, flipped(bytesOf(key), NONCE_AT));
    assertThat(reencrypt().quarantinedKeys()).containsExactly(key.text());
    assertThat(vault.keys().safeToRetire(1)).isFalse();
    assertThat(vault.delete(damaged)).isTrue();
    assertThat(vault.delete(damaged)).isFalse();
    assertThat(epochs()).isEqualTo(Map.of(2, 3L));
    assertThat(vault.keys().safeToRetire(1)).isTrue();
    vault.keys().retire(1);
    VaultFixture.create(vault, "name 0");
    assertThat(VaultFixture.reveal(vault, "another")).isEqualTo("another");
    assertThat(VaultFixture.reveal(vault, "name 0")).isEqualTo("name 0");
  }

  /** The name of the damaged one has to be found among many, its values beside those of others. */
  @Test
  void deletingASecretWhoseRecordIsDamaged_takesWhatIsItsOwnAndNothingElse() {
    List<SecretId> ids = createAndRotate(250);
    for (int i = 0; i < ids.size(); i += 50) {
      RecordKey key = keyOf(".s." + ids.get(i));
      overwrite(key, new byte[bytesOf(key).length]);
      assertThat(vault.delete(ids.get(i))).isTrue();
    }
    assertThat(stored()).hasSize(1 + 3 * 245);
    for (int i = 0; i < ids.size(); i++) {
      if (i % 50 == 0) {
        assertThat(vault.find("name " + i)).isEmpty();
      } else {
        assertThat(VaultFixture.reveal(vault, "name " + i)).isEqualTo("name " + i);
      }
    }
  }

  @Test
  void quarantinedKeys_areCountedInFullAndListedUpToALimit() {
    createAndRotate(1);
    int planted = Reencryption.MAX_KEYS + 1;
    for (int i = 0; i < planted; i++) {
      RecordKey key = new RecordKey("planted." + i);
      attacker.commit(List.of(Change.put(key, 0, new byte[64])));
    }
    Reencryption done = reencrypt();
    assertThat(done.examined()).isEqualTo(planted + 3);
    assertThat(done.resealed()).isEqualTo(3);
    assertThat(done.quarantined()).isEqualTo(planted);
    assertThat(done.quarantinedKeys()).hasSize(Reencryption.MAX_KEYS).doesNotHaveDuplicates();
    assertThat(vault.keys().keysInUse()).extracting(KeyEpoch::records).containsExactly(0L, 3L);
    vault.keys().retire(1);
  }

  @Test
  void progress_isToldAfterEachBatch() {
    createAndRotate(100);
    List<Reencryption> told = new ArrayList<>();
    Reencryption done = vault.keys().reencrypt(told::add);
    assertThat(done).isEqualTo(new Reencryption(300, 300, 0, List.of()));
    assertThat(told.get(told.size() - 1)).isEqualTo(done);
    long before = 0;
    for (int i = 0; i < told.size(); i++) {
      assertThat(told.get(i).resealed()).isEqualTo(told.get(i).examined());
      assertThat(told.get(i).examined() - before).isEqualTo((long) commits.get(i));
      before = told.get(i).examined();
    }
    assertThat(commits).allMatch(size -> size <= 100).hasSizeBetween(3, 4);
    told.clear();
    commits.clear();
    assertThat(vault.keys().reencrypt(told::add)).isEqualTo(new Reencryption(300, 0, 0, List.of()));
    assertThat(told).as("told even if there is nothing to do").hasSizeBetween(3, 4);
    assertThat(commits).as("nothing is written again").isEmpty();
  }

  @Test
  void progressThatThrows_breaksOff_andTheNextRunDoesTheRest() {
    createAndRotate(100);
    IllegalStateException enough = new IllegalStateException("enough");
    AtomicInteger batches = new AtomicInteger();
    assertThatThrownBy(
            () ->
                vault
                    .keys()
                    .reencrypt(
                        progress -> {
                          if (batches.incrementAndGet() == 2) {
                            throw enough;
                          }
                        }))
        .isSameAs(enough);
    long done = commits.stream().mapToInt(Integer::intValue).sum();
    assertThat(commits).hasSize(2);
    assertThat(epochs()).isEqualTo(Map.of(1, 300 - done, 2, done));
    assertThat(reencrypt()).isEqualTo(new Reencryption(300, 300 - done, 0, List.of()));
    assertThat(epochs()).isEqualTo(Map.of(2, 300L));
  }

  @ParameterizedTest
  @ValueSource(strings = {"NOT_WRITTEN", "UNKNOWN_NOT_WRITTEN", "UNKNOWN_WRITTEN"})
  void storeThatFails_breaksOff_andTheNextRunDoesTheRest(Fault fault) {
    createAndRotate(100);
    faults.nth(Call.COMMIT, 2).fails(fault);
    assertThatThrownBy(this::reencrypt).isInstanceOf(StoreFailedException.class);
    long done = epochs().get(2);
    assertThat(done).isPositive();
    assertThat(reencrypt()).isEqualTo(new Reencryption(300, 300 - done, 0, List.of()));
    vault.keys().retire(1);
    for (int i = 0; i < 100; i++) {
      assertThat(VaultFixture.reveal(vault, "name " + i)).isEqualTo("name " + i);
    }
  }

  /** With each lost race, half as many records are tried, and all is well in the end. */
  @Test
  void writersInBetween_halveTheBatch_andLoseNothing() {
    createAndRotate(40);
    HeaderRecord header =
        HeaderRecord.unlock(attacker, MasterKey.fromBytes(fixture.masterKey), false);
    VaultRecords records = new VaultRecords(attacker, header, "", () -> {});
    rival =
        changes -> {
          if (commits.size() <= 7) {
            RecordKey last = changes.get(changes.size() - 1).key();
            StoredRecord stored = attacker.read(last).orElseThrow();
            records.commit(() -> List.of(records.reseal(stored).orElseThrow()));
          }
        };
    Reencryption done = reencrypt();
    header.close();
    for (int race = 0; race < 7; race++) { // One less where the header stands among them.
      assertThat(commits.get(race)).isBetween(Math.max(1, (100 >> race) - 1), 100 >> race);
    }
    assertThat(commits.get(7)).as("luck is back").isGreaterThan(90);
    assertThat(done.examined()).isEqualTo(120);
    assertThat(done.resealed()).as("the rival did seven").isEqualTo(113);
    assertThat(epochs()).isEqualTo(Map.of(2, 120L));
    for (int i = 0; i < 40; i++) {
      assertThat(VaultFixture.reveal(vault, "name " + i)).isEqualTo("name " + i);
    }
    vault.keys().retire(1);
  }

  @Test
  void secretDeletedInBetween_isNotBroughtBack() {
    List<SecretId> ids = createAndRotate(5);
    faults.nth(Call.COMMIT, 1).before(() -> fixture.vault.delete(ids.get(2)));
    assertThat(reencrypt().resealed()).isEqualTo(12);
    assertThat(vault.find("name 2")).isEmpty();
    assertThat(stored()).hasSize(1 + 12);
    assertThat(epochs()).isEqualTo(Map.of(2, 12L));
  }

  @Test
  void keysTurnedInBetween_areUsedFromThereOn() {
    createAndRotate(50);
    faults.nth(Call.COMMIT, 1).before(() -> fixture.vault.keys().rotate());
    assertThat(reencrypt()).isEqualTo(new Reencryption(150, 150, 0, List.of()));
    assertThat(epochs()).isEqualTo(Map.of(3, 150L));
  }
}
