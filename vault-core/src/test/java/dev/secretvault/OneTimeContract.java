package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.crypto.PasswordPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Secrets that a link opens once, on any store. */
abstract class OneTimeContract extends OneTimeFixture {

  @Test
  void link_opensOnce_alsoAfterReopening() {
    SharedSecret shared = oneTime().share(spec());
    fixture.reopen();
    assertThat(reveal(shared.link())).isEqualTo(VALUE);
    for (int again = 0; again < 2; again++) {
      assertThatThrownBy(() -> reveal(shared.link())).isInstanceOf(AlreadyRevealedException.class);
      fixture.reopen();
    }
    assertThat(oneTime().receipt(shared.receipt()).state()).isEqualTo(OneTimeState.REVEALED);
  }

  @Test
  void bytes_comeBackAsTheyWere() {
    byte[] bytes = {0, -1, 13, 10, 127, -128};
    SharedSecret shared = oneTime().share(OneTimeSpec.of(bytes));
    try (SecretValue value = oneTime().reveal(shared.link())) {
      assertThat(value.<byte[]>use(byte[]::clone)).isEqualTo(bytes);
    }
  }

  @Test
  void linkAndReceipt_areIndependent_andNeitherIsTakenForTheOther() {
    SharedSecret shared = oneTime().share(spec());
    assertThat(shared.link()).hasSize(OneTimeSecrets.TOKEN_CHARS).matches("[A-Za-z0-9_-]+");
    assertThat(shared.receipt()).hasSize(OneTimeSecrets.TOKEN_CHARS).matches("[A-Za-z0-9_-]+");
    assertThat(shared.link()).isNotEqualTo(shared.receipt());
    assertThatThrownBy(() -> oneTime().reveal(shared.receipt()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("link: ");
    assertThatThrownBy(() -> oneTime().receipt(shared.link()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("receipt: ");
    assertThatThrownBy(() -> oneTime().burn(shared.link()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(reveal(shared.link())).isEqualTo(VALUE);
  }

  @Test
  void typo_isToldFromAnUnknownLink() {
    SharedSecret shared = oneTime().share(spec());
    String unknown = OneTimeToken.encode(OneTimeToken.Kind.LINK, OneTimeToken.random());
    assertThatThrownBy(() -> oneTime().peek(unknown)).isInstanceOf(SecretNotFoundException.class);
    assertThatThrownBy(() -> oneTime().reveal(unknown)).isInstanceOf(SecretNotFoundException.class);
    for (int at = 0; at < shared.link().length(); at++) {
      char other = shared.link().charAt(at) == 'x' ? 'y' : 'x';
      String typo = shared.link().substring(0, at) + other + shared.link().substring(at + 1);
      assertThatThrownBy(() -> oneTime().reveal(typo))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("mistyped")
          .hasMessageNotContaining(typo.substring(8, 16));
    }
    for (String typo :
        List.of("", shared.link() + "A", shared.link().substring(1), " ".repeat(49))) {
      assertThatThrownBy(() -> oneTime().peek(typo)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(reveal(shared.link())).isEqualTo(VALUE);
  }

  @Test
  void peek_neverUsesUp_andSaysWhatARecipientMayKnow() {
    SharedSecret shared =
        oneTime().share(spec().expiresAfter(Duration.ofHours(1)).note("for Alice"));
    fixture.clock.advance(Duration.ofMinutes(20));
    OneTimeInfo expected =
        new OneTimeInfo(
            OneTimeState.NEW,
            VaultFixture.START,
            VaultFixture.START.plus(Duration.ofHours(1)),
            null,
            Duration.ofMinutes(40),
            false);
    for (int i = 0; i < 3; i++) {
      assertThat(oneTime().peek(shared.link())).isEqualTo(expected);
    }
    assertThat(reveal(shared.link())).isEqualTo(VALUE);
    OneTimeInfo after = oneTime().peek(shared.link());
    assertThat(after.state()).isEqualTo(OneTimeState.REVEALED);
    assertThat(after.endedAt()).isEqualTo(VaultFixture.START.plus(Duration.ofMinutes(20)));
    assertThat(after.timeLeft()).isEqualTo(Duration.ZERO);
  }

  @Test
  void receipt_showsTimesAndFate_neverTheValue() {
    SharedSecret shared =
        oneTime().share(spec().expiresAfter(Duration.ofDays(1)).note("for Bob").label("team", "x"));
    Receipt before = oneTime().receipt(shared.receipt());
    assertThat(before).isEqualTo(shared.details());
    assertThat(before.state()).isEqualTo(OneTimeState.NEW);
    assertThat(before.note()).isEqualTo("for Bob");
    assertThat(before.labels()).containsExactly(Map.entry("team", "x"));
    assertThat(before.timeLeft()).isEqualTo(Duration.ofDays(1));
    assertThat(before.receiptExpiresAt()).isEqualTo(VaultFixture.START.plus(Duration.ofDays(2)));
    assertThat(before.endedAt()).isNull();
    fixture.clock.advance(Duration.ofHours(2));
    reveal(shared.link());
    Receipt after = oneTime().receipt(shared.receipt());
    assertThat(after.state()).isEqualTo(OneTimeState.REVEALED);
    assertThat(after.endedAt()).isEqualTo(VaultFixture.START.plus(Duration.ofHours(2)));
    assertThat(after.receiptExpiresAt()).isEqualTo(before.receiptExpiresAt());
    assertThat(after.timeLeft()).isEqualTo(Duration.ZERO);
    assertThat(List.of(shared, before, after, oneTime(), spec()).toString())
        .doesNotContain(VALUE)
        .doesNotContain("Bob")
        .doesNotContain(shared.link())
        .doesNotContain(shared.receipt());
  }

  @Test
  void timeToLive_isChecked_orClamped() {
    for (Duration wrong :
        List.of(
            Duration.ZERO,
            Duration.ofSeconds(-5),
            Duration.ofMinutes(1).minusNanos(1),
            Duration.ofDays(365).plusNanos(1),
            Duration.ofSeconds(Long.MAX_VALUE))) {
      assertThatThrownBy(() -> spec().expiresAfter(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expiresAfter");
    }
    assertThat(timeLeft(spec())).isEqualTo(Duration.ofDays(7));
    assertThat(timeLeft(spec().expiresAfter(Duration.ofMinutes(1))))
        .isEqualTo(Duration.ofMinutes(1));
    assertThat(timeLeft(spec().expiresAfter(Duration.ofDays(365)))).isEqualTo(Duration.ofDays(365));
    assertThat(timeLeft(spec().expiresAfterClamped(Duration.ofSeconds(-1))))
        .isEqualTo(Duration.ofMinutes(1));
    assertThat(timeLeft(spec().expiresAfterClamped(Duration.ofDays(366))))
        .isEqualTo(Duration.ofDays(365));
    assertThat(timeLeft(spec().expiresAfterClamped(Duration.ofMinutes(30))))
        .isEqualTo(Duration.ofMinutes(30));
  }

  private Duration timeLeft(OneTimeSpec spec) {
    return oneTime().share(spec).details().timeLeft();
  }

  @Test
  void size_isCountedInBytes_andTooLongIsRefused() {
    fixture.vault.close();
    fixture.vault =
        fixture.builder(fixture.newStore()).limits(VaultLimits.defaults().maxValueBytes(8)).open();
    for (String fits : List.of("x".repeat(8), "\u00e9".repeat(4))) {
      oneTime().share(OneTimeSpec.of(fits.toCharArray()));
    }
    for (String tooLong : List.of("x".repeat(9), "\u00e9".repeat(5))) {
      assertThatThrownBy(() -> oneTime().share(OneTimeSpec.of(tooLong.toCharArray())))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("value: at most 8 bytes allowed");
    }
    assertThatThrownBy(() -> OneTimeSpec.of(new char[0]))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> oneTime().share(OneTimeSpec.of("12345".toCharArray()).maxBytes(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("value: at most 4 bytes allowed");
    assertThatThrownBy(() -> spec().maxBytes(0)).isInstanceOf(IllegalArgumentException.class);
    assertThat(oneTime().recent(100).items()).hasSize(2);
  }

  @Test
  void passphrase_isNeededBesidesTheLink_andAWrongOneDoesNotUseUp() {
    SharedSecret shared = oneTime().share(spec().passphrase(right()));
    assertThat(oneTime().peek(shared.link()).passphraseProtected()).isTrue();
    assertThatThrownBy(() -> reveal(shared.link())).isInstanceOf(WrongPassphraseException.class);
    for (int left = 19; left >= 18; left--) {
      WrongPassphraseException refused =
          catchThrowableOfType(
              WrongPassphraseException.class, () -> oneTime().reveal(shared.link(), wrong()));
      assertThat(refused.attemptsLeft()).isEqualTo(left);
    }
    fixture.reopen();
    assertThat(reveal(shared.link(), right(), "me")).isEqualTo(VALUE);
    assertThatThrownBy(() -> oneTime().reveal(shared.link(), wrong()))
        .isInstanceOf(AlreadyRevealedException.class);
  }

  @Test
  void fiveWrongGuesses_lockACallerOut_andNobodyElse() {
    SharedSecret shared = oneTime().share(spec().passphrase(right()));
    for (int i = 0; i < 5; i++) {
      assertThatThrownBy(() -> reveal(shared.link(), wrong(), "mallory"))
          .isInstanceOf(WrongPassphraseException.class);
    }
    PassphraseLockedException locked =
        catchThrowableOfType(
            PassphraseLockedException.class, () -> reveal(shared.link(), right(), "mallory"));
    assertThat(locked.retryAfter()).isEqualTo(Duration.ofMinutes(30));
    assertThat(oneTime().receipt(shared.receipt()).state()).isEqualTo(OneTimeState.NEW);
    assertThat(reveal(shared.link(), right(), "alice")).isEqualTo(VALUE);
  }

  @Test
  void passphraseOfAValueWithoutOne_isNotLookedAt() {
    SharedSecret shared = oneTime().share(spec());
    assertThat(reveal(shared.link(), wrong(), "anybody")).isEqualTo(VALUE);
  }

  @Test
  void generatedValue_isShownOnTheReceipt_onceAndWithinAMinute() {
    SharedSecret shared =
        oneTime().generate(OneTimeSpec.generated(PasswordPolicy.ofLength(16)).shownOnReceipt());
    fixture.clock.advance(Duration.ofSeconds(60).minusMillis(1));
    String seen;
    try (SecretValue value = oneTime().takeGenerated(shared.receipt()).orElseThrow()) {
      seen = VaultFixture.textOf(value);
    }
    assertThat(seen).hasSize(16);
    assertThat(oneTime().takeGenerated(shared.receipt())).isEmpty();
    assertThat(oneTime().receipt(shared.receipt()).state()).isEqualTo(OneTimeState.NEW);
    assertThat(reveal(shared.link())).isEqualTo(seen);
  }

  @Test
  void generatedValue_isNotShown_lateOrUnaskedOrAfterTheEnd() {
    SharedSecret unasked = oneTime().generate(OneTimeSpec.generated(PasswordPolicy.ofLength(16)));
    assertThat(oneTime().takeGenerated(unasked.receipt())).isEmpty();
    SharedSecret ended =
        oneTime().generate(OneTimeSpec.generated(PasswordPolicy.ofLength(16)).shownOnReceipt());
    reveal(ended.link());
    assertThat(oneTime().takeGenerated(ended.receipt())).isEmpty();
    SharedSecret late =
        oneTime().generate(OneTimeSpec.generated(PasswordPolicy.ofLength(16)).shownOnReceipt());
    assertThat(kinds()).contains('g');
    fixture.clock.advance(Duration.ofSeconds(60));
    assertThat(oneTime().takeGenerated(late.receipt())).isEmpty();
    assertThat(kinds()).as("what was asked for late is deleted").doesNotContain('g');
    fixture.clock.set(VaultFixture.START);
    assertThat(oneTime().takeGenerated(late.receipt())).isEmpty();
    SharedSecret future =
        oneTime().generate(OneTimeSpec.generated(PasswordPolicy.ofLength(16)).shownOnReceipt());
    fixture.clock.set(VaultFixture.START.minusSeconds(5));
    assertThat(oneTime().takeGenerated(future.receipt())).isEmpty();
    fixture.clock.set(VaultFixture.START);
    SharedSecret skewed =
        oneTime().generate(OneTimeSpec.generated(PasswordPolicy.ofLength(16)).shownOnReceipt());
    fixture.clock.set(VaultFixture.START.minusSeconds(5).plusMillis(1));
    assertThat(oneTime().takeGenerated(skewed.receipt())).isPresent();
    assertThatThrownBy(() -> spec().shownOnReceipt()).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shareTakesGivenValues_andGenerateTakesNone() {
    assertThatThrownBy(() -> oneTime().generate(spec()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> oneTime().share(OneTimeSpec.generated(PasswordPolicy.ofLength(9))))
        .isInstanceOf(IllegalArgumentException.class);
    OneTimeSpec used = spec();
    oneTime().share(used);
    assertThatThrownBy(() -> oneTime().share(used)).isInstanceOf(IllegalStateException.class);
    assertThat(oneTime().recent(100).items()).hasSize(1);
  }
}
