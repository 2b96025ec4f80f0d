package dev.secretvault.store.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * Many threads, on two stores if the medium allows it, see one store that does one thing at a time.
 */
abstract class RacingContract extends WatchingContract {

  private static final int THREADS = 16;

  @Test
  void commit_racingIncrements_eachCountsOnce() throws Exception {
    List<SecretStore> stores = openTwo();
    commit(stores.get(0), create(A, "0"));
    Set<Long> revisions = ConcurrentHashMap.newKeySet();
    Race.of(
        THREADS,
        number -> {
          for (int i = 0; i < rounds(); i++) {
            long revision = increment(stores.get(number % 2), A);
            assertThat(revisions.add(revision)).as("revision %d made only once", revision).isTrue();
          }
        });
    long sum = (long) THREADS * rounds();
    assertStored(stores.get(0), A, sum + 1, Long.toString(sum));
    assertStored(stores.get(1), A, sum + 1, Long.toString(sum));
    stores.forEach(SecretStore::close);
    assertStored(open(), A, sum + 1, Long.toString(sum));
  }

  @Test
  void commit_racingCreates_oneWinsEachKey() throws Exception {
    List<SecretStore> stores = openTwo();
    List<Queue<Integer>> winners =
        winners(
            (i, number) ->
                tryCommit(stores.get(number % 2), create(key("once-" + i), "by " + number)));
    for (int i = 0; i < winners.size(); i++) {
      assertThat(winners.get(i)).as("winners of key %d", i).hasSize(1);
      assertStored(stores.get(i % 2), key("once-" + i), 1, "by " + winners.get(i).remove());
    }
  }

  @Test
  void commit_racingDeletes_oneWinsEachKey() throws Exception {
    List<SecretStore> stores = openTwo();
    List<Change> creates = numbered(rounds());
    stores.get(0).commit(creates);
    List<Queue<Integer>> winners =
        winners(
            (i, number) ->
                tryCommit(stores.get(number % 2), Change.delete(creates.get(i).key(), 1)));
    for (int i = 0; i < winners.size(); i++) {
      assertThat(winners.get(i)).as("winners of key %d", i).hasSize(1);
    }
    assertThat(stores.get(0).scan(null, 1)).isEmpty();
  }

  private interface Attempt {
    boolean wins(int key, int number);
  }

  /** Lets all threads attempt the same at the same time, for one key after the other. */
  private List<Queue<Integer>> winners(Attempt attempt) throws Exception {
    List<Queue<Integer>> winners = new ArrayList<>();
    for (int i = 0; i < rounds(); i++) {
      winners.add(new ConcurrentLinkedQueue<>());
    }
    CyclicBarrier together = new CyclicBarrier(THREADS);
    Race.of(
        THREADS,
        number -> {
          for (int i = 0; i < rounds(); i++) {
            together.await(30, TimeUnit.SECONDS);
            if (attempt.wins(i, number)) {
              winners.get(i).add(number);
            }
          }
        });
    return winners;
  }

  @Test
  void commit_racingTransfers_keepTheSum() throws Exception {
    List<SecretStore> stores = openTwo();
    List<RecordKey> accounts =
        keys("acc-0", "acc-1", "acc-2", "acc-3", "acc-4", "acc-5", "acc-6", "acc-7");
    stores.get(0).commit(accounts.stream().map(account -> create(account, "1000")).toList());
    AtomicBoolean done = new AtomicBoolean();
    int perThread = rounds() / 2;
    Race race =
        new Race()
            .add(
                1,
                number -> {
                  while (!done.get()) {
                    audit(stores.get(1), accounts);
                  }
                });
    AtomicLong running = new AtomicLong(THREADS);
    race.add(
            THREADS,
            number -> {
              try {
                Random random = new Random(8_000 + number);
                for (int i = 0; i < perThread; i++) {
                  transfer(stores.get(number % 2), accounts, random);
                }
              } finally {
                if (running.decrementAndGet() == 0) {
                  done.set(true);
                }
              }
            })
        .run();
    assertThat(audit(stores.get(0), accounts)).as("nothing moves any more").isTrue();
    long writes =
        accounts.stream()
            .mapToLong(account -> present(stores.get(0), account).revision() - 1)
            .sum();
    assertThat(writes).as("two writes for each transfer").isEqualTo(2L * THREADS * perThread);
  }

  private static void transfer(SecretStore store, List<RecordKey> accounts, Random random) {
    int from = random.nextInt(accounts.size());
    int to = (from + 1 + random.nextInt(accounts.size() - 1)) % accounts.size();
    int amount = random.nextInt(100);
    for (int lost = 0; lost < MOST_LOST_RACES; lost++) {
      StoredRecord payer = present(store, accounts.get(from));
      StoredRecord payee = present(store, accounts.get(to));
      if (tryCommit(
          store,
          put(payer.key(), payer.revision(), Long.toString(number(payer) - amount)),
          put(payee.key(), payee.revision(), Long.toString(number(payee) + amount)))) {
        return;
      }
    }
    throw new AssertionError(LOSES_FOREVER);
  }

  /**
   * Reads all accounts twice. Where no revision moved, all were as read at the moment between;
   * false if one moved.
   */
  private static boolean audit(SecretStore store, List<RecordKey> accounts) {
    List<StoredRecord> first = accounts.stream().map(account -> present(store, account)).toList();
    List<StoredRecord> second = accounts.stream().map(account -> present(store, account)).toList();
    for (int i = 0; i < first.size(); i++) {
      if (first.get(i).revision() != second.get(i).revision()) {
        return false;
      }
    }
    assertThat(first.stream().mapToLong(StoreFixture::number).sum())
        .as("sum of the accounts")
        .isEqualTo(8_000);
    return true;
  }

