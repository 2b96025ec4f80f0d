package dev.secretvault.store.file;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreListeners;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Reports commits to listeners in the order in which they happened, but outside of the lock that
 * orders them: a listener may wait for somebody who needs that lock.
 */
final class Announcer {

  private final StoreListeners listeners;
  private final Queue<Set<RecordKey>> pending = new ConcurrentLinkedQueue<>();
  private final ReentrantLock delivering = new ReentrantLock();

  Announcer(StoreListeners listeners) {
    this.listeners = listeners;
  }

  /** Notes a commit that can be read by now. Called under the lock that orders commits. */
  void add(Set<RecordKey> keys) {
    pending.add(keys);
  }

  /** Reports all that was noted before the call, or waits until somebody else has. */
  void deliver() {
    delivering.lock();
    try {
      for (Set<RecordKey> next = pending.poll(); next != null; next = pending.poll()) {
        listeners.changed(next);
      }
    } finally {
      delivering.unlock();
    }
  }
}
