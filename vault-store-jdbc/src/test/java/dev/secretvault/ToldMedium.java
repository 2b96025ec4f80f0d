package dev.secretvault;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Stores on one medium whose commits return when all others were told of them: for tests of what a
 * vault does once it knows, where stores take up to a second to tell.
 */
final class ToldMedium implements Supplier<SecretStore> {

  private final Supplier<SecretStore> stores;
  private final Set<Told> watched = ConcurrentHashMap.newKeySet();

  ToldMedium(Supplier<SecretStore> stores) {
    this.stores = stores;
  }

  @Override
  public SecretStore get() {
    return new Told(stores.get());
  }

  private final class Told extends WrappedStore {
    private final List<StoreListener> listeners = new CopyOnWriteArrayList<>();
    private final Map<RecordKey, Integer> reports = new HashMap<>();

    Told(SecretStore store) {
      super(store);
    }

    @Override
    public void commit(List<Change> changes) {
      Set<RecordKey> keys =
          changes.stream()
              .filter(change -> !(change instanceof Change.Require))
              .map(Change::key)
              .collect(Collectors.toSet());
      Map<Told, Map<RecordKey, Integer>> before = new HashMap<>();
      watched.stream()
          .filter(other -> other != this)
          .forEach(other -> before.put(other, other.reports(keys)));
      super.commit(changes);
      before.forEach(Told::awaitMore);
    }

    private synchronized Map<RecordKey, Integer> reports(Set<RecordKey> keys) {
      return keys.stream()
          .collect(Collectors.toMap(key -> key, key -> reports.getOrDefault(key, 0)));
    }

    private synchronized void awaitMore(Map<RecordKey, Integer> before) {
      try {
        while (watched.contains(this) && !isMore(before)) {
          wait();
        }
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    private boolean isMore(Map<RecordKey, Integer> before) {
      return before.entrySet().stream()
          .allMatch(former -> reports.getOrDefault(former.getKey(), 0) > former.getValue());
    }

    private synchronized void count(Set<RecordKey> keys) {
      keys.forEach(key -> reports.merge(key, 1, Integer::sum));
      notifyAll();
    }

    /** All are told before a report counts. */
    @Override
    public Subscription watch(StoreListener listener) {
      listeners.add(listener);
      if (watched.add(this)) {
        super.watch(
            new StoreListener() {
              @Override
              public void changed(Set<RecordKey> keys) {
                listeners.forEach(each -> each.changed(keys));
                count(keys);
              }

              @Override
              public void missed() {
                listeners.forEach(StoreListener::missed);
              }
            });
      }
      return () -> listeners.remove(listener);
    }

    @Override
    public void close() {
      watched.remove(this);
      count(Set.of());
      super.close();
    }
  }
}
