package dev.secretvault;

import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How many secrets a namespace has, in a record of its own, from when on a vault first limits them.
 *
 * <p>Each creation and deletion names that record in its commit: it puts the new number or, while
 * nobody limits them, requires that there is none. So the record appears at a moment that no such
 * commit overlaps. It first says only that they are being counted, which stops all that would
 * change the number, and whoever meets it like that counts, so a process that dies meanwhile stops
 * nobody.
 */
final class SecretCount {

  private static final byte LAYOUT = 1;
  private static final byte COUNTING = 0;
  private static final byte COUNTED = 1;

  private final VaultRecords records;
  private final long limit;

  /** In one process, they take turns: all but one would lose the race for the record. */
  private final Lock turn = new ReentrantLock();

  private volatile @Nullable Known known;

  /** The record as it was read; revision 0 if there was none. */
  private record Known(long revision, long count) {}

  SecretCount(VaultRecords records, long limit) {
    this.records = records;
    this.limit = limit;
  }

  /**
   * Makes all changes or none, and counts.
   *
   * @param more how many secrets there will be more
   * @param commit makes all changes or none, as {@link VaultRecords#commit} does
   * @param changes as for that; must not lock anything that is held while this is called
   * @throws QuotaExceededException if there would be too many
   * @throws RevisionConflictException if an expectation of the changes does not hold
   */
  void commit(int more, Consumer<Supplier<List<Change>>> commit, Supplier<List<Change>> changes) {
    inTurn(commit, () -> counted(changes.get(), change(more), more > 0));
  }

  /** Makes all changes or none, after which the secrets are to be counted anew. */
  void commitUncounted(Consumer<Supplier<List<Change>>> commit, Supplier<List<Change>> changes) {
    inTurn(commit, () -> counted(changes.get(), uncertain(), false));
  }

  private void inTurn(Consumer<Supplier<List<Change>>> commit, Supplier<List<Change>> changes) {
    if (known().revision == 0) {
      commitCounted(commit, changes);
      return;
    }
    turn.lock();
    try {
      commitCounted(commit, changes);
    } finally {
      turn.unlock();
    }
  }

  private void commitCounted(
      Consumer<Supplier<List<Change>>> commit, Supplier<List<Change>> changes) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      try {
        commit.accept(changes);
        return;
      } catch (RevisionConflictException e) {
        if (e.key().equals(records.keys().count())) {
          forget();
        } else if (!e.key().equals(records.keys().registration())) {
          throw e;
        }
      }
    }
    throw new StaleRevisionException();
  }

  private List<Change> counted(List<Change> changes, Change number, boolean creating) {
    List<Change> all = new ArrayList<>();
    all.add(number);
    if (creating) {
      records.registration().ifPresent(all::add);
    }
    all.addAll(changes);
    return all;
  }

  /** What the commit has to name that creates or deletes so many secrets. */
  private Change change(int more) {
    if (isTooMany(known(), more)) {
      forget(); // Somebody may have made room, which was reported before that was kept.
    }
    Known now = known();
    if (isTooMany(now, more)) {
      throw new QuotaExceededException(
          "secrets: at most " + limit + " are allowed in this namespace: delete some first", null);
    }
    return now.revision == 0
        ? records.requireNoCount()
        : records.putCount(now.revision, encode(COUNTED, now.count + more));
  }

  /** What a commit has to name after which it is not known how many there are. */
  private Change uncertain() {
    Known now = known();
    return now.revision == 0
        ? records.requireNoCount()
        : records.putCount(now.revision, encode(COUNTING, 0));
  }

  private boolean isTooMany(Known now, int more) {
    return more > 0 && now.count + more > limit;
  }

  /** Has the record read again if it is this one. */
  void forget(RecordKey changed) {
    if (changed.equals(records.keys().count())) {
      forget();
    }
  }

  /** Has the record read again. */
  void forget() {
    known = null;
  }

  private Known known() {
    Known last = known;
    for (int attempt = 0; last == null && attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      last = read();
    }
    if (last == null) {
      throw new StaleRevisionException();
    }
    known = last;
    return last;
  }

  /** The record as it is; null if somebody else changed it while it was made. */
  private @Nullable Known read() {
    Optional<OpenedValue> stored = records.count();
    if (stored.isEmpty()) {
      return limit == Long.MAX_VALUE ? new Known(0, 0) : put(0, COUNTING, 0);
    }
    long revision = stored.get().revision();
    ByteBuffer in = ByteBuffer.wrap(stored.get().content());
    if (in.remaining() != 2 + Long.BYTES) {
      throw malformed();
    }
    if (in.get() != LAYOUT) {
      throw new UnsupportedFormatException(
          "a count of secrets has a newer layout than " + LAYOUT + ": upgrade", null);
    }
    return switch (in.get()) {
      case COUNTING -> put(revision, COUNTED, records.countSecrets());
      case COUNTED -> new Known(revision, in.getLong());
      default -> throw malformed();
    };
  }

  private @Nullable Known put(long revision, byte state, long count) {
    try {
      records.commit(() -> List.of(records.putCount(revision, encode(state, count))));
      return state == COUNTED ? new Known(revision + 1, count) : null;
    } catch (RevisionConflictException changedByAnother) {
      return null;
    }
  }

  private static byte[] encode(byte state, long count) {
    return ByteBuffer.allocate(2 + Long.BYTES).put(LAYOUT).put(state).putLong(count).array();
  }

  private static IntegrityException malformed() {
    return new IntegrityException("a count of secrets is malformed", null);
  }
}
