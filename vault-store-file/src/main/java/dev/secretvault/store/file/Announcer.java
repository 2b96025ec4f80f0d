package dev.secretvault.store.file;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreListeners;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Reports commits to listeners in the order in which they happened, but outside of the lock that
 * orders them: a listener may wait for somebody who needs that lock.
 */
final class Announcer {

  private final StoreListeners listeners;
  private final Queue<Consumer<StoreListeners>> pending = new ConcurrentLinkedQueue<>();
  private final ReentrantLock delivering = new ReentrantLock();

  Announcer(StoreListeners listeners) {
    this.listeners = listeners;
  }

  /** Notes a commit that can be read by now. Called under the lock that orders commits. */
  void add(Set<RecordKey> keys) {
    pending.add(told -> told.changed(keys));
  }

  /** Notes that anything may have changed. */
  void addMissed() {
    pending.add(StoreListeners::missed);
  }

  /** Reports all that was noted before the call, or waits until somebody else has. */
  void deliver() {
    delivering.lock();
    try {
      deliverPending();
    } finally {
      delivering.unlock();
    }
  }

  /** Reports all that was noted, or leaves that to whoever is at it: a listener may wait for us. */
  void deliverUnlessBusy() {
    while (!pending.isEmpty() && delivering.tryLock()) {
      try {
        deliverPending();
      } finally {
        delivering.unlock();
      }
    }
  }

  private void deliverPending() {
    for (Consumer<StoreListeners> next = pending.poll(); next != null; next = pending.poll()) {
      next.accept(listeners);
    }
  }
}
