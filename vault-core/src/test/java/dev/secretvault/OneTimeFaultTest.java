package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.PasswordPolicy;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Each call of the store fails in turn, in each way, while one-time secrets are used. */
class OneTimeFaultTest {

  private static final String VALUE = "seen once, or never";
  private static final char[] RIGHT = "right".toCharArray();

  private final VaultFixture fixture = VaultFixture.inMemory();

  @AfterEach
  void close() {
    fixture.close();
  }

  /** A vault whose store fails once, and what came of a use of it. */
  private final class Attempt<T> implements AutoCloseable {
    private final FaultyStore store = new FaultyStore(fixture.newStore());
    private final SecretVault vault = fixture.open(store);
    private Optional<T> result = Optional.empty();
    private Optional<StoreFailedException> failure = Optional.empty();

    void use(Call call, int nth, Fault fault, Function<OneTimeSecrets, T> use) {
      store.nth(call, nth).fails(fault);
      try {
        result = Optional.of(use.apply(vault.oneTime()));
      } catch (StoreFailedException failed) {
        failure = Optional.of(failed);
      }
    }

    @Override
    public void close() {
      store.heal();
      vault.close();
    }
  }

  private static String text(SecretValue value) {
    try (value) {
      return VaultFixture.textOf(value);
    }
  }

  /** With each call that fails, until none does any more; returns what was met. */
  private <T> Set<String> exhaust(Call call, Fault fault, Case<T> each) {
    Set<String> met = new HashSet<>();
    boolean failed = true;
    for (int nth = 1; failed; nth++) {
      assertThat(nth).as("it ends").isLessThan(50);
      try (Attempt<T> attempt = new Attempt<>()) {
        met.add(each.of(attempt, nth));
        failed = attempt.failure.isPresent();
        if (failed && call == Call.COMMIT) {
          assertThat(attempt.failure.get().outcomeKnown()).isEqualTo(fault == Fault.NOT_WRITTEN);
        }
      }
    }
    return met;
  }

  private interface Case<T> {
    String of(Attempt<T> attempt, int nth);
  }

  private OneTimeState state(SharedSecret shared) {
    return fixture.vault.oneTime().receipt(shared.receipt()).state();
  }

  private SharedSecret shareWithPassphrase() {
    OneTimeSpec spec = OneTimeSpec.of(VALUE.toCharArray()).passphrase(RIGHT.clone());
    return fixture.vault.oneTime().share(spec);
  }

  private void assertNeverAgain(SharedSecret shared) {
    assertThatThrownBy(() -> fixture.vault.oneTime().reveal(shared.link(), RIGHT))
        .isInstanceOf(AlreadyRevealedException.class);
  }

  /** What was handed out is used up; what was not is either, and only if a consume was written. */
  private String revealing(Attempt<SecretValue> attempt, Call call, int nth, Fault fault) {
    SharedSecret shared = shareWithPassphrase();
    attempt.use(call, nth, fault, oneTime -> oneTime.reveal(shared.link(), RIGHT));
    if (attempt.result.isPresent()) {
      assertThat(text(attempt.result.get())).isEqualTo(VALUE);
      assertThat(state(shared)).isEqualTo(OneTimeState.REVEALED);
      assertNeverAgain(shared);
      return "handed out";
    }
    if (state(shared) == OneTimeState.REVEALED) {
      assertThat(call).isEqualTo(Call.COMMIT);
      assertThat(fault)
          .as("only a consume that was written takes it")
          .isNotEqualTo(Fault.NOT_WRITTEN);
      assertNeverAgain(shared);
      return "used up";
    }
    assertThat(text(fixture.vault.oneTime().reveal(shared.link(), RIGHT))).isEqualTo(VALUE);
    assertNeverAgain(shared);
    return "left";
  }

