package dev.secretvault;

import dev.secretvault.store.RecordKey;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Somebody who wants to know of changes of the secret of one name.
 *
 * <p>Has a thread of its own, so that no handler can keep another one, or a commit, waiting. What
 * happens while it is called is not queued but looked up afterwards: it gets the latest state.
 */
final class ChangeHandler implements ChangeSubscription {

  private static final long FIRST_DELAY = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long LONGEST_DELAY = TimeUnit.MINUTES.toNanos(1);

  private final VaultRecords records;
  private final String name;
  private final RecordKey nameKey;
  private final BooleanSupplier wanted;
  private final Consumer<Optional<SecretInfo>> handler;
  private final Consumer<ChangeHandler> ended;

  /** Of the secret that has the name, or had it when that was looked up last. */
  private volatile @Nullable RecordKey secretKey;

  /** Guarded by this, as is the next. */
  private boolean changed = true;

  private boolean closed;

  /** Whether the handler knows of what follows. Of its own thread only, as is that. */
  private boolean told;

  private Optional<SecretInfo> latest = Optional.empty();

  ChangeHandler(
      VaultRecords records,
      String name,
      BooleanSupplier wanted,
      Consumer<Optional<SecretInfo>> handler,
      Consumer<ChangeHandler> ended) {
    this.records = records;
    this.name = name;
    this.nameKey = records.nameKey(name);
    this.wanted = wanted;
    this.handler = handler;
    this.ended = ended;
  }

  void start() {
    Thread thread = new Thread(this::run, "secretvault-changes");
    thread.setDaemon(true);
    thread.start();
  }

  /** Says which records have changed. */
  void changed(Set<RecordKey> keys) {
    RecordKey secret = secretKey;
    if (keys.contains(nameKey) || (secret != null && keys.contains(secret))) {
      changed();
    }
  }

  /** Has the secret looked up again. */
  synchronized void changed() {
    changed = true;
    notifyAll();
  }

  /** Whether it may still be called. */
  boolean isWanted() {
    return wanted.getAsBoolean() && !isClosed();
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public synchronized void close() {
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

  /** Tells the handler if there is news; false if that should be tried again later. */
  private boolean look() {
    Optional<SecretInfo> now;
    try {
      now = current();
    } catch (Throwable unreadable) {
      // Not even an Error may end the thread, here or below.
      if (isWanted()) {
        report("a secret whose changes are handled cannot be read", unreadable);
      }
      return false;
    }
    if ((told && isSame(latest, now)) || !isWanted()) {
      return true;
    }
    told = false; // Whatever comes of it, the handler may have made something of it.
    try {
      handler.accept(now);
    } catch (Throwable isolated) {
      report("a handler of changes failed", isolated);
      if (isolated instanceof VaultException failure && failure.retryable()) {
        return false;
      }
    }
    told = true;
    latest = now;
    return true;
  }

  /** The key first: a change of the secret behind that is reported, one before it is read. */
  private Optional<SecretInfo> current() {
    Optional<SecretId> id = records.name(nameKey);
    secretKey = id.map(records::secretKey).orElse(null);
    return id.flatMap(records::secret).filter(info -> info.name().equals(name));
  }

  /** Whether nothing differs but the revision, which grows when the record is sealed anew. */
  private static boolean isSame(Optional<SecretInfo> one, Optional<SecretInfo> other) {
    return one.map(SecretInfo::id).equals(other.map(SecretInfo::id))
        && Arrays.equals(
            one.map(SecretCodec::encode).orElse(null), other.map(SecretCodec::encode).orElse(null));
  }

  private static void report(String what, Throwable failure) {
    System.getLogger(ChangeHandler.class.getName())
        .log(System.Logger.Level.WARNING, "{0}: {1}", what, failure.getClass().getName());
  }
}
