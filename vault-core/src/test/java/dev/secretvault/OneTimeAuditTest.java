package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.AuditEvent.Kind;
import dev.secretvault.crypto.PasswordPolicy;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the audit trail has of one-time secrets. */
class OneTimeAuditTest extends AuditFixture {

  private static final Duration BRIEF = Duration.ofMinutes(5);

  private OneTimeSecrets sharer;
  private OneTimeSecrets recipient;

  @BeforeEach
  void takeParts() {
    sharer = vault.actingAs("ann").oneTime();
    recipient = vault.actingAs("bob").oneTime();
  }

  private static OneTimeSpec spec() {
    return OneTimeSpec.of("value".toCharArray()).expiresAfter(BRIEF);
  }

  private static OneTimeSpec generated() {
    return OneTimeSpec.generated(PasswordPolicy.ofLength(9)).shownOnReceipt();
  }

  /** Each as the kind and who acted. */
  private List<String> told(SecretId of) {
    intact();
    return events().stream()
        .filter(event -> of.equals(event.secret()))
        .map(event -> event.kind() + " " + Objects.requireNonNullElse(event.actor(), "-"))
        .toList();
  }

  @Test
  void everyActIsTold_withWhoActed_andWhatDidNothingIsNot() {
    SharedSecret shared = sharer.share(spec());
    recipient.peek(shared.link());
    recipient.status(List.of(shared.link()));
    sharer.receipt(shared.receipt());
    sharer.recent(10);
    recipient.reveal(shared.link()).close();
    assertThatThrownBy(() -> recipient.reveal(shared.link()))
        .isInstanceOf(AlreadyRevealedException.class);
    sharer.burn(shared.receipt());
    assertThat(told(shared.details().id())).containsExactly("SHARED ann", "REVEALED bob");
    SharedSecret other = sharer.generate(generated());
    sharer.takeGenerated(other.receipt()).orElseThrow().close();
    assertThat(sharer.takeGenerated(other.receipt())).isEmpty();
    sharer.burn(other.receipt());
    sharer.burn(other.receipt());
    assertThat(told(other.details().id())).containsExactly("SHARED ann", "SHOWN ann", "BURNED ann");
  }

  @Test
  void peeksAreTold_ifReadingIs() {
    SecretVault reading = another(AuditPolicy.keep(100).withReveals());
    OneTimeSecrets readers = reading.actingAs("bob").oneTime();
    SharedSecret shared = sharer.share(spec());
    SharedSecret second = sharer.share(spec());
    readers.peek(shared.link());
    readers.status(List.of(second.link(), shared.link()));
    assertThat(told(shared.details().id()))
        .containsExactly("SHARED ann", "PEEKED bob", "PEEKED bob");
    assertThat(told(second.details().id())).containsExactly("SHARED ann", "PEEKED bob");
    assertThat(readers.receipt(shared.receipt()).state()).isEqualTo(OneTimeState.NEW);
  }

  @Test
  void guessesAreTold_andTheLock() {
    SharedSecret shared = sharer.share(spec().passphrase("right".toCharArray()));
    char[] wrong = "wrong".toCharArray();
    for (int guess = 1; guess <= 5; guess++) {
      assertThatThrownBy(() -> recipient.reveal(shared.link(), wrong, "10.0.0.1"))
          .isInstanceOf(WrongPassphraseException.class);
    }
    sharer.reveal(shared.link(), "right".toCharArray()).close();
    assertThat(told(shared.details().id()))
        .containsExactly(
            "SHARED ann",
            "PASSPHRASE_TRIED bob",
            "PASSPHRASE_TRIED bob",
            "PASSPHRASE_TRIED bob",
            "PASSPHRASE_TRIED bob",
            "PASSPHRASE_TRIED bob",
            "PASSPHRASE_LOCKED bob",
            "PASSPHRASE_TRIED ann",
            "PASSPHRASE_ACCEPTED ann",
            "REVEALED ann");
  }

  /** Whoever's call meets it, the time has ended it. */
  @Test
  void expiryIsTold_once_asNobodysAct() {
    SharedSecret met = sharer.share(spec());
    SharedSecret swept = sharer.share(spec());
    clock.advance(BRIEF);
    assertThatThrownBy(() -> recipient.reveal(met.link()))
        .isInstanceOf(SecretExpiredException.class);
    sharer.burn(met.receipt());
    vault.sweep();
    assertThat(told(met.details().id())).containsExactly("SHARED ann", "EXPIRED -");
    assertThat(told(swept.details().id())).containsExactly("SHARED ann", "EXPIRED -");
    clock.advance(BRIEF);
    vault.sweep();
    assertThat(told(swept.details().id())).containsExactly("SHARED ann", "EXPIRED -");
  }

  @Test
  void lostValueIsTold_once() {
    SharedSecret shared = sharer.share(spec());
    VaultFixture.stored(attacker).keySet().stream()
        .filter(key -> key.text().contains(".p."))
        .forEach(this::remove);
    for (int look = 0; look < 2; look++) {
      assertThat(sharer.receipt(shared.receipt()).state()).isEqualTo(OneTimeState.ORPHANED);
    }
    assertThat(told(shared.details().id())).containsExactly("SHARED ann", "ORPHANED -");
  }

  @Test
  void whatDidNotHappen_isNotTold_andWhatDid_is() {
    SharedSecret shared = sharer.share(spec());
    store.nth(Call.COMMIT, 1).fails(Fault.NOT_WRITTEN);
    assertThatThrownBy(() -> recipient.reveal(shared.link()))
        .isInstanceOf(StoreFailedException.class);
    assertThat(told(shared.details().id())).containsExactly("SHARED ann");
    store.nth(Call.COMMIT, 1).fails(Fault.UNKNOWN_WRITTEN);
    assertThatThrownBy(() -> recipient.reveal(shared.link()))
        .isInstanceOf(StoreFailedException.class);
    assertThat(told(shared.details().id())).containsExactly("SHARED ann", "REVEALED bob");
    assertThat(events().stream().map(AuditEvent::kind).distinct())
        .containsExactly(Kind.SHARED, Kind.REVEALED);
  }
}
