package dev.secretvault;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Namespaces have nothing in common but the vault. */
class NamespacesTest {

  private static final List<String> NAMESPACES = List.of("", "red", "blue");
  private static final int TOKEN = 12;

  private Supplier<SecretStore> medium;
  private VaultFixture fixture;
  private SecretStore attacker;

  /** Where the vaults of a test are: each store it gives is on the same records. */
  Supplier<SecretStore> newMedium() {
    return VaultFixture.newMemory();
  }

  @BeforeEach
  void open() {
    medium = newMedium();
    fixture = new VaultFixture(medium);
    attacker = medium.get();
  }

  @AfterEach
  void close() {
    attacker.close();
    fixture.close();
  }

  private SecretVault in(String namespace) {
    return fixture.vault.namespace(namespace);
  }

  private static SecretId create(SecretVault vault, String name, String value) {
    return VaultFixture.create(vault, SecretSpec.named(name).value(value.toCharArray()).active());
  }

  private Map<String, SecretId> createInEach(String name) {
    Map<String, SecretId> ids = new TreeMap<>();
    NAMESPACES.forEach(each -> ids.put(each, create(in(each), name, "value in " + each)));
    return ids;
  }

  @Test
  void sameNames_standSideBySide() {
    Map<String, SecretId> ids = createInEach("web");
    ids.forEach(
        (namespace, id) -> {
          assertThat(VaultFixture.reveal(in(namespace), "web")).isEqualTo("value in " + namespace);
          assertThat(in(namespace).list(ListQuery.all()).items()).hasSize(1);
          assertThat(in(namespace).find("web").map(SecretInfo::id)).contains(id);
        });
    String digest = in("red").hmac("web", "u").hex();
    assertThat(in("red").verify("web", "u", digest)).isTrue();
    assertThat(in("blue").verify("web", "u", digest)).isFalse();
    in("red").delete(ids.get("red"));
    assertThat(in("red").find("web")).isEmpty();
    assertThat(in("blue").find("web")).isPresent();
    assertThat(fixture.vault.find("web")).isPresent();
    create(in("red"), "web", "another");
    assertThat(VaultFixture.reveal(in("red"), "web")).isEqualTo("another");
  }

  @Test
  void anIdOfAnotherNamespace_isUnknown() {
    SecretId id = create(in("red"), "web", "v");
    assertThat(in("red").hmac(id, "u").hex()).hasSize(64);
    SecretVault blue = in("blue");
    String digest = in("red").hmac(id, "u").hex();
    for (Runnable call :
        List.<Runnable>of(
            () -> blue.describe(id),
            () -> blue.reveal(id),
            () -> blue.hmac(id, "u"),
            () -> blue.activate(id),
            () -> blue.deactivate(id),
            () -> blue.rollback(id),
            () -> blue.retire(id, 1),
            () -> blue.rotate(id, NewValue.generated()),
            () -> blue.update(id, SecretUpdate.none()))) {
      assertThatThrownBy(call::run).isInstanceOf(SecretNotFoundException.class);
    }
    assertThat(blue.verify(id, "u", digest)).isFalse();
    assertThat(blue.matches(id, "v".toCharArray())).isFalse();
    assertThat(blue.delete(id)).isFalse();
    assertThat(VaultFixture.reveal(in("red"), "web")).isEqualTo("v");
  }

  /** The records of a namespace, by what stands behind its token. */
  private Map<String, StoredRecord> recordsOf(SecretId ofItsOnlySecret) {
    Collection<StoredRecord> all = VaultFixture.stored(attacker).values();
    String token =
        all.stream()
            .map(stored -> stored.key().text())
            .filter(key -> key.endsWith(".s." + ofItsOnlySecret))
            .findFirst()
            .orElseThrow()
            .substring(0, TOKEN);
    Map<String, StoredRecord> found = new TreeMap<>();
    all.stream()
        .filter(stored -> stored.key().text().startsWith(token))
        .forEach(stored -> found.put(stored.key().text(), stored));
    return found;
  }

