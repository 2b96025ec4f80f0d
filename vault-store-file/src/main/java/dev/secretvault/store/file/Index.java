package dev.secretvault.store.file;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.file.FrameHead.Step;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.locks.StampedLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where each stored record lies. Values stay on disk.
 *
 * <p>Any number of threads may read while one applies a commit; a reader sees all of a commit or
 * none, also across two calls.
 */
final class Index {

  /** About how many bytes of a log a record takes besides its key and its value. */
  private static final int OVERHEAD = 60;

  private static final Comparator<Entry> BY_EXPIRY =
      Comparator.comparingLong(Entry::expiresAt).thenComparing(Entry::key);

  private final ConcurrentSkipListMap<RecordKey, Entry> records = new ConcurrentSkipListMap<>();
  private final ConcurrentSkipListSet<Entry> expiring = new ConcurrentSkipListSet<>(BY_EXPIRY);
  private final StampedLock publishing = new StampedLock();
  private volatile long live;

  /**
   * One stored record.
   *
   * @param expiresAt milliseconds since 1970, or {@link Step#NEVER}
   * @param offset where in the log the text of its value begins
   * @param length how long that text is
   * @param checksum the CRC32C of that text
   */
  record Entry(
      RecordKey key, long revision, long expiresAt, long offset, int length, int checksum) {}

  /** The stored revision of a record, 0 if there is none. For whoever applies commits. */
  long revision(RecordKey key) {
    Entry entry = records.get(key);
    return entry == null ? 0 : entry.revision();
  }

  /**
   * Enters a commit. One thread at a time.
   *
   * @param firstValue where in the log the text of its first value begins
   * @return the entries that it replaced or removed
   */
  List<Entry> apply(FrameHead commit, long firstValue) {
    List<Entry> gone = new ArrayList<>();
    long stamp = publishing.writeLock();
    try {
      long offset = firstValue;
      long size = live;
      for (Step step : commit.steps()) {
        Entry replaced;
        if (step.isPut()) {
          Entry entry =
              new Entry(
                  step.key(),
                  step.revision(),
                  step.expiresAt(),
                  offset,
                  step.length(),
                  step.checksum());
          // Two quotes and a comma are between one value and the next.
          offset += step.length() + 3L;
          replaced = records.put(step.key(), entry);
          forgetExpiry(replaced);
          if (entry.expiresAt() != Step.NEVER) {
            expiring.add(entry);
          }
        } else {
          replaced = records.remove(step.key());
          forgetExpiry(replaced);
        }
        if (replaced != null) {
          gone.add(replaced);
        }
        size += (step.isPut() ? size(step.key(), step.length()) : 0);
        size -= (replaced == null ? 0 : size(step.key(), replaced.length()));
      }
      live = size;
    } finally {
      publishing.unlockWrite(stamp);
    }
    return gone;
  }

  private static long size(RecordKey key, int text) {
    return (long) OVERHEAD + key.text().length() + text;
  }

  private void forgetExpiry(@Nullable Entry replaced) {
    if (replaced != null && replaced.expiresAt() != Step.NEVER) {
      expiring.remove(replaced);
    }
  }

  /** About how long a log is that has these records only. */
  long live() {
    return live;
  }

  @Nullable Entry find(RecordKey key) {
    long stamp = publishing.tryOptimisticRead();
    Entry entry = records.get(key);
    return publishing.validate(stamp) ? entry : locked(() -> records.get(key));
  }

  /** The first entries behind a key, or of all if it is null, in the order of their keys. */
  List<Entry> after(@Nullable RecordKey key, int limit) {
    return locked(
        () ->
            (key == null ? records : records.tailMap(key, false))
                .values().stream().limit(limit).toList());
  }

  /** The first entries that expire at a time or before, in the order of their expiry. */
  List<Entry> expired(long time, int limit) {
    return locked(
        () ->
            expiring.stream().takeWhile(entry -> entry.expiresAt() <= time).limit(limit).toList());
  }

  private <T extends @Nullable Object> T locked(Supplier<T> reader) {
    long stamp = publishing.readLock();
    try {
      return reader.get();
    } finally {
      publishing.unlockRead(stamp);
    }
  }
}
