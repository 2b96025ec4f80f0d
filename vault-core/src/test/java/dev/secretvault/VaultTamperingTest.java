package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * An attacker rewrites the store. What comes out is the right answer or an error, never a wrong
 * one.
 */
class VaultTamperingTest {

  private static final List<String> NAMES = List.of("a", "b", "c");

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  private VaultFixture fixture;
  private SecretStore attacker;
  private final Map<String, String> digests = new TreeMap<>();

  @BeforeEach
  void fill() {
    fixture = new VaultFixture(() -> InMemorySecretStore.open(medium));
    attacker = InMemorySecretStore.open(medium);
    for (String name : NAMES) {
      SecretSpec spec = SecretSpec.named(name).value(valueOf(name).toCharArray()).active();
      fixture.vault.create(spec).close();
      digests.put(name, fixture.vault.hmac(name, "u").hex());
    }
  }

  @AfterEach
  void close() {
    attacker.close();
    fixture.close();
  }

  private static String valueOf(String name) {
    return "value of " + name;
  }

  private List<StoredRecord> sealedRecords() {
    return attacker.scan(null, SecretStore.MAX_PAGE).stream()
        .filter(stored -> !stored.key().text().equals("header"))
        .toList();
  }

  /** Writes bytes under a key at the revision that is to be stored there. */
  private void overwrite(RecordKey key, long revision, byte[] bytes) {
    attacker
        .read(key)
        .ifPresent(old -> attacker.commit(List.of(Change.delete(key, old.revision()))));
    for (long next = 0; next < revision; next++) {
      attacker.commit(List.of(Change.put(key, next, bytes)));
    }
  }

  private void restore(StoredRecord stored) {
    overwrite(stored.key(), stored.revision(), stored.bytes());
  }

  /** Uses every secret in every way, and says how often the vault noticed. */
  private int refusalsWithoutAWrongAnswer() {
    int refusals = 0;
    for (String name : NAMES) {
      try (SecretValue value = fixture.vault.reveal(name)) {
        assertThat(VaultFixture.textOf(value)).isEqualTo(valueOf(name));
      } catch (IntegrityException | UnsupportedFormatException noticed) {
        refusals++;
      }
      try {
        assertThat(fixture.vault.hmac(name, "u").hex()).isEqualTo(digests.get(name));
      } catch (IntegrityException | UnsupportedFormatException noticed) {
        refusals++;
      }
    }
    try {
      List<String> listed =
          fixture.vault.list(ListQuery.all()).items().stream().map(SecretInfo::name).toList();
      assertThat(listed).containsExactlyInAnyOrderElementsOf(NAMES);
    } catch (IntegrityException | UnsupportedFormatException noticed) {
      refusals++;
    }
    return refusals;
  }

  @Test
  void untouched_noneIsRefused() {
    assertThat(refusalsWithoutAWrongAnswer()).isZero();
  }

  @Test
  void swapped_everyPairOfRecords_isNoticed() {
    List<StoredRecord> records = sealedRecords();
    assertThat(records).hasSize(9);
    for (StoredRecord one : records) {
      for (StoredRecord other : records) {
        if (one.key().compareTo(other.key()) < 0) {
          overwrite(one.key(), one.revision(), other.bytes());
          overwrite(other.key(), other.revision(), one.bytes());
          assertThat(refusalsWithoutAWrongAnswer()).as("%s and %s", one, other).isPositive();
          restore(one);
          restore(other);
        }
      }
    }
    assertThat(refusalsWithoutAWrongAnswer()).isZero();
  }

  @Test
  void flipped_everyBitOfEveryRecord_isNoticed() {
    for (StoredRecord stored : sealedRecords()) {
      for (int bit = 0; bit < 8 * stored.bytes().length; bit++) {
        byte[] flipped = stored.bytes().clone();
        flipped[bit / 8] ^= (byte) (1 << bit % 8);
        overwrite(stored.key(), stored.revision(), flipped);
        assertThat(refusalsWithoutAWrongAnswer()).as("bit %s of %s", bit, stored).isPositive();
      }
      restore(stored);
    }
    assertThat(refusalsWithoutAWrongAnswer()).isZero();
  }

  @Test
  void truncated_everyRecord_isNoticed() {
    for (StoredRecord stored : sealedRecords()) {
      for (int length = 0; length < stored.bytes().length; length++) {
        byte[] cut = Arrays.copyOf(stored.bytes(), length);
        overwrite(stored.key(), stored.revision(), cut);
        assertThat(refusalsWithoutAWrongAnswer()).isPositive();
      }
      restore(stored);
    }
  }