  private void overwrite(RecordKey key, long revision, byte[] bytes) {
    attacker
        .read(key)
        .ifPresent(old -> attacker.commit(List.of(Change.delete(key, old.revision()))));
    for (long next = 0; next < revision; next++) {
      attacker.commit(List.of(Change.put(key, next, bytes)));
    }
  }

  /** How often a namespace noticed that its record is another's, and never a wrong answer. */
  private int refusals(String namespace, SecretId id) {
    // What a namespace's own record says is asked for only when the namespace is not known.
    fixture.reopen();
    int refusals = 0;
    for (Runnable question :
        List.<Runnable>of(
            () ->
                assertThat(VaultFixture.reveal(in(namespace), "web"))
                    .isEqualTo("value in " + namespace),
            () -> assertThat(in(namespace).describe(id).name()).isEqualTo("web"),
            () -> create(in(namespace), "more", "v"))) {
      try {
        question.run();
      } catch (IntegrityException noticed) {
        refusals++;
      }
    }
    in(namespace).find("more").ifPresent(info -> in(namespace).delete(info.id()));
    return refusals;
  }

  @Test
  void everyRecord_underAKeyOfAnotherNamespace_doesNotOpen() {
    Map<String, SecretId> ids = createInEach("web");
    int pairs = 0;
    for (String one : NAMESPACES) {
      for (String other : NAMESPACES) {
        if (one.equals(other)) {
          continue;
        }
        for (StoredRecord from : recordsOf(id(ids, one)).values()) {
          for (StoredRecord to : recordsOf(id(ids, other)).values()) {
            if (isRead(to)) {
              overwrite(to.key(), to.revision(), from.bytes());
              assertThat(refusals(other, id(ids, other)))
                  .as("%s under %s", from.key(), to.key())
                  .isPositive();
              overwrite(to.key(), to.revision(), to.bytes());
              pairs++;
            }
          }
        }
      }
    }
    // 3 records that are read in each, 3 or 4 there are in each of the others.
    assertThat(pairs).isEqualTo(3 * (4 + 4) + 2 * 3 * (3 + 4));
    ids.forEach((namespace, id) -> assertThat(refusals(namespace, id)).isZero());
  }

  private static SecretId id(Map<String, SecretId> ids, String namespace) {
    return ids.getOrDefault(namespace, SecretId.of("0".repeat(26)));
  }

  /** All but the one with the namespace's name, which only {@code reencrypt} opens. */
  private static boolean isRead(StoredRecord stored) {
    return !stored.key().text().contains(".i.");
  }

  /**
   * All that belongs to a secret, in another namespace, under the keys that it would have there.
   */
  @Test
  void aWholeSecret_copiedIntoAnotherNamespace_doesNotOpen() {
    SecretId red = create(in("red"), "web", "v");
    SecretId blue = create(in("blue"), "other", "w");
    String token = recordsOf(blue).keySet().iterator().next().substring(0, TOKEN);
    int copied = 0;
    for (StoredRecord stored : recordsOf(red).values()) {
      RecordKey key = new RecordKey(token + stored.key().text().substring(TOKEN));
      if (attacker.read(key).isEmpty()) {
        overwrite(key, stored.revision(), stored.bytes());
        copied++;
      }
    }
    assertThat(copied).isEqualTo(3);
    assertThatThrownBy(() -> in("blue").describe(red)).isInstanceOf(IntegrityException.class);
    assertThatThrownBy(() -> in("blue").reveal(red)).isInstanceOf(IntegrityException.class);
    assertThatThrownBy(() -> in("blue").hmac(red, "u")).isInstanceOf(IntegrityException.class);
    assertThat(in("blue").find("web")).isEmpty();
    assertThat(VaultFixture.reveal(in("blue"), "other")).isEqualTo("w");
  }

