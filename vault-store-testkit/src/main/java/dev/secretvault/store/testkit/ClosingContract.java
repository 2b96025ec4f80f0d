package dev.secretvault.store.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.SecretStore.Subscription;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a commit acknowledged outlives the store, and neither close nor interrupt takes it back. */
abstract class ClosingContract extends RacingContract {

  @Test
  void commit_everyKindOfChange_outlivesTheStore() throws Exception {
    SecretStore store = open();
    commit(
        store, put(A, 0, "a", NOON), create(B, "b"), put(C, 0, "c", NOON), create(key("d"), "d"));
    commit(
        store, put(A, 1, "a2", NOON.plusSeconds(1)), put(B, 1, "b2"), Change.delete(key("d"), 1));
    commit(store, put(B, 2, "b3", NOON), Change.delete(C, 1));
    commit(store, create(C, "another c"));
    for (int round = 0; round < 3; round++) {
      store = reopen(store);
      assertStored(store, A, 2, "a2", NOON.plusSeconds(1));
      assertStored(store, B, 3, "b3", NOON);
      assertStored(store, C, 1, "another c");
      assertAbsent(store, key("d"));
      assertThat(keys(store.scan(null, 10))).containsExactly(A, B, C);
      assertThat(keys(store.expired(NOON.plusSeconds(1), 10))).containsExactly(B, A);
      assertConflict(store, A, 1, 2, put(A, 1, "late"));
      assertConflict(store, key("d"), 1, 0, Change.delete(key("d"), 1));
    }
  }

