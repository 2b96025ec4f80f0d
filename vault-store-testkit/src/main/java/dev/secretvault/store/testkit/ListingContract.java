package dev.secretvault.store.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Scans are complete, ordered, and cut at the limit. */
abstract class ListingContract extends RequiringContract {

  @Test
  void scan_emptyStore_isEmpty() throws Exception {
    SecretStore store = open();
    assertThat(store.scan(null, 1)).isEmpty();
    assertThat(store.scan(A, SecretStore.MAX_PAGE)).isEmpty();
  }

  @Test
  void scan_anyKeys_ascendInAsciiOrder() throws Exception {
    List<RecordKey> ascending =
        keys(
            "-", "-a", ".", "..", "0", "00", "01", "1", "10", "2", "9", "A", "A-", "Z", "ZZ", "_",
            "_0", "a", "a-", "a.", "a.a", "a0", "aA", "a_", "aa", "aaa", "ab", "b", "z", "zz");
    List<RecordKey> shuffled = new ArrayList<>(ascending);
    Collections.shuffle(shuffled, new Random(30));
    SecretStore store = open();
    for (RecordKey key : shuffled) {
      commit(store, create(key, "under " + key));
    }
    for (int round = 0; round < 2; round++) {
      assertThat(keys(store.scan(null, 100))).isEqualTo(ascending);
      for (int i = 0; i < ascending.size(); i++) {
        assertThat(keys(store.scan(ascending.get(i), 100)))
            .isEqualTo(ascending.subList(i + 1, ascending.size()));
      }
      store = reopen(store);
    }
  }

  @Test
  void scan_records_areAsRead() throws Exception {
    SecretStore store = open();
    commit(store, put(A, 0, "a", NOON), create(B, "b"), create(C, "c"));
    commit(store, put(A, 1, "a2"), put(B, 1, "b2", NOON), Change.delete(C, 1));
    List<StoredRecord> page = store.scan(null, 10);
    assertThat(keys(page)).containsExactly(A, B);
    assertRecord(page.get(0), A, 2, bytes("a2"), null);
    assertRecord(page.get(1), B, 2, bytes("b2"), NOON);
  }

  @Test
  void scan_afterKeyThatIsNotStored_startsBehindIt() throws Exception {
    SecretStore store = open();
    commit(store, create(key("b"), ""), create(key("d"), ""), create(key("da"), ""));
    assertThat(keys(store.scan(key("a"), 10))).isEqualTo(keys("b", "d", "da"));
    assertThat(keys(store.scan(key("c"), 10))).isEqualTo(keys("d", "da"));
    assertThat(keys(store.scan(key("d."), 10))).isEqualTo(keys("da"));
    assertThat(store.scan(key("db"), 10)).isEmpty();
    assertThat(store.scan(key("z".repeat(RecordKey.MAX_LENGTH)), 10)).isEmpty();
  }

  @Test
  void scan_pagesOfAnySize_meetEveryRecordOnce() throws Exception {
    SecretStore store = open();
    store.commit(numbered(25));
    List<RecordKey> all = numbered(25).stream().map(Change::key).toList();
    for (int size = 1; size <= 27; size++) {
      assertThat(keys(pages(store, size))).as("pages of %d", size).isEqualTo(all);
    }
  }

  /** Scans to the end; fails at a page that is too long, or does not lie behind the one before. */
  static List<StoredRecord> pages(SecretStore store, int size) {
    return pages(store, size, last -> {});
  }

  private static List<StoredRecord> pages(
      SecretStore store, int size, Consumer<RecordKey> betweenPages) {
    List<StoredRecord> records = new ArrayList<>();
    RecordKey after = null;
    while (true) {
      List<StoredRecord> page = store.scan(after, size);
      assertThat(page).hasSizeLessThanOrEqualTo(size);
      if (after != null && !page.isEmpty()) {
        assertThat(page.get(0).key()).isGreaterThan(after);
      }
      records.addAll(page);
      if (page.size() < size) {
        return records;
      }
      after = page.get(size - 1).key();
      betweenPages.accept(after);
    }
  }

