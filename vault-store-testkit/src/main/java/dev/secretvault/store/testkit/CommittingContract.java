package dev.secretvault.store.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Commits happen as a whole, or not at all if one expectation does not hold. */
abstract class CommittingContract extends ReadingContract {

  @Test
  void commit_putsOfOneRecord_countRevisionsFromOne() throws Exception {
    SecretStore store = open();
    for (int revision = 1; revision <= 5; revision++) {
      commit(store, put(A, revision - 1, "write " + revision));
      assertStored(store, A, revision, "write " + revision);
    }
    commit(store, create(B, "other"));
    assertStored(store, A, 5, "write 5");
    assertStored(store, B, 1, "other");
  }

  @Test
  void commit_delete_removesTheRecordOnly() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "one"), create(B, "other"));
    commit(store, put(A, 1, "two"));
    commit(store, Change.delete(A, 2));
    assertAbsent(store, A);
    assertStored(store, B, 1, "other");
    assertThat(keys(store.scan(null, 10))).containsExactly(B);
  }

  @Test
  void commit_recordCreatedAgain_startsAtRevisionOne() throws Exception {
    SecretStore store = open();
    for (int life = 1; life <= 3; life++) {
      commit(store, create(A, "first of life " + life));
      assertStored(store, A, 1, "first of life " + life);
      commit(store, put(A, 1, "second of life " + life));
      commit(store, Change.delete(A, 2));
    }
    assertConflict(store, A, 2, 0, put(A, 2, "third of life 3"));
  }

  @Test
  void commit_copy_bringsItsRevisionAlong() throws Exception {
    SecretStore store = open();
    long large = (1L << 40) + 1;
    commit(store, create(B, "b"));
    commit(
        store, copy(A, 0, large, "a", NOON), copy(B, 1, 5, "b5", null), copy(C, 0, 1, "c", null));
    for (int round = 0; round < 2; round++) {
      assertStored(store, A, large, "a", NOON);
      assertStored(store, B, 5, "b5");
      assertStored(store, C, 1, "c");
      store = reopen(store);
    }
    assertRecord(store.scan(null, 1).get(0), A, large, bytes("a"), NOON);
    assertRecord(store.expired(NOON, 1).get(0), A, large, bytes("a"), NOON);
  }

  @Test
  void commit_behindACopy_countsOn() throws Exception {
    SecretStore store = open();
    commit(store, copy(A, 0, 7, "seven", null), copy(B, 0, 7, "seven", null));
    assertConflict(store, A, 1, 7, put(A, 1, "two"));
    commit(store, put(A, 7, "eight"), Change.require(B, 7));
    assertStored(store, A, 8, "eight");
    commit(store, copy(A, 8, 9, "nine", null));
    commit(store, copy(A, 9, 20, "twenty", null));
    assertStored(store, A, 20, "twenty");
    commit(store, Change.delete(A, 20));
    commit(store, create(A, "one"));
    assertStored(reopen(store), A, 1, "one");
  }

  @Test
  void commit_copyExpectingAnotherRevision_conflicts() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "a"));
    assertConflict(store, A, 0, 1, create(B, "b"), copy(A, 0, 9, "late", null));
    assertConflict(store, A, 8, 1, copy(A, 8, 9, "early", null), create(B, "b"));
    assertConflict(store, B, 1, 0, copy(B, 1, 9, "gone", null));
    assertStored(store, A, 1, "a");
    assertAbsent(store, B);
  }

  @Test
  void commit_severalChanges_allHappen() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "a"), create(B, "b"));
    commit(store, put(B, 1, "b2"), Change.delete(A, 1), create(C, "c"));
    for (int round = 0; round < 2; round++) {
      assertAbsent(store, A);
      assertStored(store, B, 2, "b2");
      assertStored(store, C, 1, "c");
      store = reopen(store);
    }
  }

  @Test
  void commit_changesInAnyOrder_sameOutcome() throws Exception {
    SecretStore store = open();
    List<Change> changes = List.of(Change.delete(A, 1), put(B, 1, "b2"), create(C, "c"));
    for (int shift = 0; shift < changes.size(); shift++) {
      commit(store, create(A, "a"), create(B, "b"));
      List<Change> shifted = new ArrayList<>(changes);
      Collections.rotate(shifted, shift);
      store.commit(shifted);
      assertAbsent(store, A);
      assertStored(store, B, 2, "b2");
      assertStored(store, C, 1, "c");
      commit(store, Change.delete(B, 2), Change.delete(C, 1));
    }
  }

  @Test
  void commit_presentRecordExpectedAbsent_conflicts() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "first"));
    assertConflict(store, A, 0, 1, create(A, "second"));
    assertStored(store, A, 1, "first");
  }

  @Test
  void commit_absentRecordExpectedPresent_conflicts() throws Exception {
    SecretStore store = open();
    assertConflict(store, A, 1, 0, put(A, 1, "second"));
    assertConflict(store, A, Long.MAX_VALUE - 1, 0, put(A, Long.MAX_VALUE - 1, "last"));
    assertConflict(store, A, Long.MAX_VALUE, 0, Change.delete(A, Long.MAX_VALUE));
    assertAbsent(store, A);
  }

  @Test
  void commit_revisionTooLow_conflicts() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "one"));
    commit(store, put(A, 1, "two"));
    assertConflict(store, A, 1, 2, put(A, 1, "late"));
    assertStored(store, A, 2, "two");
  }

  @Test
  void commit_revisionTooHigh_conflicts() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "one"));
    assertConflict(store, A, 2, 1, put(A, 2, "early"));
    // One whose last 32 bits look right.
    assertConflict(store, A, (1L << 32) + 1, 1, put(A, (1L << 32) + 1, "early"));
    assertStored(store, A, 1, "one");
  }

  @Test
  void commit_deleteOfStaleRevision_conflicts() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "one"));
    commit(store, put(A, 1, "two"));
    assertConflict(store, A, 1, 2, Change.delete(A, 1));
    assertConflict(store, A, 3, 2, Change.delete(A, 3));
    assertStored(store, A, 2, "two");
  }

  @Test
  void commit_deleteOfAbsentRecord_conflicts() throws Exception {
    SecretStore store = open();
    assertConflict(store, A, 1, 0, Change.delete(A, 1));
    commit(store, create(A, "one"));
    commit(store, Change.delete(A, 1));
    assertConflict(store, A, 1, 0, Change.delete(A, 1));
    assertAbsent(store, A);
  }

  @Test
  void commit_oneChangeOfManyConflicts_nothingHappens() throws Exception {
    SecretStore store = open();
    commit(store, put(A, 0, "a", NOON), put(B, 0, "b", NOON));
    List<Change> good =
        List.of(
            create(C, "c"),
            put(A, 1, "a2"),
            create(key("d"), "d"),
            Change.delete(B, 1),
            create(key("e"), "e"));
    for (int position = 0; position <= good.size(); position++) {
      List<Change> changes = new ArrayList<>(good);
      changes.add(position, put(key("bad"), 1, "bad"));
      assertConflict(store, key("bad"), 1, 0, changes.toArray(new Change[0]));
      assertUntouched(store);
    }
    store = reopen(store);
    assertUntouched(store);
    // And the store is as good as before.
    store.commit(good);
    assertThat(keys(store.scan(null, 10))).isEqualTo(keys("a", "c", "d", "e"));
  }

  private static void assertUntouched(SecretStore store) {
    assertStored(store, A, 1, "a", NOON);
    assertStored(store, B, 1, "b", NOON);
    assertThat(keys(store.scan(null, 10))).containsExactly(A, B);
    assertThat(keys(store.expired(NOON, 10))).containsExactly(A, B);
    assertAbsent(store, C, key("bad"), key("d"), key("e"));
  }

  @Test
  void commit_severalChangesConflict_namesTheFirstOfTheList() throws Exception {
    SecretStore store = open();
    commit(store, create(B, "b"));
    commit(store, put(B, 1, "b2"));
    assertConflict(store, B, 1, 2, create(C, "c"), put(B, 1, "b3"), put(A, 7, "a"));
    assertConflict(store, A, 7, 0, create(C, "c"), put(A, 7, "a"), put(B, 1, "b3"));
    assertConflict(store, C, 3, 0, Change.delete(C, 3), put(A, 7, "a"), put(B, 1, "b3"));
  }

  @Test
  void commit_unacceptableList_throwsAndWritesNothing() throws Exception {
    SecretStore store = open();
    assertRefused(store, List.of());
    assertRefused(store, List.of(create(A, "a"), create(B, "b"), create(A, "a")));
    assertRefused(store, List.of(create(A, "a"), Change.delete(A, 1)));
    assertRefused(store, numbered(SecretStore.MAX_CHANGES + 1));
    List<Change> tooLarge = largest();
    tooLarge.add(Change.put(key("straw"), 0, new byte[1]));
    assertRefused(store, tooLarge);
    assertThat(store.scan(null, 10)).isEmpty();
    assertThat(reopen(store).scan(null, 10)).isEmpty();
  }

  static void assertRefused(SecretStore store, List<Change> changes) {
    assertThatIllegalArgumentException().isThrownBy(() -> store.commit(changes));
  }

  @Test
  void commit_null_throwsAndWritesNothing() throws Exception {
    SecretStore store = open();
    assertThatNullPointerException().isThrownBy(() -> commitNull(store));
    List<Change> holed = Arrays.asList(create(A, "a"), null);
    assertThatNullPointerException().isThrownBy(() -> store.commit(holed));
    assertAbsent(store, A);
  }

  @SuppressWarnings("NullAway")
  private static void commitNull(SecretStore store) {
    store.commit(null);
  }

  @Test
  void commit_mostChanges_allHappen() throws Exception {
    SecretStore store = open();
    store.commit(numbered(SecretStore.MAX_CHANGES));
    assertThat(store.scan(null, SecretStore.MAX_PAGE)).hasSize(SecretStore.MAX_CHANGES);
    store = reopen(store);
    assertThat(store.scan(null, SecretStore.MAX_PAGE)).hasSize(SecretStore.MAX_CHANGES);
    List<Change> deletes = new ArrayList<>();
    numbered(SecretStore.MAX_CHANGES)
        .forEach(change -> deletes.add(Change.delete(change.key(), 1)));
    store.commit(deletes);
    assertThat(store.scan(null, 1)).isEmpty();
  }

  @Test
  void commit_mostBytes_allHappen() throws Exception {
    SecretStore store = open();
    List<Change> changes = largest();
    store.commit(changes);
    store = reopen(store);
    for (Change change : changes) {
      assertSameBytes(present(store, change.key()), ((Change.Put) change).bytes());
    }
  }

  static List<Change> numbered(int count) {
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      changes.add(create(key("n-%05d".formatted(i)), "number " + i));
    }
    return changes;
  }

  private static List<Change> largest() {
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < SecretStore.MAX_COMMIT_BYTES / Change.MAX_BYTES; i++) {
      byte[] bytes = new byte[Change.MAX_BYTES];
      Arrays.fill(bytes, (byte) (i - 1));
      changes.add(Change.put(key("large-" + i), 0, bytes));
    }
    return changes;
  }
}
