package dev.secretvault.store.file;

import dev.secretvault.store.Change;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.file.FrameHead.Step;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** One call of {@link FileSecretStore#commit}, from its start to its end. */
final class Commit {

  private enum State {
    WAITING,
    LEADS,
    SETTLED
  }

  private final List<Change> changes;
  private final List<Step> steps = new ArrayList<>();
  private final List<byte[]> texts = new ArrayList<>();
  private final long bytes;
  private final Thread caller = Thread.currentThread();
  private volatile State state = State.WAITING;
  private @Nullable Throwable failure;

  /** A commit of the calling thread. */
  Commit(List<Change> changes) {
    this.changes = changes;
    long sum = 0;
    // Here and not by the leader, so that threads do it side by side.
    for (Change change : changes) {
      if (change instanceof Change.Put put) {
        byte[] text = Base64.getEncoder().encode(put.bytes());
        steps.add(Step.put(put, text));
        texts.add(text);
        sum += put.bytes().length;
      } else if (change instanceof Change.Delete) {
        steps.add(Step.delete(change.key(), change.expectedRevision()));
      }
    }
    this.bytes = sum;
  }

  List<Change> changes() {
    return changes;
  }

  /** What it writes. */
  List<Step> steps() {
    return steps;
  }

  /** The texts of the values of its puts. */
  List<byte[]> texts() {
    return texts;
  }

  /** How many bytes its puts carry. */
  long bytes() {
    return bytes;
  }

  boolean isSettled() {
    return state == State.SETTLED;
  }

  /** Tells the caller how its commit ended: well, if there is no failure. */
  void settle(@Nullable Throwable failure) {
    this.failure = failure;
    become(State.SETTLED);
  }

  /** Tells the caller to write, for itself and for others. */
  void lead() {
    become(State.LEADS);
  }

  private void become(State next) {
    state = next;
    LockSupport.unpark(caller);
  }

  /** Waits, whatever interrupts arrive, until this is settled or its caller is to lead. */
  void await() {
    boolean interrupted = false;
    while (state == State.WAITING) {
      LockSupport.park(this);
      // A flag that stays set would make the next call return at once.
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      caller.interrupt();
    }
  }

  /** Returns or throws what the commit came to. Only once it is settled. */
  void conclude() {
    Throwable failed = failure;
    if (failed instanceof RuntimeException known) {
      throw known;
    }
    if (failed != null) {
      throw new StoreException(
          "a commit broke off; close the store and open it again", Outcome.UNKNOWN, false, failed);
    }
  }
}