  @Test
  void read_commitsMeanwhile_seesAllOfACommitOrNothing() throws Exception {
    List<SecretStore> stores = openTwo();
    Series series = new Series(stores.get(0), 5 * rounds());
    series.race(
        4,
        number -> {
          RecordKey first = number < 2 ? A : B;
          series.observe(stores.get(number % 2), first, first.equals(A) ? B : A);
        });
  }

  @Test
  void scan_commitsMeanwhile_returnsStatesOfTheMoment() throws Exception {
    List<SecretStore> stores = openTwo();
    Series series = new Series(stores.get(0), 5 * rounds());
    series.race(2, number -> series.observeScan(stores.get(number % 2)));
  }

  /**
   * A series of commits, the n-th of which writes n to A and B, and creates C for odd n or deletes
   * it for even n; and what a reader that races it may conclude.
   */
  private static final class Series {
    private final SecretStore store;
    private final int least;
    private final AtomicLong begun = new AtomicLong(1);
    private final AtomicLong returned = new AtomicLong(1);
    private final AtomicLong observations = new AtomicLong();
    private final AtomicBoolean finished = new AtomicBoolean();

    Series(SecretStore store, int least) {
      this.store = store;
      this.least = least;
      commit(store, create(A, "1"), create(B, "1"), create(C, "1"));
    }

    /** Lets readers observe again and again while the series is written, and once when it ended. */
    void race(int readers, Race.Runner observation) throws InterruptedException {
      CountDownLatch watching = new CountDownLatch(readers);
      new Race()
          .add(
              1,
              number -> {
                watching.await();
                write();
              })
          .add(
              readers,
              number -> {
                try {
                  observation.run(number);
                } finally {
                  watching.countDown();
                }
                boolean last;
                do {
                  last = finished.get();
                  observation.run(number);
                  observations.incrementAndGet();
                } while (!last);
              })
          .run();
    }

    /** Writes more where that is so fast that hardly anybody could see it. */
    private void write() {
      try {
        for (int n = 2; n <= least || (n <= 20_000 && observations.get() < 1_000); n++) {
          String text = Integer.toString(n);
          begun.set(n);
          commit(
              store,
              put(A, n - 1, text),
              n % 2 == 0 ? Change.delete(C, 1) : create(C, text),
              put(B, n - 1, text));
          returned.set(n);
        }
      } finally {
        finished.set(true);
      }
    }

    void observe(SecretStore store, RecordKey first, RecordKey second) {
      long earliest = returned.get();
      long before = value(present(store, first));
      long between = value(present(store, second));
      Optional<StoredRecord> c = store.read(C);
      long after = value(present(store, first));
      assertThat(List.of(earliest, before, between, after, begun.get()))
          .as("returned, %s, %s, %s, begun", first, second, first)
          .isSorted();
      if (before == after) {
        // Nothing happened in between, so C is what commit number `before` made of it.
        assertThat(c.map(StoreFixture::number))
            .isEqualTo(before % 2 == 0 ? Optional.empty() : Optional.of(before));
      }
    }

    void observeScan(SecretStore store) {
      long earliest = returned.get();
      long before = value(present(store, A));
      List<StoredRecord> page = store.scan(null, 10);
      long after = value(present(store, A));
      long latest = begun.get();
      assertThat(keys(page)).startsWith(A, B);
      assertThat(List.of(earliest, before, value(page.get(0)), after, latest))
          .as("scanned A")
          .isSorted();
      assertThat(List.of(earliest, before, value(page.get(1)), after, latest))
          .as("scanned B")
          .isSorted();
      if (before == after) {
        assertThat(page).hasSize(before % 2 == 0 ? 2 : 3);
      }
      if (page.size() > 2) {
        assertThat(number(page.get(2))).as("scanned C").isBetween(before, after).isOdd();
      }
    }

    /** The number in the record, which must be its revision too. */
    private static long value(StoredRecord record) {
      assertThat(number(record))
          .as("number written with the revision")
          .isEqualTo(record.revision());
      return record.revision();
    }
  }

  @Test
  void read_commitElsewhere_isSeenAtOnce() throws Exception {
    assumeTrue(severalOpen(), "one store at a time");
    List<SecretStore> stores = openTwo();
    for (int round = 0; round < 10; round++) {
      SecretStore here = stores.get(round % 2);
      SecretStore there = stores.get(1 - round % 2);
      for (SecretStore store : stores) {
        assertAbsent(store, A, B);
        assertThat(store.scan(null, 10)).isEmpty();
        assertThat(store.expired(NOON, 10)).isEmpty();
      }
      commit(here, put(A, 0, "a", NOON), create(B, "b"));
      for (SecretStore store : stores) {
        assertStored(store, A, 1, "a", NOON);
        assertStored(store, B, 1, "b");
        assertThat(keys(store.scan(null, 10))).containsExactly(A, B);
        assertThat(keys(store.expired(NOON, 10))).containsExactly(A);
      }
      commit(there, put(A, 1, "a2"));
      assertConflict(here, A, 1, 2, put(A, 1, "late"));
      for (SecretStore store : stores) {
        assertStored(store, A, 2, "a2");
        assertThat(store.expired(NOON, 10)).isEmpty();
      }
      commit(here, Change.delete(A, 2), Change.delete(B, 1));
    }
  }
}
