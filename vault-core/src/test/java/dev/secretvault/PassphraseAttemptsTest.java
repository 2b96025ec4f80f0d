package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FakeClock;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** How many guesses at a passphrase there are, without the cost of making them. */
class PassphraseAttemptsTest {

  private static final Duration MILLISECOND = Duration.ofMillis(1);
  private static final Duration WINDOW = Duration.ofMinutes(10);
  private static final Duration LOCK = Duration.ofMinutes(30);

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  private final FaultyStore faults = new FaultyStore(InMemorySecretStore.open(medium));
  private final HeaderRecord header = unlock();
  private final VaultRecords records = new VaultRecords(faults, header, "");
  private final FakeClock clock = new FakeClock(VaultFixture.START);
  private final PassphraseAttempts attempts = new PassphraseAttempts(records, clock);
  private final AtomicInteger looks = new AtomicInteger();
  private final SecretInfo secret = createSecret();
  private final SecretId id = secret.id();

  private HeaderRecord unlock() {
    byte[] key = new byte[MasterKey.BYTES];
    key[0] = 1;
    return HeaderRecord.unlock(faults, MasterKey.fromBytes(key), true);
  }

  private SecretInfo createSecret() {
    SecretInfo info = SecretSpec.named("n").toInfo(clock.instant(), true);
    records.commit(() -> List.of(records.putSecret(info)));
    return info;
  }

  @AfterEach
  void close() {
    header.close();
    faults.close();
  }

  private Optional<byte[]> wrong() {
    looks.incrementAndGet();
    return Optional.empty();
  }

  private Optional<byte[]> right() {
    looks.incrementAndGet();
    return Optional.of(new byte[] {42});
  }

  private int guessWrong(PassphraseAttempts at, String caller) {
    return catchThrowableOfType(
            WrongPassphraseException.class, () -> at.attempt(id, caller, this::wrong))
        .attemptsLeft();
  }

  private int guessWrong(String caller) {
    return guessWrong(attempts, caller);
  }

  private void guessRight(String caller) {
    assertThat(attempts.attempt(id, caller, this::right)).containsExactly(42);
  }

  private void assertLocked(String caller, Duration retryAfter) {
    int before = looks.get();
    assertThatThrownBy(() -> attempts.attempt(id, caller, this::right))
        .isInstanceOfSatisfying(
            PassphraseLockedException.class,
            e -> {
              assertThat(e.retryAfter()).isEqualTo(retryAfter);
              assertThat(e.retryable()).isTrue();
            });
    assertThat(looks).as("not even looked at").hasValue(before);
  }

  private Optional<StoredRecord> stored() {
    return faults.scan(null, 100).stream()
        .filter(record -> record.key().text().contains(".a."))
        .findFirst();
  }

  @Test
  void wrongGuesses_countDownToTheLock() {
    for (int left = 19; left >= 0; left--) {
      assertThat(guessWrong(null)).isEqualTo(left);
      assertThat(attempts.left(id)).isEqualTo(left);
    }
    assertLocked(null, LOCK);
    assertLocked("anybody", LOCK);
  }

  @Test
  void wrongGuessesOfOneCaller_lockThatCallerOut_andLeaveOthersAlone() {
    for (int left = 4; left >= 0; left--) {
      assertThat(guessWrong("mallory")).isEqualTo(left);
    }
    assertLocked("mallory", LOCK);
    assertThat(attempts.left(id)).isEqualTo(15);
    assertThat(guessWrong("alice")).isEqualTo(4);
    guessRight("alice");
    guessRight(null);
    assertLocked("mallory", LOCK);
    assertThat(attempts.left(id)).isEqualTo(20);
  }

  @Test
  void wrongGuessesOfManyCallers_lockEverybodyOut() {
    for (int guess = 1; guess <= 20; guess++) {
      assertThat(guessWrong("caller " + guess % 5))
          .isEqualTo(Math.min(4 - (guess - 1) / 5, 20 - guess));
    }
    for (int caller = 0; caller < 5; caller++) {
      assertLocked("caller " + caller, LOCK);
    }
    assertLocked(null, LOCK);
  }

  @Test
  void window_beginsWithTheFirstWrongGuess_andEndsToTheMillisecond() {
    guessWrong("mallory");
    clock.advance(WINDOW.minus(MILLISECOND));
    for (int left = 3; left >= 1; left--) {
      assertThat(guessWrong("mallory")).isEqualTo(left);
    }
    clock.advance(MILLISECOND);
    assertThat(attempts.left(id)).isEqualTo(20);
    assertThat(guessWrong("mallory")).isEqualTo(4);
    clock.advance(WINDOW.minus(MILLISECOND));
    for (int left = 3; left >= 0; left--) {
      assertThat(guessWrong("mallory")).isEqualTo(left);
    }
    assertLocked("mallory", LOCK);
  }

