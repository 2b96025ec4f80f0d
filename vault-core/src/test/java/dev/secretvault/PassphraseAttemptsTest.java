package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How many guesses at a passphrase there are, and for how long. */
class PassphraseAttemptsTest extends PassphraseAttemptsFixture {

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
        .contains(records.keys().callerToken("mallory@example.com"));
  }
}
