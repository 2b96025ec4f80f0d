package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.AuditVerification.Fault;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is done to a trail in the store is found, and named. */
class AuditTamperingTest extends AuditFixture {

  private static final int EVENTS = 7;

  @BeforeEach
  void write() {
    act(EVENTS);
    assertThat(intact()).extracting(AuditVerification::last).isEqualTo((long) EVENTS);
  }

  @Test
  void everyEventThatIsRemoved_isNamed() {
    for (long event = 1; event <= EVENTS; event++) {
      StoredRecord stored = storedEvent(event);
      remove(stored.key());
      assertBroken(event, Fault.MISSING);
      restore(stored);
    }
    intact();
  }

  @Test
  void everyEventThatIsAltered_isNamed() {
    for (long event = 1; event <= EVENTS; event++) {
      StoredRecord stored = storedEvent(event);
      for (int at : new int[] {1, 20, stored.bytes().length - 1}) {
        byte[] altered = stored.bytes().clone();
        altered[at] ^= 1;
        replace(stored.key(), 1, altered);
        assertBroken(event, Fault.ALTERED);
      }
      restore(stored);
    }
    intact();
  }

  @Test
  void eventsThatAreSwapped_areNamed() {
    for (long event = 1; event < EVENTS; event++) {
      StoredRecord one = storedEvent(event);
      StoredRecord other = storedEvent(event + 1);
      replace(one.key(), 1, other.bytes());
      replace(other.key(), 1, one.bytes());
      assertBroken(event, Fault.ALTERED);
      restore(one);
      restore(other);
    }
    intact();
  }

  @Test
  void everyEventThatIsDoubled_isNamed() {
    for (long event = 1; event <= EVENTS; event++) {
      StoredRecord stored = storedEvent(event);
      String prefix = stored.key().text().substring(0, stored.key().text().length() - 16);
      RecordKey behind = new RecordKey(prefix + String.format("%016x", EVENTS + 1));
      replace(behind, 1, stored.bytes());
      assertBroken(EVENTS + 1, Fault.UNEXPECTED);
      remove(behind);
      RecordKey before = new RecordKey(prefix + "0".repeat(16));
      replace(before, 1, stored.bytes());
      assertBroken(0, Fault.UNEXPECTED);
      remove(before);
      RecordKey between = new RecordKey(stored.key().text() + "a");
      replace(between, 1, stored.bytes());
      assertBroken(0, Fault.UNEXPECTED);
      remove(between);
    }
    intact();
  }

  @Test
  void everyTailThatIsCutOff_isNamed() {
    List<StoredRecord> all = storedEvents();
    for (int left = EVENTS - 1; left >= 0; left--) {
      remove(all.get(left).key());
      assertBroken(left + 1, Fault.MISSING);
    }
    all.forEach(this::restore);
    intact();
  }

  @Test
  void headThatIsRemovedOrAltered_isFound() {
    StoredRecord head = storedHead();
    remove(head.key());
    assertBroken(0, Fault.HEAD_LOST);
    byte[] altered = head.bytes().clone();
    altered[30] ^= 1;
    replace(head.key(), head.revision(), altered);
    assertBroken(0, Fault.HEAD_LOST);
    restore(head);
    intact();
  }

  /** A tail cut off together with an older head: the head's revision does not fit it. */
  @Test
  void olderHead_atTheRevisionOfTheNewOne_isFound() {
    StoredRecord older = storedHead();
    act(1);
    replace(older.key(), older.revision() + 1, older.bytes());
    remove(storedEvent(EVENTS + 1).key());
    assertBroken(0, Fault.HEAD_LOST);
  }

  /** What was there once, under the same keys and the same number, in another course of things. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void eventOfAnotherCourseOfThings_isFound(int behind) {
    List<StoredRecord> before = new ArrayList<>(VaultFixture.stored(attacker).values());
    act(1);
    StoredRecord inTheOtherCourse = storedEvent(EVENTS + 1);
    for (StoredRecord stored : VaultFixture.stored(attacker).values()) {
      if (!stored.key().equals(HeaderRecord.KEY)) {
        remove(stored.key());
      }
    }
    before.stream().filter(stored -> !stored.key().equals(HeaderRecord.KEY)).forEach(this::restore);
    intact();
    act(behind);
    intact();
    restore(inTheOtherCourse);
    assertBroken(EVENTS + behind, Fault.UNLINKED);
  }

  /** Somebody who can seal records, but does not have the audit key: that is, a defect. */
  @Test
  void eventsThatAreSealedAnewInAnotherOrder_orEdited_areFound() {
    for (long event = 1; event < EVENTS; event++) {
      StoredRecord one = storedEvent(event);
      StoredRecord other = storedEvent(event + 1);
      replace(one.key(), 1, resealed(one.key(), opened(other)));
      assertBroken(event, Fault.UNLINKED);
      restore(one);
      byte[] edited = opened(one);
      edited[1] = 8;
      replace(one.key(), 1, resealed(one.key(), edited));
      assertBroken(event, Fault.UNLINKED);
      edited = opened(one);
      edited[edited.length - 1] ^= 1;
      replace(one.key(), 1, resealed(one.key(), edited));
      assertBroken(event, Fault.UNLINKED);
      restore(one);
    }
    StoredRecord head = storedHead();
    byte[] edited = opened(head);
    edited[1 + 2 * Long.BYTES - 1]--;
    replace(head.key(), head.revision(), resealed(head.key(), head.revision(), edited));
    assertBroken(0, Fault.HEAD_LOST);
  }