  @Test
  void reencrypt_inAProcessThatOpenedNone_sealsAllNamespacesAnew() {
    createInEach("web");
    create(in("nämespace ✓"), "web", "value in it");
    fixture.reopen();
    int old = fixture.vault.keys().rotate() - 1;
    Reencryption done = fixture.vault.keys().reencrypt(progress -> {});
    assertThat(done.quarantined()).isZero();
    assertThat(done.resealed()).isEqualTo(3 + 3 * 4);
    fixture.vault.keys().retire(old);
    fixture.reopen();
    for (String each : NAMESPACES) {
      assertThat(VaultFixture.reveal(in(each), "web")).isEqualTo("value in " + each);
    }
    assertThat(VaultFixture.reveal(in("nämespace ✓"), "web")).isEqualTo("value in it");
    fixture.vault.keys().rotate();
    assertThat(fixture.vault.keys().reencrypt(progress -> {}).resealed()).isEqualTo(15);
  }

  @Test
  void recordsOfNoKnownNamespace_areQuarantined_andTheOthersSealedAnew() {
    SecretId red = create(in("red"), "web", "v");
    create(in("blue"), "web", "w");
    Map<String, StoredRecord> records = recordsOf(red);
    byte[] sealed = records.values().iterator().next().bytes();
    List<String> unknown = List.of("AAAAAAAAAAA.s." + red, "AAAAAAAAAAA.i.", "nothing-at-all");
    unknown.forEach(key -> overwrite(new RecordKey(key), 1, sealed));
    List<String> orphans = new ArrayList<>(unknown);
    for (StoredRecord stored : records.values()) {
      if (isRead(stored)) {
        orphans.add(stored.key().text());
      } else {
        attacker.commit(List.of(Change.delete(stored.key(), stored.revision())));
      }
    }
    fixture.reopen();
    fixture.vault.keys().rotate();
    Reencryption done = fixture.vault.keys().reencrypt(progress -> {});
    assertThat(done.quarantinedKeys()).containsExactlyInAnyOrderElementsOf(orphans);
    assertThat(done.resealed()).isEqualTo(4);
    // Whoever names the namespace makes it known again.
    assertThat(VaultFixture.reveal(in("red"), "web")).isEqualTo("v");
    Reencryption again = fixture.vault.keys().reencrypt(progress -> {});
    assertThat(again.quarantinedKeys()).containsExactlyInAnyOrderElementsOf(unknown);
  }

  @Test
  void lookingAtANamespace_doesNotMakeIt() {
    int records = VaultFixture.stored(attacker).size();
    assertThat(in("red").find("web")).isEmpty();
    assertThat(in("red").list(ListQuery.all()).items()).isEmpty();
    assertThat(in("red").delete(SecretId.of("0".repeat(26)))).isFalse();
    assertThat(VaultFixture.stored(attacker)).hasSize(records);
  }

  @Test
  void firstCreates_racing_makeTheNamespaceOnce() {
    try (SecretVault other = fixture.open()) {
      for (int round = 0; round < 30; round++) {
        String namespace = "namespace-" + round;
        int before = VaultFixture.stored(attacker).size();
        AtomicInteger created = new AtomicInteger();
        Racers.run(
            8,
            racer -> {
              SecretVault vault = racer % 2 == 0 ? fixture.vault : other;
              create(vault.namespace(namespace), "name-" + racer, "v");
              created.incrementAndGet();
            });
        assertThat(created).hasValue(8);
        assertThat(VaultFixture.stored(attacker)).hasSize(before + 1 + 8 * 3);
      }
    }
    fixture.reopen();
    fixture.vault.keys().rotate();
    assertThat(fixture.vault.keys().reencrypt(progress -> {}).quarantined()).isZero();
  }

  @Test
  void aFirstCreate_overtakenByAnother_isMade() {
    FaultyStore store = new FaultyStore(fixture.newStore());
    try (SecretVault slow = fixture.open(store)) {
      store.nth(Call.COMMIT, 1).before(() -> create(in("red"), "fast", "v"));
      create(slow.namespace("red"), "slow", "w");
      assertThat(VaultFixture.reveal(in("red"), "fast")).isEqualTo("v");
      assertThat(VaultFixture.reveal(in("red"), "slow")).isEqualTo("w");
    }
  }