  @ParameterizedTest
  @CsvSource({"20,", "5,mallory"})
  void lock_lastsToTheMillisecond_andIsNotExtendedByTrying(int guesses, String caller) {
    for (int guess = 0; guess < guesses; guess++) {
      clock.advance(Duration.ofSeconds(1));
      guessWrong(caller);
    }
    clock.advance(WINDOW);
    assertLocked(caller, LOCK.minus(WINDOW));
    clock.advance(LOCK.minus(WINDOW).minus(MILLISECOND));
    assertLocked(caller, MILLISECOND);
    assertThat(stored().orElseThrow().expiresAt()).isEqualTo(clock.instant().plus(MILLISECOND));
    clock.advance(MILLISECOND);
    assertThat(guessWrong(caller)).as("a new count").isEqualTo(guesses - 1);
    guessRight(caller);
  }

  @Test
  void clockSetBack_bringsNoGuessBack() {
    for (int guess = 0; guess < 4; guess++) {
      guessWrong("mallory");
    }
    clock.set(VaultFixture.START.minus(Duration.ofDays(1)));
    assertThat(guessWrong("mallory")).isZero();
    assertLocked("mallory", LOCK);
    clock.set(VaultFixture.START.minus(Duration.ofDays(2)));
    assertLocked("mallory", LOCK.plusDays(1));
    clock.set(Instant.EPOCH);
    assertThat(attempts.left(id)).as("counted all the same").isEqualTo(15);
    clock.set(VaultFixture.START.minus(Duration.ofDays(1)).plus(LOCK));
    guessRight("mallory");
  }

  @Test
  void rightGuess_clearsTheCountAndItsRecord() {
    for (int guess = 0; guess < 4; guess++) {
      guessWrong("alice");
    }
    assertThat(stored()).isPresent();
    guessRight("alice");
    assertThat(stored()).isEmpty();
    assertThat(guessWrong("alice")).isEqualTo(4);
    for (int left = 18; left >= 1; left--) {
      assertThat(guessWrong(null)).isEqualTo(left);
    }
    guessRight(null);
    assertThat(attempts.left(id)).isEqualTo(20);
    assertThat(guessWrong("alice")).as("that of a caller is its own").isEqualTo(3);
  }

  @Test
  void theLastGuess_mayBeTheRightOne() {
    for (int guess = 0; guess < 19; guess++) {
      guessWrong(null);
    }
    guessRight(null);
    guessRight(null);
    assertThat(stored()).isEmpty();
  }

  @Test
  void secrets_haveCountsOfTheirOwn() {
    SecretId other = createSecret().id();
    for (int guess = 0; guess < 20; guess++) {
      guessWrong(null);
    }
    assertLocked(null, LOCK);
    assertThat(attempts.left(other)).isEqualTo(20);
    assertThat(attempts.attempt(other, null, this::right)).containsExactly(42);
  }

  @Test
  void callers_areNotStoredInClear() {
    guessWrong("mallory@example.com");
    byte[] content = records.attempts(id).orElseThrow().content();
    assertThat(new String(content, StandardCharsets.ISO_8859_1))
        .doesNotContain("mallory")
        .contains(records.callerToken("mallory@example.com"));
  }

  /** Two vaults on one store, many threads: the guesses are those of all together. */
  @ParameterizedTest
  @CsvSource({"20,", "5,mallory"})
  void manyThreadsAtOnce_getNoMoreGuessesThanOne(int allowed, String caller) {
    PassphraseAttempts elsewhere =
        new PassphraseAttempts(new VaultRecords(faults, header, ""), clock);
    AtomicInteger refused = new AtomicInteger();
    Racers.run(
        16,
        racer -> {
          for (int guess = 0; guess < 4; guess++) {
            try {
              (racer % 2 == 0 ? attempts : elsewhere).attempt(id, caller, this::wrong);
            } catch (WrongPassphraseException counted) {
              assertThat(counted.attemptsLeft()).isBetween(0, allowed - 1);
            } catch (PassphraseLockedException e) {
              refused.incrementAndGet();
            }
          }
        });
    assertThat(looks).hasValue(allowed);
    assertThat(refused).hasValue(64 - allowed);
  }

