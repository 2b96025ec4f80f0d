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
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The number of secrets is limited exactly, whoever creates and deletes meanwhile. */
class QuotaTest {

  private static final long UNLIMITED = Long.MAX_VALUE;

  private Supplier<SecretStore> medium;
  private final byte[] masterKey = new byte[MasterKey.BYTES];
  private final List<SecretVault> opened = new ArrayList<>();
  private final AtomicInteger names = new AtomicInteger();

  QuotaTest() {
    Arrays.fill(masterKey, (byte) 1);
  }

  /** Where the vaults of a test are: each store it gives is on the same records. */
  Supplier<SecretStore> newMedium() {
    return VaultFixture.newMemory();
  }

  @BeforeEach
  void takeMedium() {
    medium = newMedium();
  }

  private SecretVault open(long quota) {
    return open(medium.get(), quota);
  }

  private SecretVault open(SecretStore store, long quota) {
    SecretVault vault =
        SecretVault.builder()
            .store(store)
            .masterKey(MasterKey.fromBytes(masterKey))
            .limits(VaultLimits.defaults().maxSecrets(quota))
            .threads(VaultFixture.IDLE) // Its reads would be among those that are counted.
            .open();
    opened.add(vault);
    return vault;
  }

  @AfterEach
  void close() {
    opened.forEach(SecretVault::close);
  }

  private SecretId create(SecretVault vault) {
    return create(vault, "name-" + names.incrementAndGet());
  }

  private static SecretId create(SecretVault vault, String name) {
    SecretSpec spec = SecretSpec.named(name).value(new byte[] {1}).active();
    try (CreatedSecret created = vault.create(spec.disclosure(Disclosure.ONCE))) {
      return created.info().id();
    }
  }

  /** How many secrets there are whose value is not gone. */
  private static long count(SecretVault vault) {
    long count = 0;
    Optional<String> cursor = Optional.empty();
    do {
      Page<SecretInfo> page =
          vault.list(cursor.map(ListQuery.all()::after).orElse(ListQuery.all()));
      count += page.items().stream().filter(info -> info.state() != SecretState.REVEALED).count();
      cursor = page.next();
    } while (cursor.isPresent());
    return count;
  }

  /** Fills the vault: if the number that is kept were wrong, it would end too soon or too late. */
  private void assertTakesExactly(long quota) {
    try (SecretVault vault = open(quota)) {
      for (long room = quota - count(vault); room > 0; room--) {
        create(vault);
      }
      assertThatThrownBy(() -> create(vault)).isInstanceOf(QuotaExceededException.class);
      assertThat(count(vault)).isEqualTo(quota);
    }
  }

  @Test
  void quotaOf300_holdsExactlyUnder64RacingCreators() {
    SecretVault vault = open(300);
    AtomicInteger created = new AtomicInteger();
    AtomicInteger refused = new AtomicInteger();
    Racers.run(
        64,
        racer -> {
          for (int i = 0; i < 10; i++) {
            try {
              create(vault);
              created.incrementAndGet();
            } catch (QuotaExceededException full) {
              refused.incrementAndGet();
            }
          }
        });
    assertThat(created).hasValue(300);
    assertThat(refused).hasValue(340);
    assertThat(count(vault)).isEqualTo(300);
  }

