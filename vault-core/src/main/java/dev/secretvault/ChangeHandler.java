package dev.secretvault;

import dev.secretvault.store.RecordKey;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Somebody who wants to know of changes.
 *
 * <p>Has a thread of its own, so that no handler can keep another one, or a commit, waiting. What
 * happens while it is called is not queued but looked up afterwards.
 */
abstract class ChangeHandler implements ChangeSubscription {

  private static final long FIRST_DELAY = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long LONGEST_DELAY = TimeUnit.MINUTES.toNanos(1);

  private final BooleanSupplier wanted;
  private final Consumer<ChangeHandler> ended;

  /** Guarded by this, as is the next. */
  private boolean changed = true;

  private boolean closed;

  /**
   * A handler that waits.
   *
   * @param wanted whether it may still be called
   * @param ended is told when it will not be called any more
   */
  ChangeHandler(BooleanSupplier wanted, Consumer<ChangeHandler> ended) {
    this.wanted = wanted;
    this.ended = ended;
  }

  /** Whether there may be news for it in what stands under these keys. */
  abstract boolean concerns(Set<RecordKey> keys);

  /** Looks what is new, and tells it; false if that should be tried again later. */
  abstract boolean look();

  final void start() {
    Thread thread = new Thread(this::run, "secretvault-changes");
    thread.setDaemon(true);
    thread.start();
  }

  /** Says which records have changed. */
  final void changed(Set<RecordKey> keys) {
    if (concerns(keys)) {
      changed();
    }
  }

  /** Has it look again. */
  final synchronized void changed() {
    changed = true;
    notifyAll();
  }

  /** Whether it may still be called. */
  final boolean isWanted() {
    return wanted.getAsBoolean() && !isClosed();
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public final synchronized void close() {
    closed = true;
    notifyAll();
  }

  private void run() {
    long delay = 0;
    while (awaitChange(delay) && isWanted()) {
      delay = look() ? 0 : Math.min(LONGEST_DELAY, Math.max(FIRST_DELAY, 2 * delay));
    }
    ended.accept(this);
  }

  /**
   * Waits until something has changed, or it is time to look again; false if this is closed.
   *
   * @param delay in nanoseconds; 0 for as long as it takes
   */
  private synchronized boolean awaitChange(long delay) {
    long since = System.nanoTime();
    while (!closed && !changed) {
      long left = delay - (System.nanoTime() - since);
      if (delay > 0 && left <= 0) {
        break;
      }
      try {
        wait(delay == 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(left) + 1);
      } catch (InterruptedException meantForTheHandler) {
        // Nobody else knows this thread.
      }
    }
    changed = false;
    return !closed;
  }

  /**
   * Calls a handler; false if it should be called again later.
   *
   * @param call what calls it
   */
  final boolean tell(Runnable call) {
    try {
      call.run();
      return true;
    } catch (Throwable isolated) {
      report("a handler of changes failed", isolated);
      return !(isolated instanceof VaultException failure && failure.retryable());
    }
  }

  final void report(String what, Throwable failure) {
    if (isWanted()) {
      System.getLogger(ChangeHandler.class.getName())
          .log(System.Logger.Level.WARNING, "{0}: {1}", what, failure.getClass().getName());
    }
  }
}