  @Test
  void reveal_neverHandsOutTwice_andLosesNothingWithoutADurableConsume() {
    for (Fault fault : Fault.values()) {
      Set<String> commits =
          exhaust(
              Call.COMMIT,
              fault,
              (Attempt<SecretValue> attempt, int nth) ->
                  revealing(attempt, Call.COMMIT, nth, fault));
      assertThat(commits)
          .containsExactlyInAnyOrderElementsOf(
              fault == Fault.UNKNOWN_WRITTEN
                  ? Set.of("handed out", "used up", "left")
                  : Set.of("handed out", "left"));
    }
    Set<String> reads =
        exhaust(
            Call.READ,
            Fault.NOT_WRITTEN,
            (Attempt<SecretValue> attempt, int nth) ->
                revealing(attempt, Call.READ, nth, Fault.NOT_WRITTEN));
    assertThat(reads).containsExactlyInAnyOrder("handed out", "left");
  }

  @Test
  void share_failing_sharesInFullOrNotAtAll_andLeavesNothingThatNobodyCanEnd() {
    for (Fault fault : Fault.values()) {
      exhaust(
          Call.COMMIT,
          fault,
          (Attempt<SharedSecret> attempt, int nth) -> {
            int before = fixture.vault.oneTime().recent(100).items().size();
            attempt.use(
                Call.COMMIT,
                nth,
                fault,
                oneTime -> oneTime.share(OneTimeSpec.of(VALUE.toCharArray())));
            int more = fixture.vault.oneTime().recent(100).items().size() - before;
            boolean written = attempt.result.isPresent() || fault == Fault.UNKNOWN_WRITTEN;
            assertThat(more).isEqualTo(written ? 1 : 0);
            attempt.result.ifPresent(
                shared ->
                    assertThat(text(fixture.vault.oneTime().reveal(shared.link())))
                        .isEqualTo(VALUE));
            return "";
          });
    }
    fixture.clock.advance(OneTimeSpec.DEFAULT_TIME_TO_LIVE.multipliedBy(2));
    fixture.vault.sweep();
    fixture.vault.sweep();
    try (SecretStore store = fixture.newStore()) {
      assertThat(VaultFixture.stored(store).keySet())
          .noneMatch(key -> key.text().matches(".*\\.[olrpg]\\..*"));
    }
  }

  @Test
  void burn_failing_leavesItNewOrBurned_andTheCallerKnowsWhichOrThatItDoesNot() {
    for (Fault fault : Fault.values()) {
      exhaust(
          Call.COMMIT,
          fault,
          (Attempt<Receipt> attempt, int nth) -> {
            SharedSecret shared =
                fixture.vault.oneTime().share(OneTimeSpec.of(VALUE.toCharArray()));
            attempt.use(Call.COMMIT, nth, fault, oneTime -> oneTime.burn(shared.receipt()));
            boolean written = attempt.result.isPresent() || fault == Fault.UNKNOWN_WRITTEN;
            assertThat(state(shared)).isEqualTo(written ? OneTimeState.BURNED : OneTimeState.NEW);
            return "";
          });
    }
  }

  @Test
  void generatedValue_isShownOnce_whateverFails() {
    for (Fault fault : Fault.values()) {
      exhaust(
          Call.COMMIT,
          fault,
          (Attempt<Optional<SecretValue>> attempt, int nth) -> {
            SharedSecret shared =
                fixture
                    .vault
                    .oneTime()
                    .generate(OneTimeSpec.generated(PasswordPolicy.ofLength(9)).shownOnReceipt());
            attempt.use(
                Call.COMMIT, nth, fault, oneTime -> oneTime.takeGenerated(shared.receipt()));
            boolean taken = attempt.result.isPresent() || fault == Fault.UNKNOWN_WRITTEN;
            Optional<SecretValue> again = fixture.vault.oneTime().takeGenerated(shared.receipt());
            assertThat(again.isPresent()).isEqualTo(!taken);
            again.ifPresent(SecretValue::close);
            return "";
          });
    }
  }

