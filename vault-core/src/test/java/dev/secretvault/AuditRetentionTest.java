package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.secretvault.AuditVerification.Fault;
import dev.secretvault.store.StoredRecord;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A trail does not grow beyond what it was told to keep, and what is kept verifies. */
class AuditRetentionTest extends AuditFixture {

  private void assertKept(long first, long last) {
    assertThat(intact())
        .extracting(AuditVerification::first, AuditVerification::last)
        .containsExactly(first, last);
    assertThat(storedEvents()).hasSize((int) (last - first + 1));
    assertThat(events()).extracting(AuditEvent::sequence).startsWith(first).endsWith(last);
  }

  private void act(SecretVault with, int times) {
    SecretId id = with.find("toggled").orElseThrow().id();
    for (int i = 0; i < times; i++) {
      if (with.describe(id).state() == SecretState.ACTIVE) {
        with.deactivate(id);
      } else {
        with.activate(id);
      }
    }
  }

  @Test
  void number_isNeverExceeded_andTheRestVerifies() {
    create("toggled");
    SecretVault brief = another(AuditPolicy.keep(3));
    assertKept(1, 1);
    act(brief, 2);
    assertKept(1, 3);
    for (int last = 4; last < 40; last++) {
      act(brief, 1);
      assertKept(last - 2, last);
    }
    act(another(AuditPolicy.keep(1)), 1);
    assertKept(40, 40);
    act(brief, 2);
    assertKept(40, 42);
  }

  @Test
  void narrowedPolicy_isReachedSixteenEventsAtATime() {
    create("toggled");
    act(vault, 99);
    SecretVault brief = another(AuditPolicy.keep(10));
    act(brief, 1);
    assertKept(17, 101);
    act(brief, 4);
    assertKept(81, 105);
    act(brief, 1);
    assertKept(97, 106);
    act(vault, 100);
    assertKept(97, 206);
  }

  @Test
  void age_isWhenAnEventGoes_withTheNextAct() {
    create("toggled");
    SecretVault brief = another(AuditPolicy.keep(100).forAtMost(Duration.ofDays(1)));
    for (int hour = 1; hour < 24; hour++) {
      clock.advance(Duration.ofHours(1));
      act(brief, 1);
    }
    assertKept(1, 24);
    clock.advance(Duration.ofHours(1).minusMillis(1));
    act(brief, 1);
    assertKept(1, 25);
    clock.advance(Duration.ofMillis(1));
    assertKept(1, 25);
    act(brief, 1);
    assertKept(2, 26);
    clock.advance(Duration.ofHours(5));
    act(brief, 1);
    assertKept(7, 27);
    clock.advance(Duration.ofDays(365));
    act(brief, 1);
    assertKept(23, 28);
    act(brief, 1);
    assertKept(28, 29);
    clock.set(VaultFixture.START);
    act(brief, 1);
    assertKept(28, 30);
  }

  /** The policy goes with the trail. */
  @Test
  void vaultThatWasToldNothing_keepsWhatTheLastOneWasTold() {
    create("toggled");
    act(another(AuditPolicy.keep(5).forAtMost(Duration.ofHours(1))), 1);
    SecretVault silent = unaudited();
    act(silent, 20);
    assertKept(18, 22);
    clock.advance(Duration.ofHours(1));
    act(silent, 1);
    assertKept(23, 23);
  }

  /** Such as a removal of all that has expired. */
  @Test
  void severalActsOfOneCommit_areSoManyEvents() {
    HeaderRecord header = HeaderRecord.unlock(attacker, key(), false);
    VaultRecords records = new VaultRecords(attacker, header, "", () -> {});
    AuditChain chain = records.auditChain(AuditPolicy.keep(10), clock);
    SecretId id = create("toggled");
    List<Act> acts = Collections.nCopies(4, new Act(AuditEvent.Kind.EXPIRED, id, 0, null));
    for (int commit = 1; commit <= 5; commit++) {
      String name = "n" + commit;
      chain.commit(acts, () -> List.of(records.putName(records.keys().name(name), id)));
      assertKept(Math.max(1, 4 * commit - 8), 4 * commit + 1);
    }
    List<Act> more = Collections.nCopies(30, acts.get(0));
    chain.commit(more, () -> List.of(records.putName(records.keys().name("n"), id)));
    assertKept(22, 51);
    act(another(AuditPolicy.keep(10)), 1);
    assertKept(38, 52);
    assertThat(events().subList(0, 14))
        .extracting(AuditEvent::kind)
        .containsOnly(acts.get(0).kind());
    header.close();
  }

  /** Growth is bounded whatever became of what is to be dropped. */
  @Test
  void eventsThatAreLostOrDamaged_areDroppedInTheirTurn() {
    create("toggled");
    SecretVault brief = another(AuditPolicy.keep(6));
    act(brief, 5);
    remove(storedEvent(2).key());
    StoredRecord damaged = storedEvent(4);
    replace(damaged.key(), 1, new byte[damaged.bytes().length]);
    assertBroken(2, Fault.MISSING);
    act(brief, 1);
    assertBroken(2, Fault.MISSING);
    act(brief, 1);
    assertBroken(3, Fault.UNLINKED);
    act(brief, 1);
    assertBroken(4, Fault.ALTERED);
    act(brief, 1);
    assertBroken(5, Fault.UNLINKED);
    act(brief, 1);
    assertKept(6, 11);
  }

  @Test
  void keepsNoMoreThanItsRecords_inTheStore() {
    create("toggled");
    SecretVault brief = another(AuditPolicy.keep(10));
    act(brief, 30);
    int records = VaultFixture.stored(attacker).size();
    act(brief, 100);
    assertThat(VaultFixture.stored(attacker)).hasSize(records);
  }

  @Test
  void policy_isCheckedAndSetOnce() {
    for (long bad : new long[] {0, -1, AuditPolicy.HIGHEST_EVENTS + 1}) {
      assertThatIllegalArgumentException().isThrownBy(() -> AuditPolicy.keep(bad));
    }
    AuditPolicy policy = AuditPolicy.keep(AuditPolicy.HIGHEST_EVENTS);
    for (Duration bad :
        List.of(Duration.ZERO, Duration.ofSeconds(59), Duration.ofDays(36_500).plusNanos(1))) {
      assertThatIllegalArgumentException().isThrownBy(() -> policy.forAtMost(bad));
    }
    VaultBuilder builder = SecretVault.builder().audit(policy);
    assertThatIllegalStateException().isThrownBy(() -> builder.audit(policy));
  }
}
