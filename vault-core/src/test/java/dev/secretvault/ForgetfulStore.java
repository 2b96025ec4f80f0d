package dev.secretvault;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A store whose vault remembers nothing from before {@link #forget}, so that its answers are those
 * of the store, and not up to a second old.
 */
final class ForgetfulStore extends WrappedStore {

  private final List<StoreListener> listeners = new CopyOnWriteArrayList<>();

  ForgetfulStore(SecretStore store) {
    super(store);
  }

  void forget() {
    listeners.forEach(StoreListener::missed);
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
