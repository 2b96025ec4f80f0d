package dev.secretvault.store.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What a commit requires of a record decides whether it happens, and leaves that record alone. */
abstract class RequiringContract extends CommittingContract {

  private static final int WRITERS = 4;

  @Test
  void commit_requirementsHold_happensAndLeavesTheirRecords() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "a"));
    commit(store, put(A, 1, "a2", NOON));
    List<Change> changes =
        List.of(Change.require(A, 2), create(B, "b"), Change.require(C, 0), create(key("d"), "d"));
    for (int shift = 0; shift < changes.size(); shift++) {
      List<Change> shifted = new ArrayList<>(changes);
      Collections.rotate(shifted, shift);
      store.commit(shifted);
      store = reopen(store);
      assertStored(store, B, 1, "b");
      assertStored(store, key("d"), 1, "d");
      assertThat(keys(store.scan(null, 10))).isEqualTo(keys("a", "b", "d"));
      assertRequiredOnly(store);
      commit(store, Change.delete(B, 1), Change.require(A, 2), Change.delete(key("d"), 1));
      assertThat(keys(store.scan(null, 10))).containsExactly(A);
      assertRequiredOnly(store);
    }
    commit(store, put(A, 2, "a3"), create(C, "c"));
    assertStored(store, A, 3, "a3");
    assertStored(store, C, 1, "c");
  }

  private static void assertRequiredOnly(SecretStore store) {
    assertStored(store, A, 2, "a2", NOON);
    assertThat(keys(store.expired(NOON, 10))).containsExactly(A);
    assertThat(store.expired(NOON.minusMillis(1), 10)).isEmpty();
    assertAbsent(store, C);
  }

  @Test
  void commit_requiredRevisionIsAnother_conflictsAndWritesNothing() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "a"));
    // It holds once, so that a store could remember that.
    commit(store, create(B, "b"), Change.require(A, 1));
    commit(store, put(A, 1, "a2"));
    // The last but one has 32 last bits that look right.
    for (long revision : new long[] {1, 3, (1L << 32) + 2, Long.MAX_VALUE}) {
      Change requirement = Change.require(A, revision);
      assertConflict(store, A, revision, 2, put(B, 1, "b2"), requirement);
      assertConflict(store, A, revision, 2, requirement, Change.delete(B, 1));
      assertConflict(store, A, revision, 2, requirement, create(C, "c"));
    }
    assertStored(store, A, 2, "a2");
    assertStored(store, B, 1, "b");
    assertAbsent(store, C);
  }

  @Test
  void commit_absentRecordRequiredPresent_conflictsAndWritesNothing() throws Exception {
    SecretStore store = open();
    assertConflict(store, A, 1, 0, Change.require(A, 1), create(B, "b"));
    commit(store, create(A, "a"));
    commit(store, Change.delete(A, 1));
    assertConflict(store, A, 1, 0, create(B, "b"), Change.require(A, 1));
    assertAbsent(store, A, B);
  }

  @Test
  void commit_presentRecordRequiredAbsent_conflictsAndWritesNothing() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "a"));
    assertConflict(store, A, 0, 1, Change.require(A, 0), create(B, "b"));
    assertConflict(store, A, 0, 1, create(B, "b"), Change.require(A, 0));
    assertStored(store, A, 1, "a");
    assertAbsent(store, B);
  }

  @Test
  void commit_oneRequirementOfManyFails_nothingHappens() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "a"), create(B, "b"));
    List<Change> good =
        List.of(
            Change.require(A, 1), create(C, "c"), Change.delete(B, 1), Change.require(key("d"), 0));
    for (int position = 0; position <= good.size(); position++) {
      List<Change> changes = new ArrayList<>(good);
      changes.add(position, Change.require(key("bad"), 1));
      assertConflict(store, key("bad"), 1, 0, changes.toArray(new Change[0]));
      assertStored(store, A, 1, "a");
      assertStored(store, B, 1, "b");
      assertThat(keys(store.scan(null, 10))).containsExactly(A, B);
    }
    store = reopen(store);
    assertThat(keys(store.scan(null, 10))).containsExactly(A, B);
    store.commit(good);
    assertThat(keys(store.scan(null, 10))).containsExactly(A, C);
  }

  @Test
  void commit_requirementsAndOthersFail_namesTheFirstOfTheList() throws Exception {
    SecretStore store = open();
    commit(store, create(B, "b"));
    Change required = Change.require(A, 7);
    Change replaced = put(B, 3, "b4");
    assertConflict(store, A, 7, 0, create(C, "c"), required, replaced);
    assertConflict(store, B, 3, 1, create(C, "c"), replaced, required);
    assertConflict(store, C, 2, 0, Change.require(C, 2), required, replaced);
    assertConflict(store, A, 7, 0, required, Change.require(C, 2), create(key("d"), "d"));
  }

  @Test
  void commit_requirementsOnly_throwsAndWritesNothing() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "a"));
    assertRefused(store, List.of(Change.require(A, 1)));
    assertRefused(store, List.of(Change.require(B, 0)));
    assertRefused(store, List.of(Change.require(B, 0), Change.require(A, 1)));
    assertStored(store, A, 1, "a");
    assertAbsent(store, B);
  }

  @Test
  void commit_requiredRecordTwice_throwsAndWritesNothing() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "a"));
    Change required = Change.require(A, 1);
    for (Change twin : List.of(Change.require(A, 1), put(A, 1, "a2"), Change.delete(A, 1))) {
      assertRefused(store, List.of(create(B, "b"), required, twin));
      assertRefused(store, List.of(twin, required, create(B, "b")));
    }
    assertStored(store, A, 1, "a");
    assertAbsent(store, B);
  }

  @Test
  void commit_requirements_countAsChanges() throws Exception {
    SecretStore store = open();
    List<Change> changes = new ArrayList<>();
    for (Change change : numbered(SecretStore.MAX_CHANGES - 1)) {
      changes.add(Change.require(change.key(), 0));
    }
    changes.add(create(A, "a"));
    store.commit(changes);
    assertThat(keys(store.scan(null, 10))).containsExactly(A);
    changes.set(changes.size() - 1, create(B, "b"));
    changes.add(Change.require(A, 1));
    assertRefused(store, changes);
    assertThat(keys(store.scan(null, 10))).containsExactly(A);
  }

  /**
   * One thread replaces a record that others require. What is not there to read when a replacement
   * returned is too late, and must never come.
   */
  @Test
  void commit_requiredRecordIsReplacedMeanwhile_nothingComesBehind() throws Exception {
    List<SecretStore> stores = openTwo();
    commit(stores.get(0), create(A, ""));
    Set<RecordKey> inTime = ConcurrentHashMap.newKeySet();
    AtomicBoolean done = new AtomicBoolean();
    new Race()
        .add(
            1,
            number -> {
              try {
                // More where that is so fast that hardly anybody comes in time.
                for (int i = 1; i <= rounds() || (i <= 5_000 && inTime.size() < 100); i++) {
                  commit(stores.get(0), put(A, i, ""));
                  inTime.addAll(keys(stores.get(0).scan(guarded(i, 0), WRITERS)));
                }
              } finally {
                done.set(true);
              }
            })
        .add(
            WRITERS,
            number -> {
              while (!done.get()) {
                writeGuarded(stores.get(number % 2), number + 1);
              }
            })
        .run();
    long last = present(stores.get(0), A).revision();
    inTime.addAll(keys(stores.get(0).scan(guarded(last, 0), WRITERS)));
    assertThat(keys(stores.get(0).scan(A, SecretStore.MAX_PAGE)))
        .as("records of commits that required what was replaced")
        .containsExactlyInAnyOrderElementsOf(inTime);
  }

  /** Creates a record for the present revision of the guard, which must be the commit's, too. */
  private static void writeGuarded(SecretStore store, int number) {
    long revision = present(store, A).revision();
    RecordKey mine = guarded(revision, number);
    if (store.read(mine).isEmpty()
        && !tryCommit(store, create(mine, ""), Change.require(A, revision))) {
      assertThat(present(store, A).revision()).as("revision after conflict").isNotEqualTo(revision);
    }
  }

  private static RecordKey guarded(long revision, int number) {
    return key("guarded-%05d-%d".formatted(revision, number));
  }

  /** Each commit rewrites one record and requires all others, so no two start from the same sum. */
  @Test
  void commit_racingWritersRequireEachOthersRecords_eachCountsOnce() throws Exception {
    List<SecretStore> stores = openTwo();
    List<RecordKey> counters = keys("counter-0", "counter-1", "counter-2", "counter-3");
    stores.get(0).commit(counters.stream().map(counter -> create(counter, "")).toList());
    Set<Long> sums = ConcurrentHashMap.newKeySet();
    Race.of(
        WRITERS,
        number -> {
          for (int i = 0; i < rounds(); i++) {
            long sum = rewrite(stores.get(number % 2), counters, number);
            assertThat(sums.add(sum)).as("sum %d is met only once", sum).isTrue();
          }
        });
  }

  private static long rewrite(SecretStore store, List<RecordKey> counters, int mine) {
    for (int lost = 0; lost < MOST_LOST_RACES; lost++) {
      Change[] changes = new Change[counters.size()];
      long sum = 0;
      for (int i = 0; i < changes.length; i++) {
        RecordKey counter = counters.get(i);
        long revision = present(store, counter).revision();
        changes[i] = i == mine ? put(counter, revision, "") : Change.require(counter, revision);
        sum += revision;
      }
      if (tryCommit(store, changes)) {
        return sum;
      }
    }
    throw new AssertionError(LOSES_FOREVER);
  }

  @Test
  void commit_racingWritersRequireOneRecord_allHappen() throws Exception {
    List<SecretStore> stores = openTwo();
    commit(stores.get(0), create(A, "a"));
    Race.of(
        WRITERS,
        number -> {
          for (Change change : numbered(100)) {
            RecordKey mine = key(change.key() + "-by-" + number);
            commit(stores.get(number % 2), Change.require(A, 1), create(mine, ""));
          }
        });
    assertStored(stores.get(0), A, 1, "a");
    assertThat(stores.get(0).scan(A, SecretStore.MAX_PAGE)).hasSize(WRITERS * 100);
  }
}