  @Test
  void scan_moreRecordsThanAPage_largestPageIsFull() throws Exception {
    SecretStore store = open();
    List<Change> changes = numbered(SecretStore.MAX_PAGE + 1);
    store.commit(changes.subList(0, SecretStore.MAX_PAGE));
    store.commit(changes.subList(SecretStore.MAX_PAGE, changes.size()));
    List<StoredRecord> page = store.scan(null, SecretStore.MAX_PAGE);
    assertThat(keys(page))
        .isEqualTo(changes.stream().limit(SecretStore.MAX_PAGE).map(Change::key).toList());
    assertThat(keys(store.scan(page.get(page.size() - 1).key(), SecretStore.MAX_PAGE)))
        .containsExactly(changes.get(SecretStore.MAX_PAGE).key());
  }

  @Test
  void scan_limitOutOfRange_throws() throws Exception {
    SecretStore store = open();
    for (int limit :
        new int[] {0, -1, Integer.MIN_VALUE, SecretStore.MAX_PAGE + 1, Integer.MAX_VALUE}) {
      assertThatIllegalArgumentException()
          .as("limit %d", limit)
          .isThrownBy(() -> store.scan(null, limit));
    }
  }

  @Test
  void scan_recordsComeAndGoBetweenPages_othersAreMetExactlyOnce() throws Exception {
    List<SecretStore> stores = openTwo();
    List<RecordKey> stable = stable(stores.get(0), 20);
    RecordKey front = key("a");
    for (int size = 1; size <= 9; size++) {
      stores
          .get(0)
          .commit(stable.stream().map(key -> create(behind(key), "under " + behind(key))).toList());
      Consumer<RecordKey> comeAndGo =
          last -> {
            // Moves all others by one place, there and back.
            if (!tryCommit(stores.get(1), create(front, "under " + front))) {
              commit(stores.get(1), Change.delete(front, 1));
            }
            // Takes away the record to go on from.
            if (!stable.contains(last)) {
              commit(stores.get(1), Change.delete(last, 1));
            }
          };
      assertStableMetOnce(pages(stores.get(0), size, comeAndGo), stable);
      for (StoredRecord record : stores.get(0).scan(null, SecretStore.MAX_PAGE)) {
        if (!stable.contains(record.key())) {
          commit(stores.get(0), Change.delete(record.key(), 1));
        }
      }
    }
  }

  @Test
  void scan_recordsComeAndGoMeanwhile_othersAreMetExactlyOnce() throws Exception {
    List<SecretStore> stores = openTwo();
    List<RecordKey> stable = stable(stores.get(0), 60);
    CountDownLatch underWay = new CountDownLatch(10);
    AtomicInteger changes = new AtomicInteger();
    AtomicBoolean done = new AtomicBoolean();
    new Race()
        .add(
            1,
            number -> {
              try {
                underWay.await();
                // More where the other thread is slower, or hardly anything would happen meanwhile.
                for (int pass = 0; pass < 40 || (pass < 1_000 && changes.get() < 300); pass++) {
                  assertStableMetOnce(pages(stores.get(0), 1 + pass % 9), stable);
                }
              } finally {
                done.set(true);
              }
            })
        .add(
            1,
            number -> {
              Random random = new Random(60);
              while (!done.get()) {
                RecordKey near = stable.get(random.nextInt(stable.size()));
                comeAndGo(stores.get(1), before(near), behind(near));
                changes.incrementAndGet();
                underWay.countDown();
              }
            })
        .run();
  }

  private static List<RecordKey> stable(SecretStore store, int count) {
    List<RecordKey> stable = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      stable.add(key("k-%03d".formatted(i)));
    }
    store.commit(stable.stream().map(key -> create(key, "under " + key)).toList());
    return stable;
  }

  private static RecordKey before(RecordKey key) {
    return key(key.text().substring(0, 4) + "-" + key.text().substring(4));
  }

  private static RecordKey behind(RecordKey key) {
    return key(key + ".1");
  }

  private static void assertStableMetOnce(List<StoredRecord> met, List<RecordKey> stable) {
    List<RecordKey> keys = keys(met);
    assertThat(keys).isSorted().doesNotHaveDuplicates().containsAll(stable);
    // A passing record carries its own key too, so what is met was committed.
    met.forEach(
        record -> assertRecord(record, record.key(), 1, bytes("under " + record.key()), null));
  }

  private static void comeAndGo(SecretStore store, RecordKey before, RecordKey behind) {
    commit(store, create(before, "under " + before), create(behind, "under " + behind));
    commit(store, Change.delete(before, 1), Change.delete(behind, 1));
  }
}
