package dev.secretvault.store.file;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.file.FrameHead.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.StampedLock;
import java.util.function.IntPredicate;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where each stored record lies. Values stay on disk.
 *
 * <p>Any number of threads may read while one applies a commit; a reader sees all of a commit or
 * none, also across two calls.
 *
 * <p>An entry takes its key without its {@linkplain Prefixes prefix}, and about 30 bytes more,
 * seldom over 50, 4 of them only once entries are asked for in the order of their keys, and 4 in
 * that of their expiry.
 */
final class Index {

  /** About how many bytes of a log a record takes besides its key and its value. */
  private static final int OVERHEAD = 60;

  private final StampedLock publishing = new StampedLock();
  private final Entries entries = new Entries();
  private final KeyTable table = new KeyTable(entries);
  private final SortedView byKey = new SortedView(entries, all -> all::compareKeys, place -> true);
  private final SortedView byExpiry =
      new SortedView(
          entries, all -> all::compareExpiries, place -> entries.expiresAt(place) != Step.NEVER);

  /** Held by whoever sorts a view. Comes before the lock for publishing. */
  private final ReentrantLock sorting = new ReentrantLock();

  /** Removed while a view is being sorted. */
  private final List<Integer> unreleased = new ArrayList<>();

  /** How many entries there may be. */
  private final int most;

  private long live;

  /**
   * How long the log is that will be read, from which it is guessed how much there will be; 0 once
   * it was read.
   */
  private long expected;

  /** Where in that log the last commit ends that is in here, about. */
  private long reached;

  /** An index that other threads may know. */
  Index() {
    this(KeyTable.MOST_ENTRIES);
  }

  /** An index that has room for so many entries. */
  Index(int most) {
    this.most = most;
  }

  /**
   * An index that is filled from a log, and that no other thread knows until it is {@linkplain
   * #share shared}.
   *
   * @param log how long the log is
   */
  static Index unshared(long log) {
    Index index = new Index();
    index.expected = log;
    return index;
  }

  /** Ends the filling from a log. */
  void share() {
    table.trim();
    expected = 0;
  }

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

  /** A place in the order of expiry, whether there is an entry or not. */
  record Due(long expiresAt, RecordKey key) {}

  /** The stored revision of a record, 0 if there is none. For whoever applies commits. */
  long revision(RecordKey key) {
    return revisionAt(find(Entries.bytes(key)));
  }

  /** The stored revision of a record that a commit changes, 0 if there is none. As above. */
  long revision(HeadScanner commit, int step) {
    return revisionAt(find(commit, step));
  }

  private long revisionAt(int place) {
    return place == 0 ? 0 : entries.revision(place);
  }

  private int find(byte[] key) {
    return table.find(key, 0, key.length, Entries.hash(key, 0, key.length));
  }

  private int find(HeadScanner commit, int step) {
    return table.find(commit.keys(), commit.keyFrom(step), commit.keyEnd(step), commit.hash(step));
  }

  /**
   * Whether a commit can be entered. For whoever applies commits.
   *
   * @param puts how many records it puts
   * @param created how many of them are not stored
   */
  boolean hasRoom(int puts, int created) {
    return created <= most - table.size() && entries.hasRoom(puts);
  }

  /** Says that a commit cannot be entered. */
  StoreException full() {
    return new StoreException(
        "there is no room for more records: a store has at most "
            + most
            + ", and what the heap has of them takes at most 8 GB",
        Outcome.NOT_WRITTEN,
        true,
        null);
  }

  private boolean hasRoom(HeadScanner commit) {
    int puts = 0;
    int created = 0;
    for (int step = 0; step < commit.count(); step++) {
      if (commit.isPut(step)) {
        puts++;
        created += find(commit, step) == 0 ? 1 : 0;
      }
    }
    return hasRoom(puts, created);
  }

  /**
   * Enters a commit. One thread at a time.
   *
   * @param firstValue where in the log the text of its first value begins
   * @return the entries that it replaced or removed
   * @throws StoreException if there is no room for it; nothing of it was entered
   */
  List<Entry> apply(HeadScanner commit, long firstValue) {
    // Hardly ever so few are left that it matters which of them are created.
    if (!hasRoom(commit.count(), commit.count()) && !hasRoom(commit)) {
      throw full();
    }
    List<Entry> gone = List.of();
    long stamp = publishing.writeLock();
    try {
      long guess = guess();
      long offset = firstValue;
      long size = live;
      for (int step = 0; step < commit.count(); step++) {
        int replaced = find(commit, step);
        if (replaced != 0) {
          Entry entry = entries.entry(replaced);
          gone = gone.isEmpty() ? new ArrayList<>() : gone;
          gone.add(entry);
          size -= size(entry.key().text().length(), entry.length());
          remove(replaced, commit.hash(step));
        }
        if (commit.isPut(step)) {
          add(commit, step, offset, guess);
          size += size(commit.keyEnd(step) - commit.keyFrom(step), commit.length(step));
          // Two quotes and a comma are between one value and the next.
          offset += commit.length(step) + 3L;
        }
      }
      live = size;
      reached = offset;
    } finally {
      publishing.unlockWrite(stamp);
    }
    return gone;
  }

