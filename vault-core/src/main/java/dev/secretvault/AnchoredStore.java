package dev.secretvault;

import dev.secretvault.FreshnessAnchor.Mark;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A store whose every commit is counted, in a record of its own and with an anchor elsewhere, so
 * that an older copy is noticed.
 *
 * <p>The record goes into the commit, and the anchor follows before the commit returns. So the
 * record may be ahead of the anchor by what was committed when processes died between the two, but
 * the anchor is never ahead of the store that it belongs to. The digest of each commit covers the
 * one before, and the record holds the last few: a store that has gone on from an older copy has
 * another digest where the anchor stands.
 *
 * <p>While the anchor does not note a commit, this store makes no other one. So at most one commit
 * of each process is not noted, and a store does not run away from its anchor.
 */
final class AnchoredStore implements SecretStore {

  static final RecordKey KEY = new RecordKey("freshness");

  /** More processes than that do not use a store between two notes of one of them. */
  private static final int HISTORY = 16;

  // What begins a change in the digest.
  private static final byte PUT = 0;
  private static final byte DELETE = 1;
  private static final byte REQUIRE = 2;
  private static final long NEVER = Long.MIN_VALUE;

  private static final int DIGEST_BYTES = 32;
  private static final int ENTRY_BYTES = Long.BYTES + DIGEST_BYTES;

  private final SecretStore store;
  private final FreshnessAnchor anchor;

  /** In one process, commits take turns: all but one would lose the race for the record. */
  private final Lock turn = new ReentrantLock();

  /** As last known; null if it has to be read. Guarded by {@link #turn}, as is what follows. */
  private @Nullable History known;

  /** The newest that this store has had; never forgotten. */
  private @Nullable Mark newest;

  /** What was committed, and the anchor did not note; null if it noted all. */
  private @Nullable Mark unnoted;

  private AnchoredStore(SecretStore store, FreshnessAnchor anchor) {
    this.store = store;
    this.anchor = anchor;
  }

  /** The last marks, the newest first, and the revision of the record that holds them. */
  private record History(long revision, List<Mark> marks) {

    Mark newest() {
      return marks.get(0);
    }

    History with(Mark next) {
      List<Mark> longer = new ArrayList<>();
      longer.add(next);
      longer.addAll(marks.subList(0, Math.min(marks.size(), HISTORY - 1)));
      return new History(revision + 1, longer);
    }
  }

  /**
   * Compares a store with its anchor. Notes nothing: {@link #noteOpened} is for when it is known
   * that it is the right store.
   *
   * @throws IntegrityException if the store is an older copy, or went on from one, or if the anchor
   *     has lost its mark
   */
  static AnchoredStore open(SecretStore store, FreshnessAnchor anchor) {
    AnchoredStore anchored = new AnchoredStore(store, anchor);
    Failures.translated(() -> anchored.fresh());
    return anchored;
  }

  /**
   * Takes a store as it stands, for an anchor that has no mark yet.
   *
   * @throws IllegalStateException if it has one
   */
  static AnchoredStore begin(SecretStore store, FreshnessAnchor anchor) {
    if (anchor.read().isPresent()) {
      throw new IllegalStateException("freshness: the anchor has a mark already: take a new one");
    }
    return new AnchoredStore(store, anchor);
  }

  /** Has the anchor note where the store stands. */
  void noteOpened() {
    Failures.translated(
        () -> {
          turn.lock();
          try {
            History stored = read();
            if (stored.revision > 0) {
              newest = stored.newest();
              anchor.advance(stored.newest());
            }
          } finally {
            turn.unlock();
          }
          return true;
        });
  }

