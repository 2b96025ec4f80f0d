package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Guessing in many threads and processes, on failing stores, and on records made to harm. */
class PassphraseAttemptsRaceTest extends PassphraseAttemptsFixture {

  /** Two vaults on one store, many threads: the guesses are those of all together. */
  @ParameterizedTest
  @CsvSource({"20,", "5,mallory"})
  void manyThreadsAtOnce_getNoMoreGuessesThanOne(int allowed, String caller) {
    PassphraseAttempts elsewhere = attemptsOn(new VaultRecords(faults, header, "", () -> {}));
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

  /** Another process locks while this one is still looking. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void lockThatBeginsMeanwhile_isNeitherLiftedNorRenewed(boolean right) {
    PassphraseAttempts elsewhere = attemptsOn(new VaultRecords(faults, header, "", () -> {}));
    for (int guess = 0; guess < 18; guess++) {
      guessWrong(null);
    }
    Supplier<Optional<byte[]>> overtaken =
        () -> {
          assertThat(guessWrong(elsewhere, null)).isZero();
          clock.advance(MILLISECOND);
          return right ? right() : wrong();
        };
    if (right) {
      assertThat(attempts.attempt(id, null, overtaken)).containsExactly(42);
    } else {
      assertThatThrownBy(() -> attempts.attempt(id, null, overtaken))
          .isInstanceOf(WrongPassphraseException.class);
    }
    assertLocked(null, LOCK.minus(MILLISECOND));
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
