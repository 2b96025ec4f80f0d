package dev.secretvault;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A store whose vault remembers no secret from before {@link #forget}, so that its answers are
 * those of the store, and not up to a second old: it is told that all it has read has changed.
 */
final class ForgetfulStore extends WrappedStore {

  private final List<StoreListener> listeners = new CopyOnWriteArrayList<>();
  private final Set<RecordKey> read = ConcurrentHashMap.newKeySet();

  ForgetfulStore(SecretStore store) {
    super(store);
  }

  /** In turn, so that whoever returns from here has had all reported that was read before. */
  synchronized void forget() {
    Set<RecordKey> remembered = Set.copyOf(read);
    if (!remembered.isEmpty()) {
      read.removeAll(remembered);
      listeners.forEach(listener -> listener.changed(remembered));
    }
  }

  @Override
  public Optional<StoredRecord> read(RecordKey key) {
    if (!key.equals(HeaderRecord.KEY)) {
      read.add(key);
    }
    return super.read(key);
  }

  @Override
  public Subscription watch(StoreListener listener) {
    StoreListener inTurn =
        new StoreListener() {
          @Override
          public synchronized void changed(Set<RecordKey> keys) {
            listener.changed(keys);
          }

          @Override
          public synchronized void missed() {
            listener.missed();
          }
        };
    listeners.add(inTurn);
    return super.watch(inTurn);
  }
}