  /** Keys are changed while it is asked for: nobody has seen it. */
  @Test
  void takeGenerated_whileItIsSealedAnew_isGivenAllTheSame() {
    SharedSecret shared =
        fixture
            .vault
            .oneTime()
            .generate(OneTimeSpec.generated(PasswordPolicy.ofLength(9)).shownOnReceipt());
    FaultyStore store = new FaultyStore(fixture.newStore());
    try (SecretVault late = fixture.open(store)) {
      store
          .nth(Call.COMMIT, 1)
          .before(
              () -> {
                fixture.vault.keys().rotate();
                Reencryption ignored = fixture.vault.keys().reencrypt(progress -> {});
              });
      late.oneTime().takeGenerated(shared.receipt()).orElseThrow().close();
      assertThat(late.oneTime().takeGenerated(shared.receipt())).isEmpty();
    }
  }

  /** Its time is over, or somebody ends it, while the passphrase is looked at. */
  @Test
  void reveal_overtakenWhileItWorks_isRefused() {
    for (boolean burned : new boolean[] {true, false}) {
      SharedSecret shared = shareWithPassphrase();
      FaultyStore store = new FaultyStore(fixture.newStore());
      try (SecretVault late = fixture.open(store)) {
        // Commits: the attempt, that it was right, the end.
        store
            .nth(Call.COMMIT, burned ? 3 : 2)
            .before(
                () -> {
                  if (burned) {
                    fixture.vault.oneTime().burn(shared.receipt());
                  } else {
                    fixture.clock.advance(OneTimeSpec.DEFAULT_TIME_TO_LIVE);
                  }
                });
        assertThatThrownBy(() -> late.oneTime().reveal(shared.link(), RIGHT))
            .isInstanceOf(burned ? SecretNotFoundException.class : SecretExpiredException.class);
      }
      assertThat(state(shared)).isEqualTo(burned ? OneTimeState.BURNED : OneTimeState.EXPIRED);
    }
  }

  /** Who guesses meanwhile does not make the one who knows the passphrase try again. */
  @Test
  void reveal_withAGuessMeanwhile_triesOnce() {
    SharedSecret shared = shareWithPassphrase();
    FaultyStore store = new FaultyStore(fixture.newStore());
    try (SecretVault knowing = fixture.open(store)) {
      store
          .nth(Call.COMMIT, 3)
          .before(
              () ->
                  assertThatThrownBy(
                          () -> fixture.vault.oneTime().reveal(shared.link(), "no".toCharArray()))
                      .isInstanceOf(WrongPassphraseException.class));
      assertThat(text(knowing.oneTime().reveal(shared.link(), RIGHT))).isEqualTo(VALUE);
      assertThat(store.calls(Call.COMMIT)).as("the end twice").isEqualTo(4);
    }
    try (SecretStore stored = fixture.newStore()) {
      assertThat(VaultFixture.stored(stored).keySet())
          .as("the guess is deleted with the rest")
          .noneMatch(key -> key.text().contains(".a."));
    }
  }

  /** Between an attempt's look and its count, the secret ends: nothing is left of the attempt. */
  @Test
  void guessAtWhatHasEnded_isNotCounted() {
    SharedSecret shared = shareWithPassphrase();
    FaultyStore store = new FaultyStore(fixture.newStore());
    try (SecretVault guessing = fixture.open(store)) {
      store
          .nth(Call.COMMIT, 1)
          .before(() -> fixture.vault.oneTime().reveal(shared.link(), RIGHT).close());
      assertThatThrownBy(() -> guessing.oneTime().reveal(shared.link(), "no".toCharArray()))
          .isInstanceOf(AlreadyRevealedException.class);
    }
    try (SecretStore stored = fixture.newStore()) {
      assertThat(VaultFixture.stored(stored).keySet()).noneMatch(key -> key.text().contains(".a."));
    }
  }
}