  /** How many entries there will be, if the rest of the log is as what was read; rather more. */
  private long guess() {
    return reached == 0 ? 0 : (long) (1.1 * table.size() * expected / reached);
  }

  private void add(HeadScanner commit, int step, long offset, long guess) {
    int place =
        entries.add(
            commit.keys(),
            commit.keyFrom(step),
            commit.keyEnd(step),
            commit.revision(step),
            commit.expiresAt(step),
            offset,
            commit.length(step),
            commit.checksum(step));
    table.add(place, commit.hash(step), guess);
    byKey.add(place);
    byExpiry.add(place);
  }

  private void remove(int place, int hash) {
    byKey.remove(place);
    byExpiry.remove(place);
    table.remove(place, hash);
    entries.remove(place);
    if (byKey.isBeingSorted() || byExpiry.isBeingSorted()) {
      unreleased.add(place);
    } else {
      entries.release(place);
    }
  }

  private static long size(int key, int text) {
    return (long) OVERHEAD + key + text;
  }

  /** About how long a log is that has these records only. */
  long live() {
    return locked(() -> live);
  }

  @Nullable Entry find(RecordKey key) {
    byte[] bytes = Entries.bytes(key);
    return locked(
        () -> {
          int place = find(bytes);
          return place == 0 ? null : entries.entry(place, key);
        });
  }

  /** The first entries behind a key, or of all if it is null, in the order of their keys. */
  List<Entry> after(@Nullable RecordKey key, int limit) {
    prepareToList();
    byte[] bytes = key == null ? new byte[0] : Entries.bytes(key);
    return list(
        byKey, place -> entries.compareKey(place, bytes) <= 0 ? -1 : 1, place -> true, limit);
  }

  /**
   * The first entries behind one that is due, or of all if it is null, that expire at a time or
   * before, in the order of their expiry.
   */
  List<Entry> expired(long time, @Nullable Due after, int limit) {
    sort(byExpiry);
    return list(
        byExpiry,
        after == null ? place -> 1 : behind(after),
        place -> entries.expiresAt(place) <= time,
        limit);
  }

  private IntUnaryOperator behind(Due due) {
    byte[] key = Entries.bytes(due.key());
    return place -> {
      int compared = Long.compare(entries.expiresAt(place), due.expiresAt());
      return (compared == 0 ? entries.compareKey(place, key) : compared) <= 0 ? -1 : 1;
    };
  }

  private List<Entry> list(
      SortedView view, IntUnaryOperator position, IntPredicate belongs, int limit) {
    return locked(
        () -> {
          List<Entry> page = new ArrayList<>();
          view.walk(
              position,
              place -> {
                if (belongs.test(place)) {
                  page.add(entries.entry(place));
                  return page.size() < limit;
                }
                return false;
              });
          return page;
        });
  }

  /** Whether {@link #after} takes no longer than a look at what it returns. */
  boolean isPreparedToList() {
    return byKey.isSorted();
  }

  /** Does what makes the first call of {@link #after} take longer than others. */
  void prepareToList() {
    sort(byKey);
  }

  /**
   * Sorts a view, unless it is. Reading and committing go on meanwhile, but whoever applies a
   * commit waits while the entries are listed, and while those are entered that came meanwhile.
   */
  private void sort(SortedView view) {
    if (view.isSorted()) {
      return;
    }
    sorting.lock();
    try {
      if (!view.isSorted()) {
        SortedView.Sorting begun = locked(view::begin);
        Order made = null;
        try {
          made = begun.run();
        } finally {
          finish(view, made);
        }
      }
    } finally {
      sorting.unlock();
    }
  }

  private void finish(SortedView view, @Nullable Order made) {
    long stamp = publishing.writeLock();
    try {
      view.finish(made);
      unreleased.forEach(entries::release);
      unreleased.clear();
    } finally {
      publishing.unlockWrite(stamp);
    }
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
