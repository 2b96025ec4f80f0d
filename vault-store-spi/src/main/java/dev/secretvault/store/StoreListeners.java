package dev.secretvault.store;

import dev.secretvault.store.SecretStore.Subscription;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The watchers of one store, for implementations of {@link SecretStore#watch}: isolates listeners
 * from each other and from the store, calls each one at a time, and keeps the promise of {@link
 * Subscription#close}.
 *
 * <p>Thread-safe. The order of reports is the order of the calls, so a store calls {@link #changed}
 * from inside whatever orders its commits.
 */
public final class StoreListeners {

  private final List<Watch> watches = new CopyOnWriteArrayList<>();

  /** Makes an empty set of watchers. */
  public StoreListeners() {}

  /**
   * Adds a watcher.
   *
   * @param listener what to call
   * @return closing it removes the watcher
   */
  public Subscription add(StoreListener listener) {
    Watch watch = new Watch(Objects.requireNonNull(listener, "listener"));
    watches.add(watch);
    return watch;
  }

  /**
   * Calls {@link StoreListener#changed} of all watchers.
   *
   * @param keys the records that changed; nothing happens if there are none
   */
  public void changed(Set<RecordKey> keys) {
    if (keys.isEmpty() || watches.isEmpty()) {
      return;
    }
    Set<RecordKey> reported = Set.copyOf(keys);
    watches.forEach(watch -> watch.report(listener -> listener.changed(reported)));
  }

  /** Calls {@link StoreListener#missed} of all watchers. */
  public void missed() {
    watches.forEach(watch -> watch.report(StoreListener::missed));
  }

  /** Removes all watchers. */
  public void close() {
    watches.forEach(Watch::close);
  }

  private final class Watch implements Subscription {
    private final StoreListener listener;
    private final ReentrantLock oneAtATime = new ReentrantLock();
    private boolean closed;

    Watch(StoreListener listener) {
      this.listener = listener;
    }

    void report(Consumer<StoreListener> call) {
      oneAtATime.lock();
      try {
        if (!closed) {
          call.accept(listener);
        }
      } catch (Throwable isolated) {
        // A commit is durable by now, and other watchers wait: neither may suffer from this one,
        // and not from an Error either, which would look as if the commit had failed.
        System.getLogger(StoreListeners.class.getName())
            .log(
                System.Logger.Level.WARNING,
                "a store listener failed: {0}",
                isolated.getClass().getName());
      } finally {
        oneAtATime.unlock();
      }
    }

    @Override
    public void close() {
      oneAtATime.lock();
      try {
        closed = true;
        watches.remove(this);
      } finally {
        oneAtATime.unlock();
      }
    }
  }
}