  @Test
  void removed_valueOrSecretRecord_isNoticed() {
    for (StoredRecord stored : sealedRecords()) {
      if (!stored.key().text().contains(".n.")) {
        attacker.commit(List.of(Change.delete(stored.key(), stored.revision())));
        assertThatThrownBy(() -> NAMES.forEach(name -> fixture.vault.reveal(name).close()))
            .as("%s", stored)
            .isInstanceOf(IntegrityException.class);
        restore(stored);
      }
    }
  }

  @Test
  void replayed_olderRevision_isNoticed() {
    SecretId id = fixture.vault.find("a").orElseThrow().id();
    StoredRecord active =
        sealedRecords().stream()
            .filter(stored -> stored.key().text().endsWith(".s." + id))
            .findFirst()
            .orElseThrow();
    fixture.vault.deactivate(id);
    StoredRecord inactive = attacker.read(active.key()).orElseThrow();
    overwrite(active.key(), inactive.revision(), active.bytes());
    assertThatThrownBy(() -> fixture.vault.hmac("a", "u")).isInstanceOf(IntegrityException.class);
  }

  @Test
  void transplanted_fromAnotherVault_isNoticed() {
    try (VaultFixture other = VaultFixture.inMemory()) {
      List<StoredRecord> foreign = new ArrayList<>();
      SecretSpec spec = SecretSpec.named("a").value(valueOf("a").toCharArray()).active();
      other.vault.create(spec).close();
      try (SecretStore store = other.newStore()) {
        foreign.addAll(store.scan(null, SecretStore.MAX_PAGE));
      }
      assertThat(foreign).hasSize(4);
      for (StoredRecord own : sealedRecords()) {
        for (StoredRecord stored : foreign) {
          overwrite(own.key(), own.revision(), stored.bytes());
          assertThat(refusalsWithoutAWrongAnswer()).isPositive();
        }
        restore(own);
      }
    }
  }

  /** What an attacker, or a failing disk, may make of a record; null to remove it. */
  private static List<byte @Nullable []> damages(StoredRecord stored) {
    byte[] flipped = stored.bytes().clone();
    flipped[flipped.length - 1] ^= 1;
    byte[] newer = stored.bytes().clone();
    newer[0]++;
    return Arrays.asList(flipped, newer, new byte[0], null);
  }

  @Test
  void damagedPreviousVersion_verifiesNoMore_andStopsNoOther() {
    SecretId id = fixture.vault.find("a").orElseThrow().id();
    List<String> made = new ArrayList<>(List.of(fixture.vault.hmac(id, "u").hex()));
    for (String value : List.of("second", "third")) {
      fixture.vault.rotate(id, NewValue.of(value.toCharArray())).close();
      fixture.vault.activate(id);
      made.add(fixture.vault.hmac(id, "u").hex());
    }
    StoredRecord first = value(id, 1);
    for (byte[] damage : damages(first)) {
      if (damage == null) {
        attacker.commit(List.of(Change.delete(first.key(), first.revision())));
      } else {
        overwrite(first.key(), first.revision(), damage);
      }
      SecretVault vault = fixture.reopen();
      assertThat(vault.hmac(id, "u").hex()).isEqualTo(made.get(2));
      assertThat(made)
          .extracting(digest -> vault.verify(id, "u", digest))
          .containsExactly(false, true, true);
      restore(first);
    }
    assertThat(fixture.reopen().verify(id, "u", made.get(0))).as("intact").isTrue();
    StoredRecord current = value(id, 3);
    overwrite(current.key(), 1, Objects.requireNonNull(damages(current).get(1)));
    SecretVault newer = fixture.reopen();
    assertThatThrownBy(() -> newer.hmac(id, "u")).isInstanceOf(UnsupportedFormatException.class);
    overwrite(current.key(), 1, new byte[40]);
    SecretVault vault = fixture.reopen();
    assertThatThrownBy(() -> vault.hmac(id, "u")).isInstanceOf(IntegrityException.class);
    assertThatThrownBy(() -> vault.verify(id, "u", made.get(1)))
        .as("nothing is said without the current one")
        .isInstanceOf(IntegrityException.class);
  }

  private StoredRecord value(SecretId id, int version) {
    return sealedRecords().stream()
        .filter(stored -> stored.key().text().endsWith(".v." + id + "." + version))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void delete_ofASecretWithADamagedValue_works() {
    SecretId id = fixture.vault.find("a").orElseThrow().id();
    for (StoredRecord stored : sealedRecords()) {
      if (stored.key().text().contains(".v." + id)) {
        overwrite(stored.key(), stored.revision(), new byte[40]);
      }
    }
    assertThatThrownBy(() -> fixture.vault.reveal(id)).isInstanceOf(IntegrityException.class);
    assertThat(fixture.vault.delete(id)).isTrue();
    assertThat(sealedRecords()).hasSize(6);
  }
}