  @Test
  void quotasAndRates_areOfEachNamespaceAlone() {
    VaultLimits limits =
        VaultLimits.defaults().maxSecrets(2).rate(Permission.DIGEST, 1, Duration.ofDays(1));
    try (SecretVault vault = fixture.builder(medium.get()).limits(limits).open()) {
      for (String each : NAMESPACES) {
        SecretVault namespace = vault.namespace(each);
        create(namespace, "a", "v");
        create(namespace, "b", "v");
        assertThatThrownBy(() -> create(namespace, "c", "v"))
            .isInstanceOf(QuotaExceededException.class);
        assertThat(namespace.hmac("a", "u").hex()).hasSize(64);
        assertThatThrownBy(() -> vault.namespace(each).hmac("a", "u"))
            .as("the same namespace, asked for again")
            .isInstanceOf(RateLimitExceededException.class);
      }
    }
  }

  @Test
  void namespacesThatNobodyLooksAtAnyMore_areLetGo() {
    InMemorySecretStore store = InMemorySecretStore.open(new InMemorySecretStore.Medium());
    MasterKey key = MasterKey.fromBytes("a key that is used for a test...".getBytes(US_ASCII));
    HeaderRecord header = HeaderRecord.unlock(store, key, true);
    VaultClock clock = new VaultClock(InstantSource.system(), new HighWaterMark(store, header));
    Namespaces namespaces =
        new Namespaces(
            store, header, new VaultRules(NamePolicy.DEFAULT, VaultLimits.defaults(), clock, null));
    Namespace lookedAt = namespaces.get("looked at");
    List<WeakReference<Namespace>> others = new ArrayList<>();
    for (int i = 0; i < 5_000; i++) {
      others.add(new WeakReference<>(namespaces.get("other " + i)));
    }
    long left = others.size();
    for (int collection = 0; left > 1_000 && collection < 50; collection++) {
      System.gc();
      left = others.stream().filter(other -> other.get() != null).count();
    }
    assertThat(left).isLessThanOrEqualTo(1_000);
    assertThat(namespaces.get("looked at")).isSameAs(lookedAt);
  }

  @Test
  void damagedNameOfANamespace_losesNothing_andCanBeDiscarded() {
    SecretVault red = fixture.vault.namespace("red");
    SecretId id = VaultFixture.create(red, "web");
    RecordKey secret = onlyKeyWith(".s.");
    RecordKey name = onlyKeyWith(".i.");
    damage(name);
    VaultKeys keys = fixture.vault.keys();
    assertThatThrownBy(() -> keys.discard(secret.text())).isInstanceOf(IntegrityException.class);
    assertThat(keys.discard(name.text())).isTrue();
    assertThat(keys.discard(name.text())).isFalse();
    VaultFixture.create(fixture.vault.namespace("red"), "another");
    assertThatThrownBy(() -> keys.discard(name.text()))
        .isInstanceOf(IllegalArgumentException.class);
    fixture.reopen();
    assertThat(fixture.vault.namespace("red").describe(id).name()).isEqualTo("web");
  }

  @Test
  void secretWhoseRecordWasDiscarded_canStillBeDeleted() {
    SecretId id = VaultFixture.create(fixture.vault, "web");
    RecordKey secret = onlyKeyWith(".s.");
    damage(secret);
    assertThat(fixture.vault.keys().discard(secret.text())).isTrue();
    assertThatThrownBy(() -> VaultFixture.create(fixture.vault, "web"))
        .isInstanceOf(DuplicateNameException.class);
    assertThat(fixture.vault.delete(id)).isTrue();
    assertThat(fixture.vault.delete(id)).isFalse();
    VaultFixture.create(fixture.vault, "web");
    assertThat(fixture.stored()).hasSize(1 + 3);
  }

  private RecordKey onlyKeyWith(String part) {
    List<RecordKey> keys =
        fixture.stored().keySet().stream().filter(key -> key.text().contains(part)).toList();
    assertThat(keys).hasSize(1);
    return keys.get(0);
  }

  private void damage(RecordKey key) {
    fixture.vault.close();
    try (SecretStore store = fixture.newStore()) {
      StoredRecord stored = store.read(key).orElseThrow();
      byte[] bytes = stored.bytes().clone();
      bytes[bytes.length - 1] ^= 1;
      store.commit(List.of(Change.put(key, stored.revision(), bytes)));
    }
    fixture.vault = fixture.open();
  }
}
