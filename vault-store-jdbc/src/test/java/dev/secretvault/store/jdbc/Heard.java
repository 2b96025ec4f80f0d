package dev.secretvault.store.jdbc;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreListener;
import java.util.HashSet;
import java.util.Set;

/** What a listener was told, to wait for. */
final class Heard implements StoreListener {

  private final Set<RecordKey> changed = new HashSet<>();
  private int missed;

  @Override
  public synchronized void changed(Set<RecordKey> keys) {
    changed.addAll(keys);
    notifyAll();
  }

  @Override
  public synchronized void missed() {
    missed++;
    notifyAll();
  }

  synchronized int missedSoFar() {
    return missed;
  }

  synchronized Set<RecordKey> changedSoFar() {
    return Set.copyOf(changed);
  }

  synchronized void awaitMissed(int count) throws InterruptedException {
    while (missed < count) {
      wait();
    }
  }

  synchronized void awaitChanged(RecordKey key) throws InterruptedException {
    while (!changed.contains(key)) {
      wait();
    }
  }

  /** Whatever comes first. */
  synchronized void awaitNews(RecordKey key, int formerMissed) throws InterruptedException {
    while (!changed.contains(key) && missed <= formerMissed) {
      wait();
    }
  }
}
