package dev.secretvault.store.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.SecretStore.Subscription;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Watchers learn of every commit, in order, and of nothing else; and they can do no harm. */
abstract class WatchingContract extends ExpiringContract {

  @Test
  void watch_ownCommit_isReportedBeforeItReturns() throws Exception {
    SecretStore store = open();
    Reports reports = new Reports();
    store.watch(reports);
    commit(store, create(A, "a"), create(B, "b"));
    assertThat(reports.keys()).contains(A, B);
    reports.forget();
    commit(store, put(B, 1, "b2"), create(C, "c"));
    assertThat(reports.keys()).contains(B, C);
    reports.forget();
    commit(store, Change.delete(A, 1));
    assertThat(reports.keys()).contains(A);
  }

  @Test
  void watch_refusedCommit_isNotReported() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "a"));
    Reports reports = new Reports();
    store.watch(reports);
    assertConflict(store, A, 0, 1, create(B, "b"), create(A, "again"));
    assertThatThrownBy(() -> commit(store, create(B, "b"), create(B, "twice")))
        .isInstanceOf(IllegalArgumentException.class);
    commit(store, create(C, "c"));
    assertThat(reports.keys()).contains(C).doesNotContain(A, B);
  }

  @Test
  void watch_requiredRecord_isNotReported() throws Exception {
    List<SecretStore> stores = openTwo();
    commit(stores.get(0), create(A, "a"));
    List<Reports> reports = List.of(new Reports(), new Reports());
    for (int i = 0; i < 2; i++) {
      stores.get(i).watch(reports.get(i));
    }
    // What happened before they watched may still be reported, but not behind this.
    RecordKey last = new RecordKey("last");
    commit(stores.get(0), create(last, "last"));
    for (Reports each : reports) {
      each.await(last);
    }
    List<Integer> heard = reports.stream().map(each -> each.all().size()).toList();
    commit(stores.get(0), Change.require(A, 1), create(B, "b"), Change.require(C, 0));
    for (int i = 0; i < 2; i++) {
      reports.get(i).await(B);
      List<Set<RecordKey>> all = reports.get(i).all();
      assertThat(all.subList(heard.get(i), all.size()))
          .isNotEmpty()
          .allSatisfy(keys -> assertThat(keys).doesNotContain(A, C));
    }
  }

  @Test
  void watch_reportedKeys_areUnmodifiable() throws Exception {
    SecretStore store = open();
    Reports reports = new Reports();
    store.watch(reports);
    commit(store, create(A, "a"));
    assertThat(reports.all()).isNotEmpty();
    for (Set<RecordKey> keys : reports.all()) {
      assertThat(keys).isNotEmpty();
      assertThatThrownBy(() -> keys.add(B)).isInstanceOf(UnsupportedOperationException.class);
      assertThatThrownBy(() -> keys.remove(A)).isInstanceOf(UnsupportedOperationException.class);
    }
  }

  @Test
  void watch_severalListeners_allAreTold() throws Exception {
    SecretStore store = open();
    Reports first = new Reports();
    Reports second = new Reports();
    store.watch(first);
    Subscription ended = store.watch(second);
    commit(store, create(A, "a"));
    ended.close();
    commit(store, create(B, "b"));
    assertThat(first.keys()).contains(A, B);
    assertThat(second.keys()).contains(A).doesNotContain(B);
  }

  @Test
  void watch_oneListenerTwice_hasTwoSubscriptions() throws Exception {
    SecretStore store = open();
    Reports reports = new Reports();
    Subscription first = store.watch(reports);
    Subscription second = store.watch(reports);
    first.close();
    first.close();
    commit(store, create(A, "a"));
    assertThat(reports.keys()).contains(A);
    reports.forget();
    second.close();
    commit(store, create(B, "b"));
    assertThat(reports.count()).isZero();
  }

  @Test
  void watch_subscriptionClosedDuringCommits_noReportBeginsAfterwards() throws Exception {
    SecretStore store = open();
    commit(store, create(A, "0"));
    Reports reports = new Reports();
    Subscription subscription = store.watch(reports);
    AtomicInteger atClose = new AtomicInteger(-1);
    CountDownLatch closed = new CountDownLatch(1);
    new Race()
        .add(
            2,
            number -> {
              for (int i = 0; i < 100; i++) {
                increment(store, A);
              }
              closed.await();
              increment(store, A);
            })
        .add(
            1,
            number -> {
              reports.await(A);
              subscription.close();
              atClose.set(reports.count());
              closed.countDown();
            })
        .run();
    assertThat(reports.count()).isEqualTo(atClose.get());
  }

  @Test
  void watch_listenerThrows_harmsNeitherCommitNorOthers() throws Exception {
    SecretStore store = open();
    Reports before = new Reports();
    Reports behind = new Reports();
    AtomicInteger calls = new AtomicInteger();
    store.watch(before);
    store.watch(throwing(calls, new IllegalStateException("listener fails on purpose")));
    store.watch(throwing(calls, new AssertionError("listener fails on purpose")));
    store.watch(behind);
    commit(store, create(A, "a"));
    commit(store, create(B, "b"));
    assertStored(store, A, 1, "a");
    assertStored(store, B, 1, "b");
    assertThat(before.keys()).contains(A, B);
    assertThat(behind.keys()).contains(A, B);
    assertThat(calls.get()).as("calls of the failing listeners").isGreaterThanOrEqualTo(4);
    store = reopen(store);
    assertStored(store, A, 1, "a");
    assertStored(store, B, 1, "b");
  }

  private static StoreListener throwing(AtomicInteger calls, Throwable failure) {
    return new StoreListener() {
      @Override
      public void changed(Set<RecordKey> keys) {
        calls.incrementAndGet();
        if (failure instanceof Error error) {
          throw error;
        }
        throw (RuntimeException) failure;
      }

      @Override
      public void missed() {}
    };
  }

  @Test
  void watch_storeClosed_subscriptionEnds() throws Exception {
    SecretStore store = open();
    Reports reports = new Reports();
    Subscription subscription = store.watch(reports);
    commit(store, create(A, "a"));
    store.close();
    reports.forget();
    store = open();
    commit(store, create(B, "b"));
    assertThat(reports.count()).isZero();
    subscription.close();
    commit(store, create(C, "c"));
    assertThat(reports.count()).isZero();
  }

  @Test
  void watch_null_throws() throws Exception {
    SecretStore store = open();
    assertThatNullPointerException().isThrownBy(() -> watchNull(store));
  }

  @SuppressWarnings("NullAway")
  private static void watchNull(SecretStore store) {
    store.watch(null);
  }

  @Test
  void watch_racingCommits_areReportedInOrderAndOneAtATime() throws Exception {
    SecretStore store = open();
    commit(store, create(A, ""));
    Reports reports = new Reports();
    store.watch(reports);
    Race.of(
        8,
        number -> {
          for (int i = 0; i < 25; i++) {
            RecordKey mark = markNext(store);
            assertThat(reports.keys()).contains(A, mark);
          }
        });
    assertInOrder(reports, 200);
    reports.assertNeverOverlapped();
  }

  /** Rewrites a record and creates another one named after its new revision, in one commit. */
  private static RecordKey markNext(SecretStore store) {
    for (int lost = 0; lost < MOST_LOST_RACES; lost++) {
      StoredRecord record = present(store, A);
      RecordKey mark = mark(record.revision());
      if (tryCommit(store, put(A, record.revision(), ""), create(mark, ""))) {
        return mark;
      }
    }
    throw new AssertionError(LOSES_FOREVER);
  }

  private static RecordKey mark(long number) {
    return key("mark-%05d".formatted(number));
  }

  /**
   * As all these commits touch one record, the marks they leave tell the order in which they were
   * reported.
   */
  private static void assertInOrder(Reports reports, int marks) {
    List<RecordKey> seen = new ArrayList<>();
    for (Set<RecordKey> keys : reports.all()) {
      keys.stream()
          .filter(key -> !key.equals(A) && !seen.contains(key))
          .sorted()
          .forEach(seen::add);
    }
    assertThat(seen).as("marks in the order reported").isSorted().hasSize(marks);
  }

  @Test
  void watch_report_comesWhenTheChangeIsThereToRead() throws Exception {
    List<SecretStore> stores = openTwo();
    commit(stores.get(0), create(A, ""));
    BlockingQueue<RecordKey> reported = new LinkedBlockingQueue<>();
    stores
        .get(0)
        .watch(
            new StoreListener() {
              @Override
              public void changed(Set<RecordKey> keys) {
                keys.stream().filter(key -> !key.equals(A)).forEach(reported::add);
              }

              @Override
              public void missed() {}
            });
    int commits = 200;
    new Race()
        .add(
            1,
            number -> {
              for (int i = 0; i < commits; i++) {
                markNext(stores.get(0));
              }
            })
        .add(
            1,
            number -> {
              for (int i = 0; i < commits; i++) {
                present(stores.get(i % 2), reported.take());
              }
            })
        .run();
  }

  @Test
  void watch_commitElsewhere_isReported() throws Exception {
    assumeTrue(severalOpen(), "one store at a time");
    SecretStore here = open();
    SecretStore there = open();
    Reports reports = new Reports();
    here.watch(reports);
    List<List<Change>> commits =
        List.of(List.of(create(A, "a")), List.of(put(A, 1, "a2")), List.of(Change.delete(A, 2)));
    for (int round = 0; round < 3; round++) {
      for (List<Change> changes : commits) {
        reports.forget();
        there.commit(changes);
        reports.await(A);
      }
    }
    here.close();
    reports.forget();
    commit(there, create(B, "b"));
    assertThat(reports.count()).isZero();
  }

  @Test
  void watch_commitsHereAndElsewhere_areReportedInOrder() throws Exception {
    assumeTrue(severalOpen(), "one store at a time");
    List<SecretStore> stores = openTwo();
    commit(stores.get(0), create(A, ""));
    List<Reports> reports = List.of(new Reports(), new Reports());
    for (int i = 0; i < 2; i++) {
      stores.get(i).watch(reports.get(i));
    }
    Race.of(
        4,
        number -> {
          for (int i = 0; i < 25; i++) {
            markNext(stores.get(number % 2));
          }
        });
    for (Reports each : reports) {
      each.await(mark(100));
      if (!each.missedAny()) {
        assertInOrder(each, 100);
      }
      each.assertNeverOverlapped();
    }
  }
}
