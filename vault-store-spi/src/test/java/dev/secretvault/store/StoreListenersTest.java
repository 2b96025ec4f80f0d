package dev.secretvault.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.SecretStore.Subscription;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD)
class StoreListenersTest {

  private static final RecordKey A = new RecordKey("a");
  private static final RecordKey B = new RecordKey("b");

  private final StoreListeners listeners = new StoreListeners();

  /** Writes down what it is told. */
  private static class Notes implements StoreListener {
    final List<Object> notes = new ArrayList<>();

    @Override
    public void changed(Set<RecordKey> keys) {
      notes.add(keys);
    }

    @Override
    public void missed() {
      notes.add("missed");
    }
  }

  @Test
  void changed_severalListeners_tellsAllInOrder() {
    Notes first = new Notes();
    Notes second = new Notes();
    listeners.add(first);
    listeners.changed(Set.of(A));
    listeners.add(second);
    listeners.changed(Set.of(A, B));
    listeners.missed();
    assertThat(first.notes).containsExactly(Set.of(A), Set.of(A, B), "missed");
    assertThat(second.notes).containsExactly(Set.of(A, B), "missed");
  }

  @Test
  void changed_noKeys_tellsNobody() {
    Notes notes = new Notes();
    listeners.add(notes);
    listeners.changed(Set.of());
    assertThat(notes.notes).isEmpty();
  }

  @Test
  void changed_callerReusesItsSet_reportStays() {
    List<Set<RecordKey>> reports = new ArrayList<>();
    listeners.add(
        new Notes() {
          @Override
          public void changed(Set<RecordKey> keys) {
            reports.add(keys);
          }
        });
    Set<RecordKey> keys = new HashSet<>(Set.of(A));
    listeners.changed(keys);
    keys.add(B);
    assertThat(reports).containsExactly(Set.of(A));
    assertThatThrownBy(() -> reports.get(0).clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void changed_listenerThrowsAnything_othersAreToldAndCallerGoesOn() {
    for (Throwable failure :
        List.of(new IllegalStateException("on purpose"), new AssertionError("on purpose"))) {
      StoreListeners listeners = new StoreListeners();
      AtomicInteger calls = new AtomicInteger();
      Notes before = new Notes();
      Notes behind = new Notes();
      listeners.add(before);
      listeners.add(
          new StoreListener() {
            @Override
            public void changed(Set<RecordKey> keys) {
              calls.incrementAndGet();
              sneakyThrow(failure);
            }

            @Override
            public void missed() {
              calls.incrementAndGet();
              sneakyThrow(failure);
            }
          });
      listeners.add(behind);
      listeners.changed(Set.of(A));
      listeners.missed();
      listeners.changed(Set.of(B));
      assertThat(before.notes).containsExactly(Set.of(A), "missed", Set.of(B));
      assertThat(behind.notes).isEqualTo(before.notes);
      assertThat(calls).hasValue(3);
    }
  }

  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <T extends Throwable> void sneakyThrow(Throwable failure) throws T {
    throw (T) failure;
  }

  @Test
  void add_oneListenerTwice_isTwoSubscriptions() {
    Notes notes = new Notes();
    Subscription first = listeners.add(notes);
    listeners.add(notes);
    listeners.changed(Set.of(A));
    first.close();
    listeners.changed(Set.of(B));
    assertThat(notes.notes).containsExactly(Set.of(A), Set.of(A), Set.of(B));
  }

  @Test
  void add_null_throws() {
    assertThatNullPointerException().isThrownBy(() -> listeners.add(null)).withMessage("listener");
  }

  @Test
  void subscription_closed_endsReportsOfItAlone() {
    Notes ended = new Notes();
    Notes going = new Notes();
    Subscription subscription = listeners.add(ended);
    listeners.add(going);
    subscription.close();
    subscription.close();
    listeners.changed(Set.of(A));
    listeners.missed();
    assertThat(ended.notes).isEmpty();
    assertThat(going.notes).containsExactly(Set.of(A), "missed");
  }

  @Test
  void close_severalListeners_endsAllReports() {
    Notes first = new Notes();
    Notes second = new Notes();
    listeners.add(first);
    listeners.add(second);
    listeners.close();
    listeners.close();
    listeners.changed(Set.of(A));
    listeners.missed();
    assertThat(first.notes).isEmpty();
    assertThat(second.notes).isEmpty();
  }

  @Test
  void subscription_closedByItsListener_endsReports() {
    AtomicReference<Subscription> subscription = new AtomicReference<>();
    Notes notes =
        new Notes() {
          @Override
          public void changed(Set<RecordKey> keys) {
            super.changed(keys);
            subscription.get().close();
          }
        };
    subscription.set(listeners.add(notes));
    listeners.changed(Set.of(A));
    listeners.changed(Set.of(B));
    assertThat(notes.notes).containsExactly(Set.of(A));
  }

  /** The report under way is let finish, so that after close the listener may be taken apart. */
  @Test
  void subscription_closedDuringAReport_waitsForItsEnd() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    AtomicBoolean left = new AtomicBoolean();
    Subscription subscription =
        listeners.add(
            new Notes() {
              @Override
              public void changed(Set<RecordKey> keys) {
                inside.countDown();
                await(leave);
                left.set(true);
              }
            });
    Thread reporter = start(() -> listeners.changed(Set.of(A)));
    await(inside);
    AtomicBoolean leftAtClose = new AtomicBoolean();
    Thread closer =
        start(
            () -> {
              subscription.close();
              leftAtClose.set(left.get());
            });
    // Only once the closer waits for the lock is it known to have met the report.
    while (closer.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    leave.countDown();
    closer.join();
    reporter.join();
    assertThat(leftAtClose).isTrue();
  }

  @Test
  void changed_manyThreads_callsEachListenerOneAtATime() throws Exception {
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    AtomicInteger calls = new AtomicInteger();
    StoreListener counting =
        new Notes() {
          @Override
          public void changed(Set<RecordKey> keys) {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            calls.incrementAndGet();
            inside.decrementAndGet();
          }
        };
    listeners.add(counting);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      threads.add(
          start(
              () -> {
                for (int n = 0; n < 5_000; n++) {
                  listeners.changed(Set.of(A));
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(calls).hasValue(20_000);
    assertThat(most).hasValue(1);
  }

  @Test
  void changed_subscriptionsComeAndGoMeanwhile_othersMissNothing() throws Exception {
    Notes notes = new Notes();
    listeners.add(notes);
    AtomicBoolean done = new AtomicBoolean();
    Thread comingAndGoing =
        start(
            () -> {
              while (!done.get()) {
                listeners.add(new Notes()).close();
              }
            });
    for (int i = 0; i < 5_000; i++) {
      listeners.changed(Set.of(new RecordKey("n" + i)));
    }
    done.set(true);
    comingAndGoing.join();
    assertThat(notes.notes).hasSize(5_000).doesNotHaveDuplicates();
  }

  private static Thread start(Runnable runnable) {
    Thread thread = new Thread(runnable);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
