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
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A store whose every commit is counted, in a record of its own and with an anchor elsewhere, so that
 * an older copy is noticed.
 *
 * <p>The record goes into the commit, and the anchor follows before the commit returns. So the record
 * may be ahead of the anchor by what was committed when processes died between the two, but the
 * anchor is never ahead of the store that it belongs to. The digest of each commit covers the one
 * before, and the record holds the last few: a store that has gone on from an older copy has another
 * digest where the anchor stands.
 */
final class AnchoredStore implements SecretStore {

  static final RecordKey KEY = new RecordKey("freshness");

  /** More processes than that do not die at once between a commit and its note. */
  private static final int HISTORY = 8;

  private static final int DIGEST_BYTES = 32;
  private static final int ENTRY_BYTES = Long.BYTES + DIGEST_BYTES;

  private final SecretStore store;
  private final FreshnessAnchor anchor;

  /** In one process, commits take turns: all but one would lose the race for the record. */
  private final Lock turn = new ReentrantLock();

  /** As last known; null if it has to be read. Guarded by {@link #turn}. */
  private @Nullable History known;

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
   * Compares a store with an anchor. Empty ones take over what the other has: nothing, or where the
   * store stands.
   *
   * @throws IntegrityException if the store is an older copy, or went on from one
   */
  static SecretStore open(SecretStore store, FreshnessAnchor anchor) {
    AnchoredStore anchored = new AnchoredStore(store, anchor);
    Optional<Mark> noted = anchor.read();
    History stored = Failures.translated(() -> anchored.read());
    noted.ifPresent(mark -> requireFresh(stored, mark));
    if (stored.revision > 0) {
      anchor.advance(stored.newest());
    }
    return anchored;
  }

  private static void requireFresh(History stored, Mark noted) {
    if (stored.revision == 0 || stored.newest().counter() < noted.counter()) {
      throw new IntegrityException(
          "the store is an older copy than its freshness anchor has seen: commit "
              + (stored.revision == 0 ? 0 : stored.newest().counter())
              + " of "
              + noted.counter(),
          null);
    }
    if (!stored.marks.contains(noted)) {
      throw new IntegrityException(
          "the store has another history than its freshness anchor has seen: it went on from an"
              + " older copy before commit "
              + noted.counter(),
          null);
    }
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

  @Override
  public void commit(List<Change> changes) {
    turn.lock();
    try {
      for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
        History before = known == null ? read() : known;
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
        advance(after.newest());
        return;
      }
    } finally {
      turn.unlock();
    }
    throw new StaleRevisionException();
  }

  private void advance(Mark mark) {
    try {
      anchor.advance(mark);
    } catch (RuntimeException e) {
      throw new StoreException(
          "the freshness anchor failed after a commit", StoreException.Outcome.UNKNOWN, true, e);
    }
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
      byte[] content = change instanceof Change.Put put ? put.bytes() : new byte[0];
      digest.update(longBytes(content.length));
      digest.update(content);
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
  public List<StoredRecord> expired(Instant now, int limit) {
    return store.expired(now, limit);
  }

  @Override
  public Subscription watch(StoreListener listener) {
    return store.watch(listener);
  }

  @Override
  public void close() {
    store.close();
  }
}