  @Test
  void quotaOverSeveralVaults_holdsAmongDeletionsRevealsAndRefusals() {
    long seed = new Random().nextLong();
    System.out.println("quota: seed " + seed);
    List<SecretVault> vaults = List.of(open(300), open(300), open(300), open(UNLIMITED));
    for (int i = 0; i < 280; i++) {
      create(vaults.get(0));
    }
    AtomicInteger refused = new AtomicInteger();
    Racers.run(
        64,
        racer -> {
          Random random = new Random(seed + racer);
          SecretVault vault = vaults.get(racer % 3);
          SecretVault unlimited = vaults.get(3);
          for (int i = 0; i < 15; i++) {
            try {
              switch (random.nextInt(5)) {
                case 0 -> create(vault);
                case 1 -> create(vault, "shared-" + random.nextInt(40));
                case 2 -> unlimited.delete(some(vault, random));
                case 3 -> vault.delete(some(vault, random));
                default -> vault.reveal(some(vault, random)).close();
              }
            } catch (QuotaExceededException | DuplicateNameException fullOrTaken) {
              refused.incrementAndGet();
            } catch (AlreadyRevealedException | SecretNotFoundException another) {
              assertThat(another.retryable()).isFalse();
            }
          }
        });
    assertThat(refused).hasPositiveValue();
    assertThat(count(vaults.get(0))).isBetween(1L, 300L);
    assertTakesExactly(300);
  }

  private static SecretId some(SecretVault vault, Random random) {
    List<SecretInfo> infos = vault.list(ListQuery.all()).items();
    return infos.get(random.nextInt(infos.size())).id();
  }

  @Test
  void aLimitThatComesLater_countsWhatOthersCreateAndDeleteMeanwhile() {
    SecretVault before = open(UNLIMITED);
    for (int i = 0; i < 100; i++) {
      create(before);
    }
    Racers.run(
        12,
        racer -> {
          if (racer < 4) {
            SecretVault limited = open400();
            create(limited);
            return;
          }
          for (int i = 0; i < 40; i++) {
            SecretId id = create(before);
            if (i % 3 == 0) {
              before.delete(id);
            }
            if (i % 3 == 1) {
              before.reveal(id).close();
            }
          }
        });
    assertTakesExactly(400);
  }

  private synchronized SecretVault open400() {
    return open(400);
  }

  @Test
  void aProcessThatDiesWhileCounting_stopsNobody() {
    SecretVault unlimited = open(UNLIMITED);
    SecretId first = create(unlimited);
    create(unlimited);
    FaultyStore dying = new FaultyStore(medium.get());
    SecretVault limited = open(dying, 5);
    dying.from(Call.COMMIT, 2).fails(Fault.NOT_WRITTEN);
    assertThatThrownBy(() -> create(limited)).isInstanceOf(StoreFailedException.class);
    assertThat(countRecords()).as("written by the first commit").isEqualTo(1);
    create(unlimited);
    unlimited.delete(first);
    assertThat(count(unlimited)).isEqualTo(2);
    assertTakesExactly(5);
  }

  private long countRecords() {
    try (SecretStore store = medium.get()) {
      return store.scan(null, 1_000).stream()
          .filter(stored -> stored.key().text().contains(".c."))
          .count();
    }
  }