  @Test
  void manyRightOnesAtOnce_waitForEachOther_andAreNotTakenForWrongOnes() {
    AtomicInteger begun = new AtomicInteger();
    AtomicInteger inside = new AtomicInteger();
    Racers.run(
        16,
        racer -> {
          begun.incrementAndGet();
          attempts.attempt(
              id,
              "alice",
              () -> {
                inside.incrementAndGet();
                // Room for others to come in, who must not.
                for (int i = 0; i < 100_000 || begun.get() < 16; i++) {
                  Thread.onSpinWait();
                }
                assertThat(inside.getAndDecrement()).isOne();
                return right();
              });
        });
    assertThat(looks).hasValue(16);
    assertThat(stored()).isEmpty();
  }

  /** Nobody who cuts the power in time gets a guess for nothing. */
  @Test
  void attemptThatIsBrokenOff_isCounted() {
    AssertionError died = new AssertionError("died");
    for (int guess = 1; guess <= 5; guess++) {
      assertThatThrownBy(
              () ->
                  attempts.attempt(
                      id,
                      "mallory",
                      () -> {
                        throw died;
                      }))
          .isSameAs(died);
    }
    assertLocked("mallory", Duration.ofSeconds(1)); // Who knows, they may still be settled.
    clock.advance(LOCK.minus(MILLISECOND));
    assertLocked("mallory", Duration.ofSeconds(1));
    clock.advance(MILLISECOND);
    guessRight("mallory");
  }

  /** Nothing would ever take it away again. */
  @Test
  void secretDeletedMeanwhile_getsNoNewRecord() {
    guessWrong("mallory");
    assertThatThrownBy(
            () ->
                attempts.attempt(
                    id,
                    "alice",
                    () -> {
                      records.commit(
                          () ->
                              List.of(
                                  records.deleteSecret(secret),
                                  records.deleteAttempts(id).orElseThrow()));
                      return wrong();
                    }))
        .isInstanceOf(WrongPassphraseException.class);
    assertThat(stored()).isEmpty();
    assertThatThrownBy(() -> attempts.attempt(id, null, this::right))
        .isInstanceOf(SecretNotFoundException.class);
    assertThat(stored()).isEmpty();
    assertThat(looks).hasValue(2);
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void countThatCannotBeWritten_letsNobodyGuess(Fault fault) {
    faults.nth(Call.COMMIT, 1).fails(fault);
    assertThatThrownBy(() -> attempts.attempt(id, null, this::right))
        .isInstanceOf(StoreFailedException.class);
    assertThat(looks).hasValue(0);
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void countThatCannotBeTakenBack_givesNothingOutAndLeavesNoPlaintext(Fault fault) {
    byte[] value = {1, 2, 3};
    faults.nth(Call.COMMIT, 2).fails(fault);
    assertThatThrownBy(() -> attempts.attempt(id, null, () -> Optional.of(value)))
        .isInstanceOf(StoreFailedException.class);
    assertThat(value).containsOnly(0);
    assertThat(attempts.left(id)).isEqualTo(fault == Fault.UNKNOWN_WRITTEN ? 20 : 19);
  }

  @Test
  void hostileRecords_areRefusedWithTypedErrors() {
    guessWrong(null);
    guessWrong("alice");
    StoredRecord genuine = stored().orElseThrow();
    byte[] content = records.attempts(id).orElseThrow().content();
    long revision = genuine.revision();
    for (int length = 0; length < content.length; length++) {
      plant(revision++, Arrays.copyOf(content, length), IntegrityException.class);
    }
    plant(revision++, Arrays.copyOf(content, content.length + 1), IntegrityException.class);
    byte[] newer = content.clone();
    newer[0] = 2;
    plant(revision++, newer, UnsupportedFormatException.class);
    byte[] negative = content.clone();
    negative[3] = -1;
    plant(revision++, negative, IntegrityException.class);
    overwrite(genuine.key(), revision, genuine.bytes());
    assertRefused(IntegrityException.class);
    overwrite(genuine.key(), revision + 1, new byte[64]);
    assertRefused(IntegrityException.class);
    assertThat(looks).as("the two before").hasValue(2);
  }

  private void plant(long replaced, byte[] content, Class<? extends VaultException> refusal) {
    records.commit(() -> List.of(records.putAttempts(id, replaced, content, VaultFixture.START)));
    assertRefused(refusal);
  }

  private void overwrite(RecordKey key, long revision, byte[] bytes) {
    SecretStore attacker = faults;
    attacker.commit(List.of(Change.put(key, revision, bytes)));
  }

  private void assertRefused(Class<? extends VaultException> refusal) {
    assertThatThrownBy(() -> attempts.attempt(id, null, this::right)).isInstanceOf(refusal);
    assertThatThrownBy(() -> attempts.left(id)).isInstanceOf(refusal);
  }
}
