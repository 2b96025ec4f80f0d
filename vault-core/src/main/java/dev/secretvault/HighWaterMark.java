package dev.secretvault;

import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The latest expiry that was enforced, in a record of its own, for all vaults on the store: what
 * ends by then is over, whatever their clocks say.
 *
 * <p>It is raised, durably, before somebody is told that a secret has expired, and taken away once
 * no secret is left that it holds back. That is safe because none comes to be meanwhile: a commit
 * that gives a secret an expiry requires the record as it was when the expiry was found to be
 * later.
 */
final class HighWaterMark {

  /** In place of milliseconds since 1970: nothing is held back. */
  static final long NONE = Long.MIN_VALUE;

  private static final byte LAYOUT = 1;

  private final SealedStore store;
  private final RecordKey key;

  /** How often the record was reported; what was read before the last time does not count. */
  private final AtomicLong reports = new AtomicLong();

  private volatile @Nullable Known known;

  /**
   * The record as it was read.
   *
   * @param millis since 1970, or {@link #NONE}
   * @param revision 0 if there was no record
   * @param stamp how often it had been reported before it was read
   */
  record Known(long millis, long revision, long stamp) {}

  HighWaterMark(SecretStore store, HeaderRecord header) {
    // A change whose outcome is not known need not be reported.
    this.store = new SealedStore(store, header, Namespaces.DEFAULT, this::forget);
    this.key = RecordKeys.time(header);
  }

  RecordKey key() {
    return key;
  }

  /** Has the record read again. */
  void forget() {
    reports.incrementAndGet();
  }

  Known known() {
    Known last = known;
    if (last == null || last.stamp != reports.get()) {
      last = read();
      known = last;
    }
    return last;
  }

  private Known read() {
    long stamp = reports.get();
    Optional<StoredRecord> stored = store.read(key);
    Optional<OpenedValue> opened =
        stored.flatMap(record -> store.open(record, RecordKind.TIME, false));
    return opened
        .map(value -> new Known(decode(value.content()), value.revision(), stamp))
        .orElse(new Known(NONE, 0, stamp));
  }

  /** Sees to it, durably, that the mark is at least this; false if somebody has changed it. */
  boolean raise(Known from, long millis) {
    return from.millis >= millis || put(from, millis);
  }

  /** Takes the mark away, unless somebody has raised it meanwhile. */
  void clear(Known from) {
    if (from.millis != NONE) {
      put(from, NONE);
    }
  }

  /** What a commit has to name that is right only as long as the mark stands there. */
  Change requirement(Known at) {
    return Change.require(key, at.revision);
  }

  private boolean put(Known replaced, long millis) {
    byte[] content = ByteBuffer.allocate(1 + Long.BYTES).put(LAYOUT).putLong(millis).array();
    try {
      store.commit(
          () -> List.of(store.put(RecordKind.TIME, key, replaced.revision, content, null)));
      return true;
    } catch (RevisionConflictException changedByAnother) {
      return false;
    } finally {
      forget();
    }
  }

  private static long decode(byte[] content) {
    ByteBuffer in = ByteBuffer.wrap(content);
    if (in.hasRemaining() && in.get() != LAYOUT) {
      throw new UnsupportedFormatException(
          "a high-water mark has a newer layout than " + LAYOUT + ": upgrade", null);
    }
    if (in.remaining() != Long.BYTES) {
      throw new IntegrityException("a high-water mark is malformed", null);
    }
    return in.getLong();
  }
}
