package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Many at once, and a store that fails: there is no act without its event, nor the other way. */
class AuditRaceTest extends AuditFixture {

  private void assertGapless(long last) {
    assertThat(intact())
        .extracting(AuditVerification::first, AuditVerification::last)
        .containsExactly(1L, last);
    assertThat(events())
        .extracting(AuditEvent::sequence)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, last).boxed().toList());
  }

  /** Changes a secret that all others change, too, however often they are faster. */
  private static void describe(SecretVault vault, SecretId id, String description) {
    while (true) {
      try {
        vault.update(id, SecretUpdate.none().description(description));
        return;
      } catch (StaleRevisionException e) {
        assertThat(e.retryable()).isTrue();
      }
    }
  }

  /** Two vaults on one store, one of which hears of nothing, or was told to keep nothing. */
  @ParameterizedTest
  @ValueSource(strings = {"told", "deaf", "unaudited"})
  void sixteenThreadsAndTwoVaults_leaveOneEventForEachAct(String kind) {
    create("first");
    SecretVault other =
        switch (kind) {
          case "told" -> another(AuditPolicy.keep(1_000));
          case "unaudited" -> unaudited();
          default ->
              SecretVault.builder()
                  .store(WrappedStore.deaf(medium.get()))
                  .masterKey(key())
                  .audit(AuditPolicy.keep(1_000))
                  .open();
        };
    SecretId shared = create("shared");
    AtomicInteger changes = new AtomicInteger();
    Racers.run(
        16,
        racer -> {
          SecretVault mine = racer % 2 == 0 ? vault : other;
          for (int i = 0; i < 20; i++) {
            SecretId id = VaultFixture.create(mine, text(racer + "." + i));
            if (i % 2 == 0) {
              assertThat(mine.delete(id)).isTrue();
            }
            describe(mine, shared, racer + "." + i);
            changes.incrementAndGet();
          }
        });
    if (kind.equals("deaf")) {
      other.close();
    }
    assertGapless(2 + 16 * 50);
    Map<AuditEvent.Kind, Long> kinds =
        events().stream().collect(Collectors.groupingBy(AuditEvent::kind, Collectors.counting()));
    assertThat(kinds)
        .containsOnly(
            Map.entry(AuditEvent.Kind.CREATED, 322L),
            Map.entry(AuditEvent.Kind.DELETED, 160L),
            Map.entry(AuditEvent.Kind.UPDATED, 320L));
    assertThat(vault.describe(shared).revision()).isEqualTo(1 + changes.get());
  }

  /** Else all but one of them would lose, and seal once more, each time. */
  @Test
  void threadsOfOneVault_queueForTheTrail() {
    create("first");
    int commits = store.calls(Call.COMMIT);
    Racers.run(
        8,
        racer -> {
          for (int i = 0; i < 20; i++) {
            VaultFixture.create(vault, text(racer + "." + i));
          }
        });
    assertThat(store.calls(Call.COMMIT)).as("none was refused").isEqualTo(commits + 160);
    assertGapless(161);
  }

  @Test
  void secretsToBeRevealedOnce_areRevealedOnce_withOneEventEach() {
    SecretVault other = another(AuditPolicy.keep(1_000).withReveals());
    List<SecretId> once = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      once.add(VaultFixture.create(vault, text("once " + i).disclosure(Disclosure.ONCE)));
    }
    AtomicInteger revealed = new AtomicInteger();
    Racers.run(
        8,
        racer -> {
          for (SecretId id : once) {
            try {
              (racer % 2 == 0 ? vault : other).reveal(id).close();
              revealed.incrementAndGet();
            } catch (AlreadyRevealedException lost) {
              // As it has to be for all but one.
            }
          }
        });
    assertThat(revealed).hasValue(50);
    assertGapless(100);
    assertThat(events(vault, AuditQuery.all().kind(AuditEvent.Kind.REVEALED)))
        .extracting(AuditEvent::secret)
        .containsExactlyInAnyOrderElementsOf(once);
  }

  @Test
  void keysAndSecretsAtTheSameTime_keepOneTrail() {
    SecretVault other = another(AuditPolicy.keep(1_000));
    Racers.run(
        6,
        racer -> {
          SecretVault mine = racer % 2 == 0 ? vault : other;
          for (int i = 0; i < 10; i++) {
            if (racer < 2) {
              mine.keys().rotate();
              mine.keys().reencrypt(progress -> {});
            } else {
              VaultFixture.create(mine, text(racer + "." + i));
            }
          }
        });
    assertGapless(60);
    assertThat(events(vault, AuditQuery.all().kind(AuditEvent.Kind.EPOCH_BEGUN))).hasSize(20);
  }

  /** Verifying while others write and drop finds nothing that is not wrong. */
  @Test
  void verifyingMeanwhile_findsNothing() {
    SecretVault brief = another(AuditPolicy.keep(20));
    act(50);
    AtomicInteger verified = new AtomicInteger();
    Racers.run(
        4,
        racer -> {
          for (int i = 0; i < 100; i++) {
            if (racer < 2) {
              VaultFixture.create(brief, text(racer + "." + i));
            } else {
              assertThat(vault.audit().verify().broken()).isEmpty();
              vault.audit().list(AuditQuery.all());
              verified.incrementAndGet();
            }
          }
        });
    assertThat(verified).hasValue(200);
    assertThat(intact().last()).isEqualTo(250);
  }

  /** The head's revision decides between processes; the loser's act is done all the same. */
  @Test
  void raceLostForTheTrail_isRunAgain() {
    SecretVault other = another(AuditPolicy.keep(1_000));
    SecretId id = create("web");
    store.nth(Call.COMMIT, 1).before(() -> VaultFixture.create(other, text("quicker")));
    int commits = store.calls(Call.COMMIT);
    vault.deactivate(id);
    assertThat(store.calls(Call.COMMIT)).isEqualTo(commits + 2);
    assertGapless(3);
    store.nth(Call.COMMIT, 1).before(() -> other.keys().rotate());
    vault.activate(id);
    assertGapless(5);
    store.nth(Call.COMMIT, 1).before(() -> VaultFixture.create(other, text("quicker still")));
    assertThat(vault.keys().rotate()).isEqualTo(3);
    assertGapless(7);
  }

  /** And one that is lost for the act's own records is the act's affair. */
  @Test
  void raceLostForTheSecret_isWhatItIsWithoutATrail() {
    SecretVault other = another(AuditPolicy.keep(1_000));
    store.nth(Call.COMMIT, 1).before(() -> VaultFixture.create(other, text("web")));
    assertThatThrownBy(() -> create("web")).isInstanceOf(DuplicateNameException.class);
    SecretId id = vault.find("web").orElseThrow().id();
    long revision = vault.describe(id).revision();
    store.nth(Call.COMMIT, 1).before(() -> other.deactivate(id));
    assertThatThrownBy(
            () -> vault.update(id, SecretUpdate.none().description("late").ifRevision(revision)))
        .isInstanceOf(StaleRevisionException.class);
    assertGapless(2);
    assertThat(kinds()).containsExactly(AuditEvent.Kind.CREATED, AuditEvent.Kind.DEACTIVATED);
  }

  /** A trail that is never won, as if somebody wrote to it without end. */
  @Test
  void endlessRace_endsInAnAnswer() {
    SecretVault other = another(AuditPolicy.keep(1_000));
    SecretId id = create("web");
    SecretId toggled = create("toggled");
    store
        .from(Call.COMMIT, 1)
        .before(
            () -> {
              if (other.describe(toggled).state() == SecretState.ACTIVE) {
                other.deactivate(toggled);
              } else {
                other.activate(toggled);
              }
            });
    assertThatThrownBy(() -> vault.deactivate(id)).isInstanceOf(StaleRevisionException.class);
    store.heal();
    assertThat(vault.describe(id).state()).isEqualTo(SecretState.ACTIVE);
    intact();
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void storeThatFailsInAnAct_hasBothOrNeither(Fault fault) {
    boolean written = fault == Fault.UNKNOWN_WRITTEN;
    store.nth(Call.COMMIT, 1).fails(fault);
    assertThatThrownBy(() -> create("web")).isInstanceOf(StoreFailedException.class);
    assertThat(vault.find("web").isPresent()).isEqualTo(written);
    assertThat(events()).hasSize(written ? 1 : 0);
    SecretId id = written ? vault.find("web").orElseThrow().id() : create("web");
    store.nth(Call.COMMIT, 1).fails(fault);
    assertThatThrownBy(() -> vault.delete(id)).isInstanceOf(StoreFailedException.class);
    assertThat(vault.find("web").isPresent()).isEqualTo(!written);
    assertGapless(written ? 2 : 1);
    store.nth(Call.COMMIT, 1).fails(fault);
    assertThatThrownBy(() -> vault.keys().rotate()).isInstanceOf(StoreFailedException.class);
    assertThat(vault.keys().keysInUse()).hasSize(written ? 2 : 1);
    assertGapless(written ? 3 : 1);
    create("next");
    assertGapless(written ? 4 : 2);
  }

  /** Every call of the store fails once, whichever it is. */
  @Test
  void storeThatFailsAtTheNthCall_neverHasOneWithoutTheOther() {
    int failed = 0;
    for (Call call : List.of(Call.READ, Call.COMMIT)) {
      for (int n = 1; n <= 12; n++) {
        store.nth(call, n).fails(Fault.NOT_WRITTEN);
        String name = call + "." + n;
        try {
          SecretId id = create(name);
          vault.deactivate(id);
          vault.delete(id);
        } catch (StoreFailedException planned) {
          failed++;
        }
        store.heal();
        long acts =
            vault
                .find(name)
                .map(secret -> secret.state() == SecretState.ACTIVE ? 1L : 2L)
                .orElse(0L);
        List<AuditEvent> events = events();
        long last = events.isEmpty() ? 0 : intact().last();
        assertThat(events).hasSize((int) last);
        if (acts > 0) {
          SecretId id = vault.find(name).orElseThrow().id();
          assertThat(events(vault, AuditQuery.all().secret(id))).hasSize((int) acts);
        }
        assertThat(kinds().stream().filter(kind -> kind == AuditEvent.Kind.CREATED).count())
            .isEqualTo(
                kinds().stream().filter(kind -> kind == AuditEvent.Kind.DELETED).count()
                    + vault.list(ListQuery.all()).items().size());
      }
    }
    assertThat(failed).isGreaterThan(10);
  }

  @Test
  void storeExceptions_neverReachTheCaller() {
    SecretVault other = another(AuditPolicy.keep(1_000));
    SecretId id = create("web");
    store.from(Call.COMMIT, 1).before(() -> other.update(id, SecretUpdate.none().description("x")));
    try {
      vault.deactivate(id);
    } catch (RuntimeException e) {
      assertThat(e).isNotInstanceOf(RevisionConflictException.class);
    }
    store.heal();
    intact();
  }
}
