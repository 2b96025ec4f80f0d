package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What has expired once stays so, whatever clocks say later; and no more than that. */
class HighWaterMarkTest {

  private static final Duration TEN = Duration.ofSeconds(10);
  private static final Instant START = VaultFixture.START;
  private static final Instant END = START.plus(TEN);

  private final Supplier<SecretStore> medium = newMedium();
  private VaultFixture fixture = new VaultFixture(medium);

  Supplier<SecretStore> newMedium() {
    return VaultFixture.newMemory();
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private SecretVault vault() {
    return fixture.vault;
  }

  private SecretId create(String name) {
    return VaultFixture.create(vault(), brief(name));
  }

  private static SecretSpec brief(String name) {
    return SecretSpec.named(name).value(name.toCharArray()).active().expiresAfter(TEN);
  }

  private static void assertExpired(SecretVault vault, String name) {
    assertThatThrownBy(() -> VaultFixture.reveal(vault, name))
        .isInstanceOf(SecretExpiredException.class);
  }

  private Optional<StoredRecord> mark() {
    try (SecretStore store = fixture.newStore()) {
      return VaultFixture.stored(store).values().stream()
          .filter(stored -> stored.key().text().endsWith(".t.n"))
          .findFirst();
    }
  }

  @TestFactory
  List<DynamicTest> whateverRefusesAnExpiredSecret_doesSoForGood() {
    Map<String, BiConsumer<SecretVault, SecretId>> refusals = new TreeMap<>();
    refusals.put("reveal", (vault, id) -> vault.reveal(id).close());
    refusals.put("hmac", (vault, id) -> vault.hmac(id, "u"));
    refusals.put("resolve", (vault, id) -> vault.resolve("{{secret:web}}", text -> text));
    refusals.put("activate", SecretVault::activate);
    refusals.put("update", (vault, id) -> vault.update(id, SecretUpdate.none().neverExpires()));
    List<DynamicTest> tests =
        new ArrayList<>(
            refusals.entrySet().stream()
                .map(
                    refusal ->
                        DynamicTest.dynamicTest(
                            refusal.getKey(),
                            () ->
                                assertStaysRefused(
                                    id ->
                                        assertThatThrownBy(
                                                () -> refusal.getValue().accept(vault(), id))
                                            .isInstanceOf(SecretExpiredException.class))))
                .toList());
    tests.add(
        DynamicTest.dynamicTest(
            "verify",
            () ->
                assertStaysRefused(
                    id -> assertThat(vault().verify(id, "u", "00".repeat(32))).isFalse())));
    tests.add(
        DynamicTest.dynamicTest(
            "matches",
            () ->
                assertStaysRefused(id -> assertThat(vault().matches(id, new byte[1])).isFalse())));
    return tests;
  }

  private void assertStaysRefused(Consumer<SecretId> refusal) {
    fixture.close();
    fixture = new VaultFixture(newMedium());
    SecretId id = create("web");
    VaultFixture.create(vault(), brief("later"));
    vault().rotate(id, NewValue.generated()).close(); // So that there is something to activate.
    try (SecretVault other = fixture.open()) {
      assertThat(VaultFixture.reveal(other, "web")).isEqualTo("web");
      fixture.clock.set(END);
      refusal.accept(id);
      fixture.clock.set(START);
      assertExpired(vault(), "web");
      assertExpired(other, "web");
    }
    fixture.reopen();
    assertExpired(vault(), "web");
    assertThatThrownBy(() -> vault().update(id, SecretUpdate.none().neverExpires()))
        .isInstanceOf(SecretExpiredException.class);
    assertThat(vault().sweep()).as("web, and later, which ended with it").isEqualTo(2);
  }

  @Test
  void whatWasSwept_staysAway() {
    SecretId id = create("web");
    fixture.clock.set(END);
    assertThat(vault().sweep()).isEqualTo(1);
    fixture.clock.set(START);
    assertThatThrownBy(() -> vault().describe(id)).isInstanceOf(SecretNotFoundException.class);
    fixture.reopen();
    assertThatThrownBy(() -> vault().describe(id)).isInstanceOf(SecretNotFoundException.class);
    assertThat(mark()).as("not needed for that").isEmpty();
  }

  @Test
  void whatEndsAfterTheMark_isNotHeldBack() {
    create("web");
    SecretId later =
        VaultFixture.create(
            vault(),
            SecretSpec.named("later")
                .value("v".toCharArray())
                .active()
                .expiresAt(END.plusMillis(1)));
    fixture.clock.set(END);
    assertExpired(vault(), "web");
    fixture.clock.set(START);
    assertThat(VaultFixture.reveal(vault(), "later")).isEqualTo("v");
    assertThat(vault().sweep()).isEqualTo(1);
    assertThat(vault().describe(later).name()).isEqualTo("later");
  }

  @Test
  void aClockThatWasFarAhead_costsWhatExpiredBy_andNothingAfterThat() {
    create("web");
    SecretId valid = VaultFixture.create(vault(), "for-ever");
    fixture.clock.set(START.plus(Duration.ofDays(10_000)));
    assertExpired(vault(), "web");
    assertThat(vault().sweep()).isEqualTo(1);
    fixture.clock.set(START);
    SecretId id = create("web");
    assertThat(VaultFixture.reveal(vault(), "web")).isEqualTo("web");
    assertThat(vault().describe(id).expiresAt()).isEqualTo(END);
    assertThat(vault().describe(valid).name()).isEqualTo("for-ever");
    fixture.reopen();
    assertThat(VaultFixture.reveal(vault(), "web")).isEqualTo("web");
  }

  @Test
  void aClockThatWasSetForwardAndBack_makesNothingValidEarly() {
    create("web");
    VaultFixture.create(
        vault(),
        SecretSpec.named("later").value("v".toCharArray()).active().notBefore(END.minusMillis(1)));
    fixture.clock.set(END);
    assertThat(VaultFixture.reveal(vault(), "later")).isEqualTo("v");
    assertExpired(vault(), "web");
    fixture.clock.set(END.minusMillis(2));
    assertThatThrownBy(() -> VaultFixture.reveal(vault(), "later"))
        .isInstanceOf(SecretNotActiveException.class);
  }

  @Test
  void anExpiryThatIsHeldBack_isNotGivenToAnySecret() {
    create("web");
    SecretId other = VaultFixture.create(vault(), "other");
    fixture.clock.set(END);
    assertExpired(vault(), "web");
    fixture.clock.set(START);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> create("new"))
        .withMessageContaining("later than what was refused as expired");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> vault().update(other, SecretUpdate.none().expiresAt(END)));
    vault().update(other, SecretUpdate.none().expiresAt(END.plusMillis(1)));
    vault().sweep();
    create("new");
    assertThat(VaultFixture.reveal(vault(), "new")).isEqualTo("new");
  }

  /** Whose clock is behind, and who has not been told. */
  @Test
  void anExpiryThatIsHeldBack_isNotGivenByAVaultThatDoesNotKnow() {
    SecretId id = create("web");
    SecretId other = VaultFixture.create(vault(), "other");
    try (SecretVault deaf = fixture.open(WrappedStore.deaf(fixture.newStore()))) {
      VaultFixture.create(deaf, brief("known"));
      fixture.clock.set(END);
      assertExpired(vault(), "web");
      fixture.clock.set(START);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> VaultFixture.create(deaf, brief("new")));
      fixture.clock.set(END);
      vault().sweep();
      VaultFixture.create(vault(), brief("web"));
      fixture.clock.set(END.plus(TEN));
      assertExpired(vault(), "web");
      fixture.clock.set(START);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> deaf.update(other, SecretUpdate.none().expiresAt(END.plus(TEN))));
      assertThatThrownBy(() -> deaf.describe(id)).isInstanceOf(SecretNotFoundException.class);
    }
  }

  @Test
  void whatAVaultHasRefused_itRefusesAgain_thoughNothingWasReported() {
    create("web");
    VaultFixture.create(
        vault(), SecretSpec.named("later").generated().active().expiresAt(END.plus(TEN)));
    try (SecretVault deaf = fixture.open(WrappedStore.deaf(fixture.newStore()))) {
      fixture.clock.set(END);
      assertExpired(deaf, "web");
      fixture.clock.set(END.plus(TEN));
      assertExpired(deaf, "later");
      fixture.clock.set(START);
      assertExpired(deaf, "web");
      assertExpired(deaf, "later");
    }
  }

  @Test
  void sweepingReleasesTheMark_unlessSomethingIsLeftThatItHoldsBack() {
    SecretId id = create("web");
    create("damaged");
    fixture.clock.set(END);
    assertExpired(vault(), "web");
    assertThat(mark().orElseThrow().revision()).isEqualTo(1);
    assertExpired(vault(), "damaged");
    assertThat(mark().orElseThrow().revision()).as("is as high already").isEqualTo(1);
    StoredRecord damaged = damage("damaged");
    assertThat(vault().sweep()).isEqualTo(1);
    fixture.clock.set(START);
    assertThatIllegalArgumentException().as("held").isThrownBy(() -> create("new"));
    assertThatThrownBy(() -> vault().describe(id)).isInstanceOf(SecretNotFoundException.class);
    vault().delete(SecretId.of(damaged.key().text().substring(14)));
    vault().sweep();
    assertThat(mark().orElseThrow().revision()).isEqualTo(2);
    create("new");
    vault().sweep();
    assertThat(mark().orElseThrow().revision()).as("nothing to release").isEqualTo(2);
  }

  /** The sweeper has found nothing that the mark holds back, and then there is. */
  @Test
  void aMarkThatIsRaisedMeanwhile_isNotReleased() {
    create("web");
    VaultFixture.create(
        vault(), SecretSpec.named("later").generated().active().expiresAt(END.plus(TEN)));
    fixture.clock.set(END);
    assertExpired(vault(), "web");
    try (SecretVault slow =
        fixture.open(
            new WrappedStore(fixture.newStore()) {
              @Override
              public List<StoredRecord> expired(Instant now, StoredRecord after, int limit) {
                List<StoredRecord> found = super.expired(now, after, limit);
                if (found.isEmpty()) {
                  fixture.clock.set(END.plus(TEN));
                  assertExpired(vault(), "later");
                  fixture.clock.set(START);
                }
                return found;
              }
            })) {
      assertThat(slow.sweep()).isEqualTo(1);
      assertExpired(vault(), "later");
      assertExpired(slow, "later");
    }
  }

  private StoredRecord damage(String name) {
    SecretId id = vault().find(name).orElseThrow().id();
    try (SecretStore store = fixture.newStore()) {
      StoredRecord stored =
          VaultFixture.stored(store).values().stream()
              .filter(record -> record.key().text().endsWith(".s." + id))
              .findFirst()
              .orElseThrow();
      stored.bytes()[20] ^= 1;
      store.commit(
          List.of(
              new Change.Put(stored.key(), stored.revision(), stored.bytes(), stored.expiresAt())));
      return stored;
    }
  }

  @Test
  void aRefusalThatCannotBeMadeDurable_isNotTold() {
    FaultyStore faults = new FaultyStore(fixture.newStore());
    try (SecretVault failing = fixture.open(faults)) {
      create("web");
      fixture.clock.set(END);
      faults.nth(Call.COMMIT, 1).fails(Fault.NOT_WRITTEN);
      assertThatThrownBy(() -> VaultFixture.reveal(failing, "web"))
          .isInstanceOf(StoreFailedException.class);
      assertExpired(failing, "web");
    }
  }

  @Test
  void aMarkThatDoesNotOpen_refusesWhatExpires_untilItIsDiscarded() {
    create("web");
    VaultFixture.create(vault(), "for-ever");
    fixture.clock.set(END);
    assertExpired(vault(), "web");
    StoredRecord mark = mark().orElseThrow();
    mark.bytes()[20] ^= 1;
    try (SecretStore store = fixture.newStore()) {
      store.commit(List.of(Change.put(mark.key(), mark.revision(), mark.bytes())));
    }
    fixture.clock.set(START);
    fixture.reopen();
    assertThatThrownBy(() -> VaultFixture.reveal(vault(), "web"))
        .isInstanceOf(IntegrityException.class);
    assertThatThrownBy(() -> create("new")).isInstanceOf(IntegrityException.class);
    assertThatThrownBy(() -> vault().sweep()).isInstanceOf(IntegrityException.class);
    assertThat(VaultFixture.reveal(vault(), "for-ever")).isEqualTo("for-ever");
    VaultFixture.create(vault(), "another");
    assertThat(vault().keys().discard(mark.key().text())).isTrue();
    fixture.clock.set(END);
    assertThat(vault().sweep()).isEqualTo(1);
  }

  @Test
  void theMarkIsSealedAnew_withAllElse() {
    create("web");
    fixture.clock.set(END);
    assertExpired(vault(), "web");
    int before = vault().keys().rotate() - 1;
    vault().keys().reencrypt(state -> {});
    assertThat(vault().keys().safeToRetire(before)).isTrue();
    vault().keys().retire(before);
    fixture.clock.set(START);
    assertExpired(vault(), "web");
    fixture.reopen();
    assertExpired(vault(), "web");
  }

  /** By the mark they would be over, and guessing would begin anew. */
  @Test
  void locksOfPassphrasesGoByTheClock_alsoWhileTheMarkIsAhead() {
    char[] wrong = "wrong".toCharArray();
    SecretId locked =
        VaultFixture.create(
            vault(),
            SecretSpec.named("locked").value(new byte[1]).active().passphrase("x".toCharArray()));
    VaultFixture.create(
        vault(), SecretSpec.named("web").generated().active().expiresAfter(Duration.ofDays(9)));
    for (int guess = 0; guess < PassphraseAttempts.PER_CALLER; guess++) {
      assertThatThrownBy(() -> vault().reveal(locked, wrong, "mallory"))
          .isInstanceOf(WrongPassphraseException.class);
    }
    fixture.clock.set(START.plus(Duration.ofDays(9)));
    assertExpired(vault(), "web");
    fixture.clock.set(START);
    assertThat(vault().sweep()).isEqualTo(1);
    assertThatThrownBy(() -> vault().reveal(locked, wrong, "mallory"))
        .isInstanceOf(PassphraseLockedException.class);
    fixture.clock.set(START.plus(PassphraseAttempts.LOCK));
    assertThatThrownBy(() -> vault().reveal(locked, wrong, "mallory"))
        .isInstanceOf(WrongPassphraseException.class);
  }

  @Test
  void ratesGoByTheClock_alsoWhileTheMarkIsAhead() {
    try (SecretVault limited =
        fixture
            .builder(fixture.newStore())
            .limits(VaultLimits.defaults().rate(Permission.LIST, 1, TEN))
            .open()) {
      create("web");
      fixture.clock.set(END);
      assertExpired(limited, "web");
      fixture.clock.set(START);
      limited.find("web");
      assertThatThrownBy(() -> limited.find("web"))
          .isInstanceOfSatisfying(
              RateLimitExceededException.class, e -> assertThat(e.retryAfter()).isEqualTo(TEN));
      fixture.clock.set(END);
      limited.find("web");
    }
  }

  /** One vault prolongs a life, having found that it is not over; then another one refuses it. */
  @TestFactory
  List<DynamicTest> aLifeThatIsRefusedWhileItIsProlonged_isNotProlonged() {
    return Stream.of(
            SecretUpdate.none().neverExpires(), SecretUpdate.none().expiresAt(END.plus(TEN)))
        .map(update -> DynamicTest.dynamicTest("an update", () -> assertNotProlonged(update)))
        .toList();
  }

  private void assertNotProlonged(SecretUpdate update) {
    fixture.close();
    fixture = new VaultFixture(newMedium());
    SecretId id = create("web");
    boolean[] refused = new boolean[1];
    SecretStore slow =
        new WrappedStore(fixture.newStore()) {
          @Override
          public void commit(List<Change> changes) {
            if (!refused[0]) {
              refused[0] = true;
              fixture.clock.set(END);
              assertExpired(vault(), "web");
              fixture.clock.set(START);
            }
            super.commit(changes);
          }
        };
    try (SecretVault behind = fixture.open(slow)) {
      assertThatThrownBy(() -> behind.update(id, update))
          .isInstanceOf(SecretExpiredException.class);
    }
    assertThat(refused[0]).isTrue();
    assertExpired(vault(), "web");
  }

  @Test
  void aMarkThatWasReleased_endsNothing_alsoWhereThatIsNotKnown() {
    create("web");
    fixture.clock.set(END);
    assertExpired(vault(), "web");
    fixture.clock.set(START);
    try (SecretVault deaf = fixture.open(WrappedStore.deaf(fixture.newStore()))) {
      assertThat(vault().sweep()).isEqualTo(1);
      SecretId id = create("new");
      assertThat(deaf.sweep()).isZero();
      assertThatThrownBy(() -> create("new")).isInstanceOf(DuplicateNameException.class);
      assertThatThrownBy(() -> VaultFixture.create(deaf, "new"))
          .isInstanceOf(DuplicateNameException.class);
      assertThat(VaultFixture.reveal(deaf, "new")).isEqualTo("new");
      assertThat(vault().describe(id).name()).isEqualTo("new");
    }
  }

  @Test
  void aMarkThatIsReleasedWhileItsSecretsAreListed_removesNothing() {
    create("web");
    fixture.clock.set(END);
    assertExpired(vault(), "web");
    fixture.clock.set(START);
    boolean[] released = new boolean[1];
    SecretStore slow =
        new WrappedStore(fixture.newStore()) {
          @Override
          public List<StoredRecord> expired(Instant now, StoredRecord after, int limit) {
            if (!released[0] && now.equals(END)) {
              released[0] = true;
              assertThat(vault().sweep()).isEqualTo(1);
              create("new");
            }
            return super.expired(now, after, limit);
          }
        };
    try (SecretVault sweeping = fixture.open(slow)) {
      assertThat(sweeping.sweep()).isZero();
    }
    assertThat(released[0]).isTrue();
    assertThat(VaultFixture.reveal(vault(), "new")).isEqualTo("new");
  }
}
