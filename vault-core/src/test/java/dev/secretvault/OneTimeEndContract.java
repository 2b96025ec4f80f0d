package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.PasswordPolicy;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** How one-time secrets end, by somebody or by themselves, on any store. */
abstract class OneTimeEndContract extends OneTimeFixture {

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
}
