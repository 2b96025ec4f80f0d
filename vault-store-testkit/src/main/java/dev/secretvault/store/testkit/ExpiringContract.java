package dev.secretvault.store.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Lists of expired records are complete, ordered, and cut at the limit. */
abstract class ExpiringContract extends ListingContract {

  @Test
  void expired_expiryReached_listsTheRecord() throws Exception {
    SecretStore store = open();
    commit(store, put(A, 0, "a", NOON), create(B, "never"));
    assertThat(store.expired(NOON.minusMillis(1), 10)).isEmpty();
    assertThat(store.expired(NOON.minusNanos(1), 10)).isEmpty();
    for (Instant now :
        List.of(NOON, NOON.plusNanos(1), NOON.plusMillis(1), NOON.plusSeconds(1_000_000))) {
      List<StoredRecord> page = store.expired(now, 10);
      assertThat(keys(page)).as("at %s", now).containsExactly(A);
      assertRecord(page.get(0), A, 1, bytes("a"), NOON);
    }
  }

  @Test
  void expired_expiryWithNanoseconds_countsFromTheMillisecond() throws Exception {
    SecretStore store = open();
    commit(store, put(A, 0, "a", NOON.plusNanos(999_999)));
    assertThat(keys(store.expired(NOON, 10))).containsExactly(A);
    assertThat(store.expired(NOON.minusNanos(1), 10)).isEmpty();
  }

  @Test
  void expired_farthestInstants_areCompared() throws Exception {
    SecretStore store = open();
    Instant farthest = Instant.ofEpochMilli(Long.MAX_VALUE);
    commit(store, put(A, 0, "", Instant.EPOCH), put(B, 0, "", farthest), create(C, "never"));
    assertThat(store.expired(Instant.MIN, 10)).isEmpty();
    assertThat(store.expired(Instant.EPOCH.minusNanos(1), 10)).isEmpty();
    assertThat(keys(store.expired(Instant.EPOCH, 10))).containsExactly(A);
    assertThat(keys(store.expired(farthest.minusNanos(1), 10))).containsExactly(A);
    assertThat(keys(store.expired(farthest, 10))).containsExactly(A, B);
    assertThat(keys(store.expired(Instant.MAX, 10))).containsExactly(A, B);
  }

  @Test
  void expired_severalRecords_soonestFirstThenByKey() throws Exception {
    SecretStore store = open();
    commit(
        store,
        put(key("d"), 0, "", NOON),
        put(key("a"), 0, "", NOON.plusMillis(2)),
        put(key("A"), 0, "", NOON));
    commit(
        store, put(key("c"), 0, "", NOON.plusMillis(1)), put(key("b"), 0, "", NOON.plusMillis(1)));
    commit(store, put(key("e"), 0, "", NOON.minusSeconds(1)), put(key("_"), 0, "", NOON));
    List<RecordKey> order = keys("e", "A", "_", "d", "b", "c", "a");
    for (int round = 0; round < 2; round++) {
      assertThat(keys(store.expired(NOON.plusMillis(2), 10))).isEqualTo(order);
      assertThat(keys(store.expired(NOON, 10))).isEqualTo(order.subList(0, 4));
      for (int limit = 1; limit <= order.size() + 1; limit++) {
        assertThat(keys(store.expired(Instant.MAX, limit)))
            .isEqualTo(order.subList(0, Math.min(limit, order.size())));
      }
      store = reopen(store);
    }
  }

  @Test
  void expired_recordPutAgain_onlyTheNewExpiryCounts() throws Exception {
    SecretStore store = open();
    commit(
        store,
        put(A, 0, "later", NOON),
        put(B, 0, "sooner", NOON.plusSeconds(9)),
        put(C, 0, "never", NOON));
    commit(
        store,
        put(A, 1, "later", NOON.plusSeconds(5)),
        put(B, 1, "sooner", NOON.plusSeconds(1)),
        put(C, 1, "never"));
    for (int round = 0; round < 2; round++) {
      assertThat(store.expired(NOON, 10)).isEmpty();
      assertThat(keys(store.expired(NOON.plusSeconds(1), 10))).containsExactly(B);
      List<StoredRecord> all = store.expired(Instant.MAX, 10);
      assertThat(keys(all)).containsExactly(B, A);
      assertRecord(all.get(0), B, 2, bytes("sooner"), NOON.plusSeconds(1));
      store = reopen(store);
    }
  }