  /**
   * The history as stored, which is that of the anchor. Others may commit between the two looks,
   * and go on so far that the store does not remember the first: so that alone refuses nothing.
   */
  private History fresh() {
    Optional<Mark> noted = anchor.read();
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      History stored = read();
      Optional<Mark> after = anchor.read();
      if (isFresh(stored, noted)) {
        return stored;
      }
      if (after.equals(noted)) {
        throw notFresh(stored, noted);
      }
      noted = after;
    }
    throw new StaleRevisionException();
  }

  private static boolean isFresh(History stored, Optional<Mark> noted) {
    return noted.map(stored.marks::contains).orElse(stored.revision == 0);
  }

  private static IntegrityException notFresh(History stored, Optional<Mark> noted) {
    long commits = stored.revision == 0 ? 0 : stored.newest().counter();
    if (noted.isEmpty()) {
      return new IntegrityException(
          "the freshness anchor has no mark, though the store has had one: commit " + commits,
          null);
    }
    return new IntegrityException(
        commits < noted.get().counter()
            ? "the store is an older copy than its freshness anchor has seen: commit "
                + commits
                + " of "
                + noted.get().counter()
            : "the store has another history than its freshness anchor has seen: it went on from an"
                + " older copy before commit "
                + noted.get().counter(),
        null);
  }

  /**
   * Refuses to go on without the anchor that a store was opened with before.
   *
   * @throws IllegalStateException if there was one
   */
  static void requireNoAnchor(SecretStore store) {
    if (Failures.translated(() -> store.read(KEY)).isPresent()) {
      throw new IllegalStateException(
          "freshness: the vault has an anchor, which must be given whenever it is opened");
    }
  }

  private History read() {
    return store.read(KEY).map(AnchoredStore::decode).orElse(new History(0, List.of()));
  }

  private static History decode(StoredRecord stored) {
    ByteBuffer in = ByteBuffer.wrap(stored.bytes());
    int count = in.remaining() / ENTRY_BYTES;
    if (count < 1 || count > HISTORY || in.remaining() != count * ENTRY_BYTES) {
      throw new IntegrityException("the record of the vault's freshness is malformed", null);
    }
    List<Mark> marks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long counter = in.getLong();
      byte[] digest = new byte[DIGEST_BYTES];
      in.get(digest);
      marks.add(new Mark(counter, HexFormat.of().formatHex(digest)));
    }
    return new History(stored.revision(), marks);
  }

  private static byte[] encode(History history) {
    ByteBuffer out = ByteBuffer.allocate(history.marks.size() * ENTRY_BYTES);
    history.marks.forEach(
        mark -> out.putLong(mark.counter()).put(HexFormat.of().parseHex(mark.digest())));
    return out.array();
  }

  /** As any store, but for room for the record of this class. */
  @Override
  public void commit(List<Change> changes) {
    Change.checkCommit(changes);
    turn.lock();
    try {
      if (unnoted != null) {
        note(unnoted, StoreException.Outcome.NOT_WRITTEN);
      }
      for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
        History before = known == null ? readOn() : known;
        History after = before.with(next(before, changes));
        List<Change> all = new ArrayList<>(changes);
        all.add(Change.put(KEY, before.revision, encode(after)));
        known = null;
        try {
          store.commit(all);
        } catch (RevisionConflictException e) {
          if (!e.key().equals(KEY)) {
            throw e;
          }
          continue;
        }
        known = after;
        newest = after.newest();
        note(after.newest(), StoreException.Outcome.UNKNOWN);
        return;
      }
    } finally {
      turn.unlock();
    }
    throw new StaleRevisionException();
  }

  /**
   * The history as stored, which must have gone on from what is known here: a store may be put back
   * while it is in use, too.
   */
  private History readOn() {
    History stored = read();
    if (newest == null || stored.marks.contains(newest)) {
      return stored;
    }
    boolean wentFar = stored.revision > 0 && stored.newest().counter() > newest.counter();
    if (wentFar && stored.marks.get(stored.marks.size() - 1).counter() > newest.counter()) {
      return fresh();
    }
    throw notFresh(stored, Optional.of(newest));
  }

  private void note(Mark mark, StoreException.Outcome outcome) {
    unnoted = mark;
    try {
      anchor.advance(mark);
    } catch (RuntimeException e) {
      throw new StoreException("the freshness anchor did not note a commit", outcome, true, e);
    }
    unnoted = null;
  }

  private static Mark next(History before, List<Change> changes) {
    MessageDigest digest = sha256();
    long counter = 1;
    if (before.revision > 0) {
      counter = before.newest().counter() + 1;
      digest.update(HexFormat.of().parseHex(before.newest().digest()));
    }
    digest.update(longBytes(counter));
    for (Change change : changes) {
      byte[] key = change.key().text().getBytes(StandardCharsets.US_ASCII);
      digest.update(longBytes(key.length));
      digest.update(key);
      digest.update(longBytes(change.expectedRevision()));
      if (change instanceof Change.Put put) {
        digest.update(PUT);
        Instant end = put.expiresAt();
        digest.update(longBytes(end == null ? NEVER : end.toEpochMilli()));
        digest.update(longBytes(put.bytes().length));
        digest.update(put.bytes());
      } else {
        digest.update(change instanceof Change.Delete ? DELETE : REQUIRE);
      }
    }
    return new Mark(counter, HexFormat.of().formatHex(digest.digest()));
  }

  private static byte[] longBytes(long number) {
    return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is not available on this Java platform", e);
    }
  }

  @Override
  public Optional<StoredRecord> read(RecordKey key) {
    return store.read(key);
  }

  /** All records but that of this class. */
  @Override
  public List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
    List<StoredRecord> page = store.scan(after, limit);
    List<StoredRecord> others = new ArrayList<>(page);
    if (others.removeIf(stored -> stored.key().equals(KEY)) && page.size() == limit) {
      others.addAll(store.scan(page.get(limit - 1).key(), 1));
    }
    return others;
  }

  @Override
  public List<StoredRecord> expired(Instant now, @Nullable StoredRecord after, int limit) {
    return store.expired(now, after, limit);
  }

  /** Reports all records but that of this class. */
  @Override
  public Subscription watch(StoreListener listener) {
    Objects.requireNonNull(listener, "listener");
    return store.watch(
        new StoreListener() {
          @Override
          public void changed(Set<RecordKey> keys) {
            Set<RecordKey> others = new HashSet<>(keys);
            others.remove(KEY);
            if (!others.isEmpty()) {
              listener.changed(Set.copyOf(others));
            }
          }

          @Override
          public void missed() {
            listener.missed();
          }
        });
  }

  @Override
  public void close() {
    store.close();
  }
}
