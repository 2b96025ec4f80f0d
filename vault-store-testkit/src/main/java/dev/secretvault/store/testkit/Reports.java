package dev.secretvault.store.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/** A listener that remembers what it was told, and whether two calls ever overlapped. */
final class Reports implements StoreListener {

  /** Ten times what is promised, for machines that are busy with other things. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final List<Set<RecordKey>> reports = new ArrayList<>();
  private final AtomicBoolean inside = new AtomicBoolean();
  private volatile boolean overlapped;
  private boolean missed;

  @SuppressWarnings("ThreadPriorityCheck")
  @Override
  public void changed(Set<RecordKey> keys) {
    overlapped |= !inside.compareAndSet(false, true);
    synchronized (this) {
      reports.add(keys);
      notifyAll();
    }
    // A call that overlaps this one gets its chance to.
    Thread.yield();
    inside.set(false);
  }

  @Override
  public synchronized void missed() {
    missed = true;
    notifyAll();
  }

  synchronized boolean missedAny() {
    return missed;
  }

  synchronized int count() {
    return reports.size();
  }

  synchronized List<Set<RecordKey>> all() {
    return List.copyOf(reports);
  }

  synchronized Set<RecordKey> keys() {
    Set<RecordKey> keys = new HashSet<>();
    reports.forEach(keys::addAll);
    return keys;
  }

  synchronized void forget() {
    reports.clear();
    missed = false;
  }

  /** Waits until the record was reported, or everything was reported as missed. */
  synchronized void await(RecordKey key) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!missed && !keys().contains(key)) {
      long left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
      assertThat(left).as("milliseconds left to report %s", key).isPositive();
      wait(left);
    }
  }

  void assertNeverOverlapped() {
    assertThat(overlapped).as("two calls of one listener at once").isFalse();
  }
}