  private byte[] opened(StoredRecord stored) {
    return withStore(on -> on.open(stored, kindOf(stored.key()), false).orElseThrow().content());
  }

  private byte[] resealed(RecordKey key, byte[] content) {
    return resealed(key, 1, content);
  }

  private byte[] resealed(RecordKey key, long revision, byte[] content) {
    return withStore(
        on -> ((Change.Put) on.put(kindOf(key), key, revision - 1, content, null)).bytes());
  }

  private static RecordKind kindOf(RecordKey key) {
    return key.text().contains(".e.") ? RecordKind.EVENT : RecordKind.TRAIL;
  }

  private interface Use {
    byte[] of(SealedStore on);
  }

  private byte[] withStore(Use use) {
    HeaderRecord header = HeaderRecord.unlock(attacker, key(), false);
    try {
      return use.of(new SealedStore(attacker, header, "", () -> {}));
    } finally {
      header.close();
    }
  }

  @Test
  void damagedEvent_isNotListed_butThoseBehindItAre() {
    StoredRecord stored = storedEvent(3);
    replace(stored.key(), 1, new byte[stored.bytes().length]);
    assertThatThrownBy(() -> vault.audit().list(AuditQuery.all()))
        .isInstanceOf(IntegrityException.class);
    assertThat(events(vault, AuditQuery.all().after("3")))
        .extracting(AuditEvent::sequence)
        .containsExactly(4L, 5L, 6L, 7L);
    act(1);
    assertBroken(3, Fault.ALTERED);
    assertThat(vault.keys().discard(stored.key().text())).isTrue();
    assertBroken(3, Fault.MISSING);
  }

  /** Nothing is done any more that could not be told. */
  @Test
  void withADamagedHead_nothingIsDone_untilItIsDiscarded() {
    SecretId id = vault.find(vault.list(ListQuery.all()).items().get(0).name()).orElseThrow().id();
    StoredRecord head = storedHead();
    replace(head.key(), head.revision(), new byte[head.bytes().length]);
    List<StoredRecord> before = List.copyOf(VaultFixture.stored(attacker).values());
    assertThatThrownBy(() -> vault.deactivate(id)).isInstanceOf(IntegrityException.class);
    assertThatThrownBy(() -> vault.keys().rotate()).isInstanceOf(IntegrityException.class);
    assertThat(VaultFixture.stored(attacker).values())
        .usingElementComparator((one, other) -> one.revision() == other.revision() ? 0 : 1)
        .containsExactlyElementsOf(before);
    assertThat(vault.keys().discard(head.key().text())).isTrue();
    assertBroken(0, Fault.HEAD_LOST);
    vault.deactivate(id);
    assertBroken(EVENTS + 1, Fault.UNLINKED);
    assertThat(kinds()).hasSize(EVENTS + 1).endsWith(AuditEvent.Kind.DEACTIVATED);
  }

  @Test
  void recordBehindTheEnd_isNoConflictOfTheAct() {
    StoredRecord last = storedEvent(EVENTS);
    String prefix = last.key().text().substring(0, last.key().text().length() - 16);
    RecordKey planted = new RecordKey(prefix + String.format("%016x", EVENTS + 1));
    replace(planted, 1, last.bytes());
    assertThatThrownBy(() -> create("new")).isInstanceOf(IntegrityException.class);
    assertThat(vault.keys().discard(planted.text())).isTrue();
    assertThatCode(() -> create("new")).doesNotThrowAnyException();
    intact();
  }

  /** What nobody can tell, so that nobody believes it is told. */
  @Test
  void wholeStorePutBack_isNotFound_butTheNumberOfTheLastEventTells() {
    InMemorySecretStore.Medium copy = new InMemorySecretStore.Medium();
    try (InMemorySecretStore older = InMemorySecretStore.open(copy)) {
      for (StoredRecord stored : VaultFixture.stored(attacker).values()) {
        for (long before = 0; before < stored.revision(); before++) {
          older.commit(List.of(Change.put(stored.key(), before, stored.bytes())));
        }
      }
    }
    act(1);
    long noted = intact().last();
    try (SecretVault restored =
        SecretVault.builder().store(InMemorySecretStore.open(copy)).masterKey(key()).open()) {
      AuditVerification verified = restored.audit().verify();
      assertThat(verified.intact()).isTrue();
      assertThat(verified.last()).isLessThan(noted);
    }
  }
}