  @Test
  void expired_recordDeleted_vanishes() throws Exception {
    SecretStore store = open();
    commit(store, put(A, 0, "a", NOON), put(B, 0, "b", NOON));
    commit(store, Change.delete(A, 1));
    assertThat(keys(store.expired(NOON, 10))).containsExactly(B);
    commit(store, create(A, "again, for good"), Change.delete(B, 1));
    assertThat(store.expired(Instant.MAX, 10)).isEmpty();
    assertThat(reopen(store).expired(Instant.MAX, 10)).isEmpty();
  }

  @Test
  void expired_conflictingPut_leavesTheExpiry() throws Exception {
    SecretStore store = open();
    commit(store, put(A, 0, "a", NOON), create(B, "b"));
    assertConflict(store, A, 2, 1, put(A, 2, "a", NOON.plusSeconds(1)));
    assertConflict(store, A, 2, 1, put(B, 1, "b", NOON), put(A, 2, "a"));
    assertThat(keys(store.expired(NOON, 10))).containsExactly(A);
    assertThat(keys(store.expired(Instant.MAX, 10))).containsExactly(A);
  }

  @Test
  void expired_moreRecordsThanAPage_restFollowsOnceTheyAreDeleted() throws Exception {
    SecretStore store = open();
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i <= SecretStore.MAX_PAGE; i++) {
      changes.add(put(key("n-" + i), 0, "", NOON.plusMillis(i)));
    }
    store.commit(changes.subList(1, changes.size()));
    store.commit(changes.subList(0, 1));
    List<StoredRecord> page = store.expired(Instant.MAX, SecretStore.MAX_PAGE);
    assertThat(keys(page))
        .isEqualTo(changes.stream().limit(SecretStore.MAX_PAGE).map(Change::key).toList());
    store.commit(page.stream().<Change>map(record -> Change.delete(record.key(), 1)).toList());
    assertThat(keys(store.expired(Instant.MAX, SecretStore.MAX_PAGE)))
        .isEqualTo(keys("n-" + SecretStore.MAX_PAGE));
  }

  @Test
  void expired_limitOutOfRangeOrNull_throws() throws Exception {
    SecretStore store = open();
    for (int limit :
        new int[] {0, -1, Integer.MIN_VALUE, SecretStore.MAX_PAGE + 1, Integer.MAX_VALUE}) {
      assertThatIllegalArgumentException()
          .as("limit %d", limit)
          .isThrownBy(() -> store.expired(NOON, limit));
    }
    assertThatNullPointerException().isThrownBy(() -> expiredNull(store));
  }

  @SuppressWarnings("NullAway")
  private static void expiredNull(SecretStore store) {
    store.expired(null, 1);
  }

  /** Seven records, some of which expire at the same time, in the order of their expiry. */
  private static List<RecordKey> createSeven(SecretStore store) {
    commit(
        store,
        put(key("d"), 0, "", NOON),
        put(key("a"), 0, "", NOON.plusMillis(2)),
        put(key("A"), 0, "", NOON),
        put(key("c"), 0, "", NOON.plusMillis(1)),
        put(key("b"), 0, "", NOON.plusMillis(1)),
        put(key("e"), 0, "", NOON.minusSeconds(1)),
        put(key("_"), 0, "", NOON),
        create(key("never"), ""));
    return keys("e", "A", "_", "d", "b", "c", "a");
  }

  @Test
  void expired_afterARecord_goesOnBehindIt() throws Exception {
    SecretStore store = open();
    List<RecordKey> order = createSeven(store);
    for (int round = 0; round < 2; round++) {
      List<StoredRecord> all = store.expired(Instant.MAX, 10);
      for (int i = 0; i < order.size(); i++) {
        StoredRecord after = all.get(i);
        List<RecordKey> behind = order.subList(i + 1, order.size());
        assertThat(keys(store.expired(Instant.MAX, after, 10))).isEqualTo(behind);
        assertThat(keys(store.expired(Instant.MAX, after, 1)))
            .isEqualTo(behind.subList(0, Math.min(1, behind.size())));
        assertThat(keys(store.expired(NOON, after, 10)))
            .isEqualTo(i < 4 ? order.subList(i + 1, 4) : List.of());
      }
      assertThat(keys(store.expired(NOON, null, 10))).isEqualTo(order.subList(0, 4));
      store = reopen(store);
    }
  }

  @Test
  void expired_afterARecordThatIsNotStoredSo_goesOnFromWhereItWouldBe() throws Exception {
    SecretStore store = open();
    createSeven(store);
    StoredRecord d = store.expired(NOON, 4).get(3);
    // Neither a later expiry nor the lack of one counts, nor that the record is gone.
    commit(store, put(key("d"), 1, "", NOON.plusMillis(2)));
    assertThat(keys(store.expired(Instant.MAX, d, 10))).isEqualTo(keys("b", "c", "a", "d"));
    commit(store, put(key("d"), 2, ""));
    assertThat(keys(store.expired(Instant.MAX, d, 10))).isEqualTo(keys("b", "c", "a"));
    commit(store, Change.delete(key("d"), 3));
    assertThat(keys(store.expired(Instant.MAX, d, 10))).isEqualTo(keys("b", "c", "a"));
    assertThat(keys(behind(store, "B", Instant.EPOCH)))
        .isEqualTo(keys("e", "A", "_", "b", "c", "a"));
    assertThat(keys(behind(store, "B", NOON))).isEqualTo(keys("_", "b", "c", "a"));
    assertThat(keys(behind(store, "bb", NOON.plusMillis(1)))).isEqualTo(keys("c", "a"));
    assertThat(behind(store, "a", Instant.ofEpochMilli(Long.MAX_VALUE))).isEmpty();
  }

  private static List<StoredRecord> behind(SecretStore store, String key, Instant expiresAt) {
    return store.expired(Instant.MAX, new StoredRecord(key(key), 9, expiresAt, bytes("")), 10);
  }

  @Test
  void expired_pagesOfAnySize_meetEveryRecordOnce() throws Exception {
    SecretStore store = open();
    List<RecordKey> order = createSeven(store);
    for (int size = 1; size <= order.size() + 1; size++) {
      assertThat(keys(expiredPages(store, size, last -> {})))
          .as("pages of %d", size)
          .isEqualTo(order);
    }
  }

  private static List<StoredRecord> expiredPages(
      SecretStore store, int size, Consumer<StoredRecord> betweenPages) {
    List<StoredRecord> records = new ArrayList<>();
    StoredRecord after = null;
    while (true) {
      List<StoredRecord> page = store.expired(Instant.MAX, after, size);
      assertThat(page).hasSizeLessThanOrEqualTo(size);
      records.addAll(page);
      assertThat(records).as("records, as there are no more").hasSizeLessThan(1_000);
      if (page.size() < size) {
        return records;
      }
      after = page.get(size - 1);
      betweenPages.accept(after);
    }
  }

  @Test
  void expired_recordsComeAndGoBetweenPages_othersAreMetExactlyOnce() throws Exception {
    List<SecretStore> stores = openTwo();
    List<RecordKey> stable = new ArrayList<>();
    List<Change> puts = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      // Three to a moment, and the keys against the order of the moments.
      Instant expiresAt = NOON.plusMillis(i / 3);
      stable.add(key("k-%d-%d".formatted(9 - i / 3, i % 3)));
      puts.add(put(stable.get(i), 0, "", expiresAt));
    }
    stores.get(0).commit(puts);
    RecordKey front = key("front");
    for (int size = 1; size <= 9; size++) {
      List<Change> passing = new ArrayList<>();
      for (Change put : puts) {
        passing.add(put(key(put.key() + ".1"), 0, "", ((Change.Put) put).expiresAt()));
      }
      stores.get(0).commit(passing);
      Consumer<StoredRecord> comeAndGo =
          last -> {
            // Moves all others by one place, there and back.
            if (!tryCommit(stores.get(1), put(front, 0, "", Instant.EPOCH))) {
              commit(stores.get(1), Change.delete(front, 1));
            }
            // Takes away the record to go on from.
            if (!stable.contains(last.key()) && !last.key().equals(front)) {
              commit(stores.get(1), Change.delete(last.key(), 1));
            }
          };
      List<StoredRecord> met = expiredPages(stores.get(0), size, comeAndGo);
      assertThat(keys(met)).doesNotHaveDuplicates();
      assertThat(keys(met).stream().filter(stable::contains)).isEqualTo(stable);
      for (StoredRecord record : stores.get(0).scan(null, SecretStore.MAX_PAGE)) {
        if (!stable.contains(record.key())) {
          commit(stores.get(0), Change.delete(record.key(), 1));
        }
      }
    }
  }

  @Test
  void expired_afterARecordWithoutExpiry_throws() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "never"), put(B, 0, "", NOON));
    StoredRecord never = present(store, A);
    assertThatIllegalArgumentException().isThrownBy(() -> store.expired(NOON, never, 1));
  }
}