  /**
   * Whoever meets a count that is under way makes it, and the one who began it goes on from that.
   */
  @Test
  void creationsAtEveryStepOfCounting_areCounted() {
    for (Call call : List.of(Call.READ, Call.COMMIT, Call.SCAN)) {
      for (int step = 1; step <= 3; step++) {
        for (boolean after : List.of(false, true)) {
          Supplier<SecretStore> fresh = newMedium();
          FaultyStore watched = new FaultyStore(fresh.get());
          try (SecretVault unlimited = open(fresh.get(), UNLIMITED)) {
            create(unlimited);
            SecretVault limited = open(watched, 4);
            Runnable rival = () -> create(unlimited);
            FaultyStore.Plan plan = watched.nth(call, step);
            if (after) {
              plan.after(rival);
            } else {
              plan.before(rival);
            }
            create(limited);
            watched.heal();
            while (count(limited) < 4) {
              create(limited);
            }
            assertThatThrownBy(() -> create(limited))
                .as("%s %s, after: %s", call, step, after)
                .isInstanceOf(QuotaExceededException.class);
            assertThat(count(unlimited)).isEqualTo(4);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void creationsAndDeletionsThatFail_leaveTheCountRight(Fault fault) {
    FaultyStore faults = new FaultyStore(medium.get());
    SecretVault vault = open(faults, 5);
    SecretId id = create(vault);
    faults.nth(Call.COMMIT, 1).fails(fault);
    assertThatThrownBy(() -> create(vault)).isInstanceOf(StoreFailedException.class);
    faults.nth(Call.COMMIT, 1).fails(fault);
    assertThatThrownBy(() -> vault.delete(id)).isInstanceOf(StoreFailedException.class);
    SecretId once = create(vault);
    faults.nth(Call.COMMIT, 1).fails(fault);
    assertThatThrownBy(() -> vault.reveal(once)).isInstanceOf(StoreFailedException.class);
    assertTakesExactly(5);
  }

  /** Another vault deletes a secret while this one reads how many there are. */
  @Test
  void roomThatWasMadeDuringAReading_isSeen() {
    SecretVault rival = open(2);
    SecretId first = create(rival);
    FaultyStore store = new FaultyStore(medium.get());
    SecretVault vault = open(store, 2);
    assertThat(vault.describe(first).name()).isNotEmpty();
    create(rival);
    store.nth(Call.READ, 1).after(() -> rival.delete(first));
    try {
      create(vault);
    } catch (QuotaExceededException stillFullWhenTheCallBegan) {
      create(vault);
    }
    assertTakesExactly(2);
  }

  /** Overwrites the record of a secret with what does not open. */
  private RecordKey damage(SecretId id) {
    try (SecretStore store = medium.get()) {
      StoredRecord stored =
          store.scan(null, SecretStore.MAX_PAGE).stream()
              .filter(record -> record.key().text().endsWith(".s." + id))
              .findAny()
              .orElseThrow();
      store.commit(List.of(Change.put(stored.key(), stored.revision(), new byte[40])));
      return stored.key();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void damagedSecret_thatIsDeleted_makesRoomForOne_orNoneIfItsValueWasGone(boolean revealed) {
    SecretVault vault = open(3);
    create(vault);
    SecretId id = create(vault);
    if (revealed) {
      vault.reveal(id).close();
    }
    damage(id);
    assertThat(vault.delete(id)).isTrue();
    assertTakesExactly(3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void damagedSecretRecord_thatIsDiscarded_makesRoomForOne_orNoneIfItsValueWasGone(
      boolean revealed) {
    SecretVault vault = open(3);
    create(vault);
    create(vault);
    SecretId id = create(vault);
    if (revealed) {
      vault.reveal(id).close();
    }
    RecordKey key = damage(id);
    assertThat(vault.keys().discard(key.text())).isTrue();
    assertThat(vault.keys().discard(key.text())).isFalse();
    assertTakesExactly(3);
  }

  @Test
  void damagedSecrets_deletedWhileOthersCreate_leaveTheCountRight() {
    List<SecretVault> vaults = List.of(open(200), open(200), open(UNLIMITED));
    List<SecretId> damaged = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      SecretId id = create(vaults.get(0));
      if (i % 2 == 0) {
        vaults.get(0).reveal(id).close();
      }
      damage(id);
      damaged.add(id);
    }
    Racers.run(
        6,
        racer -> {
          SecretVault vault = vaults.get(racer % 3);
          for (int i = racer; i < damaged.size(); i += 6) {
            create(vault);
            assertThat(vault.delete(damaged.get(i))).isTrue();
            create(vault);
          }
        });
    assertThat(count(vaults.get(0))).isEqualTo(60);
    assertTakesExactly(200);
  }

  @Test
  void duplicateNames_takeNoRoom() {
    SecretVault vault = open(3);
    create(vault, "a");
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> create(vault, "a")).isInstanceOf(DuplicateNameException.class);
    }
    assertTakesExactly(3);
  }

  @Test
  void aRevealedSecret_makesRoomOnce() {
    SecretVault vault = open(2);
    SecretId id = create(vault);
    vault.reveal(id).close();
    assertThat(vault.delete(id)).isTrue();
    assertThat(vault.delete(id)).isFalse();
    assertTakesExactly(2);
  }
}
