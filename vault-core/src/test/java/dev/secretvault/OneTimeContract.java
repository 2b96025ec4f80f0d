package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.PasswordPolicy;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Secrets that a link opens once, on any store. */
abstract class OneTimeContract {

  private static final String VALUE = "seen once, or never";

  private VaultFixture fixture;

  abstract VaultFixture newFixture();

  @BeforeEach
  void open() {
    fixture = newFixture();
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private OneTimeSecrets oneTime() {
    return fixture.vault.oneTime();
  }

  private static OneTimeSpec spec() {
    return OneTimeSpec.of(VALUE.toCharArray());
  }

  private static char[] right() {
    return "correct horse".toCharArray();
  }

  private static char[] wrong() {
    return "correct hors".toCharArray();
  }

  private String reveal(String link) {
    try (SecretValue value = oneTime().reveal(link)) {
      return VaultFixture.textOf(value);
    }
  }

  private String reveal(String link, char[] passphrase, String caller) {
    try (SecretValue value = oneTime().reveal(link, passphrase, caller)) {
      return VaultFixture.textOf(value);
    }
  }

  /** The kinds of the records that are stored, besides the vault's own. */
  private List<Character> kinds() {
    return fixture.stored().keySet().stream()
        .map(RecordKey::text)
        .filter(key -> key.contains("."))
        .map(key -> key.charAt(key.indexOf('.') + 1))
        .sorted()
        .toList();
  }

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
  void burned_neverOpens_andTerminalStatesStay() {
    SharedSecret shared = oneTime().share(spec());
    Receipt burned = oneTime().burn(shared.receipt());
    assertThat(burned.state()).isEqualTo(OneTimeState.BURNED);
    fixture.clock.advance(Duration.ofMinutes(1));
    assertThat(oneTime().burn(shared.receipt()).endedAt()).isEqualTo(VaultFixture.START);
    assertThatThrownBy(() -> reveal(shared.link())).isInstanceOf(SecretNotFoundException.class);
    assertThat(oneTime().peek(shared.link()).state()).isEqualTo(OneTimeState.BURNED);
    fixture.clock.advance(Duration.ofDays(8));
    Receipt late = oneTime().receipt(shared.receipt());
    assertThat(late.state()).isEqualTo(OneTimeState.BURNED);
    assertThat(late.receiptTimeLeft()).isEqualTo(Duration.ofDays(6).minusMinutes(1));
  }

  @Test
  void burnOfWhatWasRevealed_changesNothing() {
    SharedSecret shared = oneTime().share(spec());
    reveal(shared.link());
    Receipt revealed = oneTime().receipt(shared.receipt());
    assertThat(oneTime().burn(shared.receipt())).isEqualTo(revealed);
  }

  @Test
  void expired_opensNoMore_atTheMomentItself() {
    SharedSecret shared = oneTime().share(spec().expiresAfter(Duration.ofMinutes(5)));
    fixture.clock.advance(Duration.ofMinutes(5).minusMillis(1));
    assertThat(oneTime().peek(shared.link()).timeLeft()).isEqualTo(Duration.ofMillis(1));
    fixture.clock.advance(Duration.ofMillis(1));
    assertThatThrownBy(() -> reveal(shared.link())).isInstanceOf(SecretExpiredException.class);
    Receipt expired = oneTime().receipt(shared.receipt());
    assertThat(expired.state()).isEqualTo(OneTimeState.EXPIRED);
    assertThat(expired.endedAt()).isEqualTo(expired.expiresAt());
    assertThat(oneTime().burn(shared.receipt())).isEqualTo(expired);
  }

  /** Whoever is told of the end first, that is the end, whatever the clock says later. */
  @Test
  void expired_staysSo_whenTheClockIsSetBack() {
    List<Consumer<SharedSecret>> looks =
        List.of(
            shared -> oneTime().receipt(shared.receipt()),
            shared -> oneTime().peek(shared.link()),
            shared -> oneTime().status(List.of(shared.link())),
            shared -> oneTime().recent(100),
            shared -> oneTime().burn(shared.receipt()),
            shared ->
                assertThatThrownBy(() -> reveal(shared.link()))
                    .isInstanceOf(SecretExpiredException.class),
            shared -> fixture.vault.sweep());
    for (Consumer<SharedSecret> look : looks) {
      fixture.clock.set(VaultFixture.START);
      SharedSecret shared = oneTime().share(spec().expiresAfter(Duration.ofMinutes(5)));
      assertThat(kinds()).contains('p');
      fixture.clock.advance(Duration.ofMinutes(5));
      look.accept(shared);
      assertThat(kinds()).as("its value is deleted").doesNotContain('p');
      fixture.clock.set(VaultFixture.START);
      assertThat(oneTime().receipt(shared.receipt()).state()).isEqualTo(OneTimeState.EXPIRED);
      assertThatThrownBy(() -> reveal(shared.link())).isInstanceOf(SecretExpiredException.class);
      assertThat(oneTime().burn(shared.receipt()).state()).isEqualTo(OneTimeState.EXPIRED);
    }
  }

  /** Others refused something that lived longer: so much time has passed, whatever the clock. */
  @Test
  void expired_isWhatEndsBeforeWhatWasRefused() {
    SharedSecret shared = oneTime().share(spec().expiresAfter(Duration.ofMinutes(5)));
    VaultFixture.create(
        fixture.vault,
        SecretSpec.named("web").generated().active().expiresAfter(Duration.ofMinutes(9)));
    fixture.clock.advance(Duration.ofMinutes(9));
    assertThatThrownBy(() -> fixture.vault.hmac("web", "u"))
        .isInstanceOf(SecretExpiredException.class);
    fixture.clock.set(VaultFixture.START);
    assertThatThrownBy(() -> reveal(shared.link())).isInstanceOf(SecretExpiredException.class);
    assertThatThrownBy(() -> oneTime().share(spec().expiresAfter(Duration.ofMinutes(9))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("expiresAt: ");
    assertThat(fixture.vault.sweep()).isEqualTo(1);
    SharedSecret later = oneTime().share(spec().expiresAfter(Duration.ofMinutes(9)));
    assertThat(reveal(later.link())).as("the mark is released").isEqualTo(VALUE);
  }

  @Test
  void sweep_endsWhatIsOver_andForgetsItWithItsReceipt() {
    for (String namespace : List.of("", "red")) {
      OneTimeSecrets there = fixture.vault.namespace(namespace).oneTime();
      there.share(spec().expiresAfter(Duration.ofMinutes(5)));
      SharedSecret locked =
          there.share(spec().passphrase(right()).expiresAfter(Duration.ofMinutes(5)));
      assertThatThrownBy(() -> there.reveal(locked.link(), wrong()))
          .isInstanceOf(WrongPassphraseException.class);
      there.share(spec().expiresAfter(Duration.ofHours(5)));
      there.generate(
          OneTimeSpec.generated(PasswordPolicy.ofLength(9))
              .shownOnReceipt()
              .expiresAfter(Duration.ofHours(5)));
    }
    fixture.reopen();
    assertThat(fixture.vault.sweep()).isZero();
    assertThat(kinds()).filteredOn(kind -> kind == 'g').hasSize(2);
    fixture.clock.advance(Duration.ofMinutes(1));
    assertThat(fixture.vault.sweep()).as("what was shown is no secret more").isZero();
    assertThat(kinds()).doesNotContain('g').filteredOn(kind -> kind == 'p').hasSize(8);
    fixture.clock.advance(Duration.ofMinutes(4));
    assertThat(fixture.vault.sweep()).isEqualTo(4);
    assertThat(kinds())
        .doesNotContain('a')
        .filteredOn(kind -> kind == 'p' || kind == 'o')
        .hasSize(4 + 8);
    fixture.clock.advance(Duration.ofMinutes(5).minusMillis(1));
    assertThat(fixture.vault.sweep()).isZero();
    assertThat(kinds()).filteredOn(kind -> "olr".indexOf(kind) >= 0).hasSize(8 * 3);
    fixture.clock.advance(Duration.ofMillis(1));
    assertThat(fixture.vault.sweep()).isZero();
    assertThat(kinds()).filteredOn(kind -> "olrp".indexOf(kind) >= 0).hasSize(4 * 4);
    fixture.clock.advance(Duration.ofHours(10));
    assertThat(fixture.vault.sweep()).isEqualTo(4);
    assertThat(fixture.vault.sweep()).isZero();
    assertThat(kinds()).containsExactly('i');
  }

  @Test
  void revealed_isForgottenWithItsReceipt() {
    SharedSecret shared = oneTime().share(spec().expiresAfter(Duration.ofMinutes(5)));
    reveal(shared.link());
    fixture.clock.advance(Duration.ofMinutes(10).minusMillis(1));
    fixture.vault.sweep();
    assertThat(oneTime().receipt(shared.receipt()).state()).isEqualTo(OneTimeState.REVEALED);
    fixture.clock.advance(Duration.ofMillis(1));
    fixture.vault.sweep();
    assertThat(kinds()).isEmpty();
  }

  @Test
  void receipt_livesTwiceAsLong_andNoLonger() {
    SharedSecret shared = oneTime().share(spec().expiresAfter(Duration.ofMinutes(5)));
    fixture.clock.advance(Duration.ofMinutes(10).minusMillis(1));
    assertThat(oneTime().receipt(shared.receipt()).state()).isEqualTo(OneTimeState.EXPIRED);
    fixture.clock.advance(Duration.ofMillis(1));
    assertThatThrownBy(() -> oneTime().receipt(shared.receipt()))
        .isInstanceOf(SecretNotFoundException.class);
    assertThatThrownBy(() -> oneTime().peek(shared.link()))
        .isInstanceOf(SecretNotFoundException.class);
    assertThatThrownBy(() -> oneTime().burn(shared.receipt()))
        .isInstanceOf(SecretNotFoundException.class);
  }

  /** Whoever is told first that it is forgotten, it is, whatever the clock says later. */
  @Test
  void receipt_staysForgotten_whenTheClockIsSetBack() {
    List<Consumer<SharedSecret>> looks =
        List.of(
            shared ->
                assertThatThrownBy(() -> oneTime().receipt(shared.receipt()))
                    .isInstanceOf(SecretNotFoundException.class),
            shared ->
                assertThatThrownBy(() -> reveal(shared.link()))
                    .isInstanceOf(SecretNotFoundException.class),
            shared ->
                assertThat(oneTime().status(List.of(shared.link())))
                    .containsExactly(Optional.empty()));
    for (Consumer<SharedSecret> look : looks) {
      fixture.clock.set(VaultFixture.START);
      SharedSecret shared = oneTime().share(spec().expiresAfter(Duration.ofMinutes(5)));
      oneTime().burn(shared.receipt());
      fixture.clock.advance(Duration.ofMinutes(10));
      look.accept(shared);
      fixture.clock.set(VaultFixture.START);
      assertThatThrownBy(() -> oneTime().receipt(shared.receipt()))
          .isInstanceOf(SecretNotFoundException.class);
      assertThat(oneTime().recent(100).items()).isEmpty();
    }
  }

  @Test
  void whatLostItsValue_isOrphaned_forGood() {
    SharedSecret shared = oneTime().share(spec().expiresAfter(Duration.ofMinutes(5)));
    deleteRecordOfKind('p');
    Map<RecordKey, StoredRecord> robbed = fixture.stored();
    assertThat(robbed.keySet()).noneMatch(key -> key.text().contains(".p."));
    for (Duration later : List.of(Duration.ZERO, Duration.ofMinutes(6))) {
      fixture.clock.advance(later);
      assertThat(oneTime().receipt(shared.receipt()).state()).isEqualTo(OneTimeState.ORPHANED);
      assertThatThrownBy(() -> reveal(shared.link())).isInstanceOf(IntegrityException.class);
      assertThat(oneTime().burn(shared.receipt()).state()).isEqualTo(OneTimeState.ORPHANED);
    }
  }

  @Test
  void orphaned_staysSo_whenTheValueIsPutBack() {
    SharedSecret shared = oneTime().share(spec());
    StoredRecord value =
        fixture.stored().values().stream()
            .filter(record -> record.key().text().contains(".p."))
            .findFirst()
            .orElseThrow();
    deleteRecordOfKind('p');
    assertThat(oneTime().peek(shared.link()).state()).isEqualTo(OneTimeState.ORPHANED);
    fixture.vault.close();
    try (var store = fixture.newStore()) {
      store.commit(List.of(Change.put(value.key(), 0, value.bytes())));
    }
    fixture.vault = fixture.open();
    assertThat(oneTime().peek(shared.link()).state()).isEqualTo(OneTimeState.ORPHANED);
    assertThatThrownBy(() -> reveal(shared.link())).isInstanceOf(IntegrityException.class);
  }

  private void deleteRecordOfKind(char kind) {
    fixture.vault.close();
    try (var store = fixture.newStore()) {
      for (StoredRecord record : VaultFixture.stored(store).values()) {
        if (record.key().text().contains("." + kind + ".")) {
          store.commit(List.of(Change.delete(record.key(), record.revision())));
        }
      }
    }
    fixture.vault = fixture.open();
  }

  @Test
  void end_deletesTheValueAndAllThatServesIt() {
    List<SharedSecret> shared = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      shared.add(
          oneTime()
              .generate(
                  OneTimeSpec.generated(PasswordPolicy.ofLength(12))
                      .passphrase(right())
                      .shownOnReceipt()));
      assertThatThrownBy(() -> oneTime().reveal(shared.get(0).link(), wrong()))
          .isInstanceOf(WrongPassphraseException.class);
    }
    assertThat(kinds()).containsExactly('a', 'g', 'g', 'l', 'l', 'o', 'o', 'p', 'p', 'r', 'r');
    oneTime().reveal(shared.get(0).link(), right()).close();
    assertThat(kinds()).containsExactly('g', 'l', 'l', 'o', 'o', 'p', 'r', 'r');
    oneTime().burn(shared.get(1).receipt());
    assertThat(kinds()).containsExactly('l', 'l', 'o', 'o', 'r', 'r');
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
        SecretVault.builder()
            .store(fixture.newStore())
            .masterKey(MasterKey.fromBytes(fixture.masterKey))
            .clock(fixture.clock)
            .limits(VaultLimits.defaults().maxValueBytes(8))
            .open();
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

  @Test
  void recent_listsTheNewestFirst_pageByPage_forThirtyDays() {
    List<SecretId> expected = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      expected.add(0, oneTime().share(spec().expiresAfter(Duration.ofDays(60))).details().id());
      fixture.clock.advance(Duration.ofDays(5));
    }
    // It is day 35: those of day 0 and day 5 are too old.
    List<SecretId> listed = new ArrayList<>();
    Optional<String> cursor = Optional.empty();
    do {
      Page<Receipt> page =
          cursor.isEmpty() ? oneTime().recent(2) : oneTime().recent(2, cursor.get());
      page.items().forEach(receipt -> listed.add(receipt.id()));
      cursor = page.next();
    } while (cursor.isPresent());
    assertThat(listed).isEqualTo(expected.subList(0, 5));
    for (int wrong : List.of(0, -1, 101)) {
      assertThatThrownBy(() -> oneTime().recent(wrong))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> oneTime().recent(2, "no cursor"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** Whoever can write to the store can put what sorts before all others, and does not open. */
  @Test
  void recent_leavesOutWhatIsDamaged_andGoesOnBehindIt() {
    SharedSecret last = oneTime().share(spec());
    fixture.clock.advance(Duration.ofMillis(1));
    SharedSecret damaged = oneTime().share(spec());
    fixture.clock.advance(Duration.ofMillis(1));
    SharedSecret first = oneTime().share(spec());
    StoredRecord own =
        fixture.stored().values().stream()
            .filter(
                record -> record.key().text().endsWith(damaged.details().id().reversed().text()))
            .findFirst()
            .orElseThrow();
    replace(own, new byte[own.bytes().length]);
    String prefix = own.key().text().substring(0, own.key().text().lastIndexOf('.') + 1);
    fixture.vault.close();
    try (var store = fixture.newStore()) {
      for (String junk : List.of("-", "0", "z-z")) {
        store.commit(List.of(Change.put(new RecordKey(prefix + junk), 0, own.bytes())));
      }
    }
    fixture.vault = fixture.open();
    assertThat(oneTime().recent(100).items())
        .extracting(Receipt::id)
        .containsExactly(first.details().id(), last.details().id());
    List<SecretId> listed = new ArrayList<>();
    Page<Receipt> page = oneTime().recent(1);
    for (int pages = 1; page.next().isPresent(); pages++) {
      assertThat(pages).as("one for each record, and an empty one").isLessThan(7);
      page.items().forEach(receipt -> listed.add(receipt.id()));
      page = oneTime().recent(1, page.next().get());
    }
    assertThat(listed).containsExactly(first.details().id(), last.details().id());
  }

  @Test
  void status_saysWhatBecameOfManyAtOnce() {
    SharedSecret first = oneTime().share(spec());
    SharedSecret second = oneTime().share(spec());
    String unknown = OneTimeToken.encode(OneTimeToken.Kind.LINK, OneTimeToken.random());
    reveal(second.link());
    assertThat(oneTime().status(List.of(second.link(), unknown, first.link())))
        .containsExactly(
            Optional.of(oneTime().peek(second.link())),
            Optional.empty(),
            Optional.of(oneTime().peek(first.link())));
    assertThatThrownBy(() -> oneTime().status(List.of(first.link(), unknown, unknown + "x")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("links[2]: ");
    assertThatThrownBy(() -> oneTime().status(Collections.nCopies(101, first.link())))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void namespace_hasOneTimeSecretsOfItsOwn() {
    SharedSecret shared = fixture.vault.namespace("red").oneTime().share(spec());
    for (String elsewhere : List.of("", "blue")) {
      OneTimeSecrets other = fixture.vault.namespace(elsewhere).oneTime();
      assertThatThrownBy(() -> other.reveal(shared.link()))
          .isInstanceOf(SecretNotFoundException.class);
      assertThatThrownBy(() -> other.burn(shared.receipt()))
          .isInstanceOf(SecretNotFoundException.class);
      assertThat(other.recent(100).items()).isEmpty();
    }
    try (SecretValue value = fixture.vault.namespace("red").oneTime().reveal(shared.link())) {
      assertThat(VaultFixture.textOf(value)).isEqualTo(VALUE);
    }
  }

  @Test
  void view_mayDoWhatItsPermissionsSay() {
    SharedSecret shared = oneTime().share(spec());
    OneTimeSecrets recipients = fixture.vault.restrictedTo(Set.of(Permission.REVEAL)).oneTime();
    assertThatThrownBy(() -> recipients.share(spec())).isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(() -> recipients.burn(shared.receipt()))
        .isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(() -> recipients.takeGenerated(shared.receipt()))
        .isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(() -> recipients.recent(1)).isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(() -> recipients.receipt(shared.receipt()))
        .isInstanceOf(AccessDeniedException.class);
    assertThat(recipients.peek(shared.link()).state()).isEqualTo(OneTimeState.NEW);
    OneTimeSecrets lookers = fixture.vault.restrictedTo(Set.of(Permission.LIST)).oneTime();
    assertThat(lookers.receipt(shared.receipt()).state()).isEqualTo(OneTimeState.NEW);
    assertThatThrownBy(() -> lookers.peek(shared.link())).isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(() -> lookers.status(List.of(shared.link())))
        .isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(() -> lookers.reveal(shared.link()))
        .isInstanceOf(AccessDeniedException.class);
    recipients.reveal(shared.link()).close();
  }

  @Test
  void shareUrl_putsTheLinkIntoTheFragment() {
    SharedSecret shared = oneTime().share(spec());
    URI url = shared.shareUrl(URI.create("https://example.org/secret?lang=en"));
    assertThat(url.getRawFragment()).isEqualTo(shared.link());
    assertThat(url).hasToString("https://example.org/secret?lang=en#" + shared.link());
    assertThatThrownBy(() -> shared.shareUrl(URI.create("https://example.org/#top")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("base: ");
  }

  @Test
  void rotationOfKeys_leavesLinksAsTheyAre() {
    SharedSecret shared = oneTime().share(spec());
    fixture.vault.keys().rotate();
    assertThat(fixture.vault.keys().reencrypt(progress -> {}).quarantined()).isZero();
    fixture.vault.keys().retire(1);
    fixture.reopen();
    assertThat(reveal(shared.link())).isEqualTo(VALUE);
    assertThat(oneTime().receipt(shared.receipt()).state()).isEqualTo(OneTimeState.REVEALED);
  }

  /** A namespace that has nothing but one-time secrets is known by its record, too. */
  @Test
  void rotationOfKeys_findsTheNamespacesOfLinks() {
    SharedSecret shared = fixture.vault.namespace("red").oneTime().share(spec());
    fixture.reopen();
    fixture.vault.keys().rotate();
    assertThat(fixture.vault.keys().reencrypt(progress -> {}).quarantined()).isZero();
    fixture.vault.keys().retire(1);
    fixture.reopen();
    try (SecretValue value = fixture.vault.namespace("red").oneTime().reveal(shared.link())) {
      assertThat(VaultFixture.textOf(value)).isEqualTo(VALUE);
    }
  }

  @Test
  void damagedValue_isNotUsedUp() {
    SharedSecret shared = oneTime().share(spec());
    Map<RecordKey, StoredRecord> before = fixture.stored();
    StoredRecord value =
        before.values().stream()
            .filter(record -> record.key().text().contains(".p."))
            .findFirst()
            .orElseThrow();
    byte[] altered = value.bytes().clone();
    altered[altered.length - 1] ^= 1;
    replace(value, altered);
    assertThatThrownBy(() -> reveal(shared.link())).isInstanceOf(IntegrityException.class);
    assertThat(oneTime().receipt(shared.receipt()).state()).isEqualTo(OneTimeState.NEW);
    replace(value, value.bytes()); // At the revision that it was sealed for, the first.
    assertThat(reveal(shared.link())).isEqualTo(VALUE);
  }

  private void replace(StoredRecord record, byte[] bytes) {
    fixture.vault.close();
    try (var store = fixture.newStore()) {
      long stored = store.read(record.key()).orElseThrow().revision();
      store.commit(List.of(Change.delete(record.key(), stored)));
      store.commit(List.of(Change.put(record.key(), 0, bytes)));
    }
    fixture.vault = fixture.open();
  }
}
