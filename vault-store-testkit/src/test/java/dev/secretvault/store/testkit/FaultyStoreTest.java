package dev.secretvault.store.testkit;

import static dev.secretvault.store.testkit.StoreFixture.A;
import static dev.secretvault.store.testkit.StoreFixture.B;
import static dev.secretvault.store.testkit.StoreFixture.NOON;
import static dev.secretvault.store.testkit.StoreFixture.assertAbsent;
import static dev.secretvault.store.testkit.StoreFixture.assertConflict;
import static dev.secretvault.store.testkit.StoreFixture.assertStored;
import static dev.secretvault.store.testkit.StoreFixture.commit;
import static dev.secretvault.store.testkit.StoreFixture.put;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FaultyStoreTest {

  private final SecretStore sound = new InMemorySecretStore();
  private final FaultyStore store = new FaultyStore(sound);

  @Test
  void fails_notWritten_reachesNothing() {
    store.nth(Call.COMMIT, 1).fails(Fault.NOT_WRITTEN);
    assertFails(Outcome.NOT_WRITTEN, true, () -> commit(store, create(A, "a")));
    assertAbsent(sound, A);
    commit(store, create(A, "a"));
    assertStored(sound, A, 1, "a");
  }

  @Test
  void fails_unknownNotWritten_saysUnknownAndReachesNothing() {
    store.nth(Call.COMMIT, 1).fails(Fault.UNKNOWN_NOT_WRITTEN);
    assertFails(Outcome.UNKNOWN, true, () -> commit(store, create(A, "a")));
    assertAbsent(sound, A);
  }

  @Test
  void fails_unknownWritten_saysUnknownAndWritesAll() {
    store.nth(Call.COMMIT, 1).fails(Fault.UNKNOWN_WRITTEN);
    assertFails(Outcome.UNKNOWN, true, () -> commit(store, create(A, "a"), create(B, "b")));
    assertStored(sound, A, 1, "a");
    assertStored(sound, B, 1, "b");
  }

  @Test
  void fails_unknownWrittenButRefused_isRefused() {
    commit(store, create(A, "a"));
    store.nth(Call.COMMIT, 1).fails(Fault.UNKNOWN_WRITTEN);
    assertConflict(store, A, 0, 1, create(A, "again"));
  }

  @Test
  void fails_unknownWrittenButRequirementFails_isRefused() {
    commit(store, create(A, "a"));
    store.nth(Call.COMMIT, 1).fails(Fault.UNKNOWN_WRITTEN);
    assertConflict(store, A, 2, 1, create(B, "b"), Change.require(A, 2));
    assertAbsent(sound, B);
  }

  @Test
  void forGood_anyFault_isNotRetryable() {
    for (Fault fault : Fault.values()) {
      store.nth(Call.COMMIT, 1).fails(fault).forGood();
      Outcome outcome = fault == Fault.NOT_WRITTEN ? Outcome.NOT_WRITTEN : Outcome.UNKNOWN;
      assertFails(outcome, false, () -> commit(store, create(A, "a")));
    }
  }

  @Test
  void nth_laterCall_failsThatOneOnly() {
    store.nth(Call.COMMIT, 3).fails(Fault.NOT_WRITTEN);
    commit(store, create(A, "a"));
    commit(store, put(A, 1, "a2"));
    assertFails(Outcome.NOT_WRITTEN, true, () -> commit(store, put(A, 2, "a3")));
    commit(store, put(A, 2, "a3"));
    // Counted from the moment of planning, not from the beginning.
    store.nth(Call.COMMIT, 2).fails(Fault.NOT_WRITTEN);
    commit(store, put(A, 3, "a4"));
    assertFails(Outcome.NOT_WRITTEN, true, () -> commit(store, put(A, 4, "a5")));
    assertStored(sound, A, 4, "a4");
  }

  @Test
  void from_laterCall_failsUntilHealed() {
    store.from(Call.COMMIT, 2).fails(Fault.NOT_WRITTEN);
    commit(store, create(A, "a"));
    for (int i = 0; i < 5; i++) {
      assertFails(Outcome.NOT_WRITTEN, true, () -> commit(store, put(A, 1, "a2")));
    }
    store.heal();
    commit(store, put(A, 1, "a2"));
    assertThat(store.calls(Call.COMMIT)).isEqualTo(7);
  }

  @ParameterizedTest
  @EnumSource(Call.class)
  void nth_oneKindOfCall_leavesTheOthers(Call failing) {
    Map<Call, Runnable> calls = new EnumMap<>(Call.class);
    calls.put(Call.READ, () -> store.read(A));
    calls.put(Call.COMMIT, () -> commit(store, create(A, "a")));
    calls.put(Call.SCAN, () -> store.scan(null, 1));
    calls.put(Call.EXPIRED, () -> store.expired(NOON, 1));
    calls.put(Call.WATCH, () -> store.watch(new Reports()));
    assertThat(calls).containsOnlyKeys(Call.values());
    store.nth(failing, 1).fails(Fault.NOT_WRITTEN);
    calls.forEach(
        (call, run) -> {
          if (call == failing) {
            assertFails(Outcome.NOT_WRITTEN, true, run);
          } else {
            run.run();
          }
        });
    calls.get(failing).run();
    calls
        .keySet()
        .forEach(call -> assertThat(store.calls(call)).isEqualTo(call == failing ? 2 : 1));
  }

  @Test
  void before_racingWriter_winsTheRace() {
    store.nth(Call.COMMIT, 1).before(() -> commit(sound, create(A, "rival")));
    assertConflict(store, A, 0, 1, create(A, "mine"));
    assertStored(store, A, 1, "rival");
  }

  @Test
  void before_rivalReplacesWhatIsRequired_refusesTheCommit() {
    commit(store, create(A, "a"));
    store.nth(Call.COMMIT, 1).before(() -> commit(sound, put(A, 1, "rival")));
    assertConflict(store, A, 1, 2, create(B, "b"), Change.require(A, 1));
    assertAbsent(store, B);
  }

  @Test
  void after_commitHappened_seesIt() {
    List<String> seen = new ArrayList<>();
    store.nth(Call.COMMIT, 1).after(() -> seen.add(StoreFixture.text(sound.read(A).orElseThrow())));
    commit(store, create(A, "a"));
    commit(store, put(A, 1, "a2"));
    assertThat(seen).containsExactly("a");
  }

  @Test
  void after_commitRefusedOrNotReached_doesNotRun() {
    AtomicInteger runs = new AtomicInteger();
    store.from(Call.COMMIT, 1).after(runs::incrementAndGet);
    assertConflict(store, A, 1, 0, put(A, 1, "a"));
    store.nth(Call.COMMIT, 1).fails(Fault.NOT_WRITTEN);
    assertFails(Outcome.NOT_WRITTEN, true, () -> commit(store, create(A, "a")));
    assertThat(runs).hasValue(0);
    store.nth(Call.COMMIT, 1).fails(Fault.UNKNOWN_WRITTEN);
    assertFails(Outcome.UNKNOWN, true, () -> commit(store, create(A, "a")));
    assertThat(runs).hasValue(1);
  }

  @Test
  void before_hookThrows_callThrowsTheSame() {
    IllegalStateException planned = new IllegalStateException("planned");
    store
        .nth(Call.COMMIT, 1)
        .before(
            () -> {
              throw planned;
            });
    assertThatThrownBy(() -> commit(store, create(A, "a"))).isSameAs(planned);
    assertAbsent(store, A);
    store.nth(Call.COMMIT, 2).fails(Fault.NOT_WRITTEN);
    commit(store, create(A, "a"));
    assertFails(Outcome.NOT_WRITTEN, true, () -> commit(store, put(A, 1, "a2")));
  }

  @Test
  void before_hookCallsTheStore_isNeitherCountedNorPlannedFor() {
    store
        .from(Call.COMMIT, 1)
        .before(() -> store.commit(List.of(create(B, "b"))))
        .fails(Fault.NOT_WRITTEN);
    assertFails(Outcome.NOT_WRITTEN, true, () -> commit(store, create(A, "a")));
    assertStored(sound, B, 1, "b");
    assertThat(store.calls(Call.COMMIT)).isEqualTo(1);
  }

  @Test
  void plans_meetingInOneCall_runHooksInOrderAndThrowTheFirstFault() {
    List<String> ran = new ArrayList<>();
    store.nth(Call.COMMIT, 1).before(() -> ran.add("before 1")).after(() -> ran.add("after 1"));
    store.nth(Call.COMMIT, 1).fails(Fault.UNKNOWN_WRITTEN);
    store
        .from(Call.COMMIT, 1)
        .fails(Fault.NOT_WRITTEN)
        .before(() -> ran.add("before 3"))
        .after(() -> ran.add("after 3"));
    assertFails(Outcome.UNKNOWN, true, () -> commit(store, create(A, "a")));
    assertThat(ran).containsExactly("before 1", "before 3", "after 1", "after 3");
    assertStored(sound, A, 1, "a");
  }

  @Test
  void nth_manyThreads_failsExactlyOneCall() throws Exception {
    commit(store, create(A, "0"));
    store.nth(Call.READ, 500).fails(Fault.NOT_WRITTEN);
    AtomicInteger failures = new AtomicInteger();
    Race.of(
        8,
        number -> {
          for (int i = 0; i < 100; i++) {
            try {
              store.read(A);
            } catch (StoreException e) {
              failures.incrementAndGet();
            }
          }
        });
    assertThat(failures).hasValue(1);
    assertThat(store.calls(Call.READ)).isEqualTo(800);
  }

  @Test
  void close_wrappedStore_isClosedToo() {
    store.close();
    assertThatIllegalStateException().isThrownBy(() -> sound.read(A));
    assertThatIllegalStateException().isThrownBy(() -> store.read(A));
  }

  @Test
  void plan_badArgument_throws() {
    for (int n : new int[] {0, -1}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> store.nth(Call.READ, n))
          .withMessageContaining("n:");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> store.from(Call.READ, n))
          .withMessageContaining("n:");
    }
    for (Fault fault : List.of(Fault.UNKNOWN_NOT_WRITTEN, Fault.UNKNOWN_WRITTEN)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> store.nth(Call.READ, 1).fails(fault))
          .withMessageContaining("fault:");
    }
    assertThatNullPointerException().isThrownBy(() -> new FaultyStore(null));
    assertThatNullPointerException().isThrownBy(() -> store.nth(null, 1));
    assertThatNullPointerException().isThrownBy(() -> store.nth(Call.READ, 1).fails(null));
    assertThatNullPointerException().isThrownBy(() -> store.nth(Call.READ, 1).before(null));
    assertThatNullPointerException().isThrownBy(() -> store.nth(Call.READ, 1).after(null));
    assertAbsent(store, A);
  }

  private static Change create(RecordKey key, String text) {
    return StoreFixture.create(key, text);
  }

  private static void assertFails(Outcome outcome, boolean retryable, Runnable call) {
    StoreException failure = catchThrowableOfType(StoreException.class, call::run);
    assertThat(failure).as("failure").isNotNull();
    assertThat(failure.outcome()).isEqualTo(outcome);
    assertThat(failure.retryable()).isEqualTo(retryable);
  }
}