  @Test
  void commit_betweenManyReopens_countsOn() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "0"), create(B, "0"));
    for (int round = 1; round <= 10; round++) {
      store = reopen(store);
      commit(
          store,
          put(A, round, Integer.toString(round)),
          round % 2 == 1 ? Change.delete(B, 1) : create(B, "0"));
    }
    store = reopen(store);
    assertStored(store, A, 11, "10");
    assertStored(store, B, 1, "0");
  }

  @Test
  void close_twice_isClosingOnce() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "a"));
    store.close();
    store.close();
    SecretStore next = open();
    store.close();
    assertStored(next, A, 1, "a");
    commit(next, put(A, 1, "a2"));
    assertStored(next, A, 2, "a2");
  }

  @Test
  void close_anyCallAfterwards_throwsAndWritesNothing() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "a"));
    Subscription subscription = store.watch(new Reports());
    store.close();
    subscription.close();
    assertThatIllegalStateException().as("read").isThrownBy(() -> store.read(A));
    assertThatIllegalStateException().as("commit").isThrownBy(() -> commit(store, create(B, "b")));
    assertThatIllegalStateException().as("scan").isThrownBy(() -> store.scan(null, 10));
    assertThatIllegalStateException().as("expired").isThrownBy(() -> store.expired(NOON, 10));
    assertThatIllegalStateException().as("watch").isThrownBy(() -> store.watch(new Reports()));
    SecretStore next = open();
    assertStored(next, A, 1, "a");
    assertAbsent(next, B);
  }

  @Test
  void close_commitsRunning_losesNothingAcknowledged() throws Exception {
    SecretStore store = open();
    Set<RecordKey> acknowledged = ConcurrentHashMap.newKeySet();
    Set<RecordKey> foundAtOnce = ConcurrentHashMap.newKeySet();
    CountDownLatch underWay = new CountDownLatch(100);
    new Race()
        .add(
            8,
            number -> {
              // Bounded only for the sake of stores that never close.
              for (int i = 0; i < 1_000_000; i++) {
                RecordKey key = key("t" + number + "-" + i);
                try {
                  commit(store, create(key, "x"));
                } catch (IllegalStateException closed) {
                  return;
                }
                acknowledged.add(key);
                underWay.countDown();
              }
            })
        .add(
            1,
            number -> {
              underWay.await();
              store.close();
              // As close waited for running commits, what is stored now is all there will ever be.
              foundAtOnce.addAll(keys(pages(open(), SecretStore.MAX_PAGE)));
            })
        .run();
    assertThat(foundAtOnce.containsAll(acknowledged)).as("acknowledged records are there").isTrue();
    assertThat(acknowledged.containsAll(foundAtOnce))
        .as("only acknowledged records are there")
        .isTrue();
  }

  @Test
  void close_readsRunning_theyAnswerRightlyOrThrow() throws Exception {
    SecretStore store = open();
    commit(store, put(A, 0, "a", NOON));
    CountDownLatch underWay = new CountDownLatch(100);
    Callable<?> closer =
        () -> {
          underWay.await();
          store.close();
          return null;
        };
    AtomicInteger refused = new AtomicInteger();
    new Race()
        .add(
            4,
            number -> {
              try {
                while (true) {
                  assertStored(store, A, 1, "a", NOON);
                  assertThat(keys(store.scan(null, 10))).containsExactly(A);
                  assertThat(keys(store.expired(NOON, 10))).containsExactly(A);
                  underWay.countDown();
                }
              } catch (IllegalStateException closed) {
                refused.incrementAndGet();
              }
            })
        .add(1, number -> closer.call())
        .run();
    assertThat(refused.get()).isEqualTo(4);
  }

  @Test
  void close_otherStoreOpen_thatOneGoesOn() throws Exception {
    assumeTrue(severalOpen(), "one store at a time");
    SecretStore here = open();
    SecretStore there = open();
    commit(here, create(A, "a"));
    here.close();
    assertStored(there, A, 1, "a");
    commit(there, put(A, 1, "a2"));
    assertStored(open(), A, 2, "a2");
  }

  @Test
  void open_storeBeforeWasNotClosed_nothingIsLost() throws Exception {
    assumeTrue(severalOpen(), "one store at a time");
    for (int round = 0; round < 5; round++) {
      SecretStore store = open();
      commit(store, put(A, round, "round " + round), create(key("round-" + round), ""));
      assertStored(open(), A, round + 1, "round " + round);
    }
    assertThat(open().scan(null, 10)).hasSize(6);
  }

  @Test
  void anyCall_threadIsInterrupted_worksAndKeepsTheFlag() throws Exception {
    SecretStore store = open();
    Reports reports = new Reports();
    assertKeepsFlag("watch", () -> store.watch(reports));
    assertKeepsFlag("commit", () -> commit(store, put(A, 0, "a", NOON), create(B, "b")));
    assertKeepsFlag("conflict", () -> assertConflict(store, B, 0, 1, create(B, "again")));
    assertKeepsFlag("read", () -> assertStored(store, A, 1, "a", NOON));
    assertKeepsFlag("scan", () -> assertThat(keys(store.scan(null, 10))).containsExactly(A, B));
    assertKeepsFlag("expired", () -> assertThat(keys(store.expired(NOON, 10))).containsExactly(A));
    assertThat(reports.keys()).contains(A, B);
    commit(store, put(A, 1, "a2"));
    assertKeepsFlag("close", store::close);
    SecretStore next = open();
    assertStored(next, A, 2, "a2");
    assertStored(next, B, 1, "b");
  }

  private static void assertKeepsFlag(String call, Runnable interrupted) {
    Thread.currentThread().interrupt();
    try {
      interrupted.run();
    } finally {
      // Clears the flag too.
      assertThat(Thread.interrupted()).as("flag after %s", call).isTrue();
    }
  }

  @Test
  void commit_interruptsMeanwhile_goesOn() throws Exception {
    List<SecretStore> stores = openTwo();
    commit(stores.get(0), create(A, "0"));
    Queue<Thread> committers = new ConcurrentLinkedQueue<>();
    CountDownLatch interrupting = new CountDownLatch(1);
    AtomicInteger running = new AtomicInteger(4);
    new Race()
        .add(
            4,
            number -> {
              interrupting.await();
              committers.add(Thread.currentThread());
              try {
                for (int i = 0; i < 100; i++) {
                  if (i % 3 == 0) {
                    // A fast store may be done before the other thread hits it.
                    Thread.currentThread().interrupt();
                  }
                  increment(stores.get(number % 2), A);
                  if (i % 4 == 0) {
                    Thread.interrupted();
                  }
                }
              } finally {
                running.decrementAndGet();
              }
            })
        .add(
            1,
            number -> {
              interrupting.countDown();
              while (running.get() > 0) {
                committers.forEach(Thread::interrupt);
              }
            })
        .run();
    assertStored(stores.get(0), A, 401, "400");
    commit(stores.get(0), put(A, 401, "go on"));
    assertStored(stores.get(1), A, 402, "go on");
    stores.forEach(SecretStore::close);
    assertStored(open(), A, 402, "go on");
  }
}
