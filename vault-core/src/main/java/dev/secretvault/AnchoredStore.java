package dev.secretvault;

import dev.secretvault.FreshnessAnchor.Mark;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A store whose every commit is counted, in a record of its own and with an anchor elsewhere, so
 * that an older copy is noticed. Nobody else sees that record.
 *
 * <p>The record goes into the commit, and the anchor follows before the commit returns. Before the
 * next one, whoever makes it has the anchor follow, and the store makes it only if the record is
 * the same still. So the record is never ahead of the anchor by more than one commit, whatever
 * fails and however many there are; and where the anchor stands has been in the record.
 */
final class AnchoredStore implements SecretStore {

  static final RecordKey KEY = new RecordKey("freshness");

  private static final SecureRandom RANDOM = new SecureRandom();

  /** Of so many vaults, the last commit is known. */
  private static final int HISTORY = 16;

  private static final int ID_BYTES = 2 * Long.BYTES;

  private static final byte LAYOUT = 1;

  static final int MOST_CHANGES = MAX_CHANGES - 1;
  static final int MOST_BYTES = MAX_COMMIT_BYTES - (1 + HISTORY * ID_BYTES);

  private final SecretStore store;
  private final FreshnessAnchor anchor;

  /** The first half of the ids of what is committed here. */
  private final long vault = RANDOM.nextLong();

  /** In one process, commits take turns: all but one would lose the race for the record. */
  private final Lock turn = new ReentrantLock();

  AnchoredStore(SecretStore store, FreshnessAnchor anchor) {
    this.store = store;
    this.anchor = anchor;
  }

  /**
   * The ids of the last commits, the newest first: of the last two, which is what an anchor may
   * stand at, and of the last one of each vault, for one that is slow and finds that others had the
   * anchor follow, and went on.
   *
   * @param revision of the record that holds them, which counts the commits; 0 if there is none
   */
  private record History(long revision, List<UUID> ids) {

    static History of(StoredRecord stored) {
      ByteBuffer in = ByteBuffer.wrap(stored.bytes());
      if (in.hasRemaining() && in.get() != LAYOUT) {
        throw new UnsupportedFormatException(
            "the record of the vault's freshness has a newer layout than " + LAYOUT + ": upgrade",
            null);
      }
      int count = in.remaining() / ID_BYTES;
      if (count < 1 || count > HISTORY || in.remaining() != count * ID_BYTES) {
        throw new IntegrityException("the record of the vault's freshness is malformed", null);
      }
      List<UUID> ids = new ArrayList<>();
      while (in.hasRemaining()) {
        ids.add(new UUID(in.getLong(), in.getLong()));
      }
      return new History(stored.revision(), ids);
    }

    Optional<Mark> newest() {
      return ids.stream().findFirst().map(id -> new Mark(revision, id));
    }

    /** Nobody makes a second commit before the first is noted. */
    boolean goesOnFrom(Optional<Mark> noted) {
      return noted.map(mark -> ids.contains(mark.id())).orElse(revision <= 1);
    }

    Change with(Mark next) {
      List<UUID> longer = new ArrayList<>(List.of(next.id()));
      Set<Long> vaults = new HashSet<>(Set.of(vaultOf(next.id())));
      for (UUID id : ids) {
        boolean lastOfItsVault = vaults.add(vaultOf(id));
        if (lastOfItsVault || longer.size() == 1) {
          longer.add(id);
        }
      }
      int count = Math.min(longer.size(), HISTORY);
      ByteBuffer out = ByteBuffer.allocate(1 + count * ID_BYTES).put(LAYOUT);
      for (UUID id : longer.subList(0, count)) {
        out.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
      }
      return Change.put(KEY, revision, out.array());
    }

    private static long vaultOf(UUID id) {
      return id.getMostSignificantBits();
    }
  }

  /**
   * Requires an anchor that has no mark yet.
   *
   * @throws IllegalStateException if it has one
   */
  void requireNewAnchor() {
    if (Failures.translated(() -> asked(anchor::read)).isPresent()) {
      throw new IllegalStateException("freshness: the anchor has a mark already: take a new one");
    }
  }

  /**
   * Compares a vault with its anchor. The first time, or from now on if that is said, begins to
   * count, with a commit that rewrites the header: each commit of a vault without the anchor
   * requires that as it was, and each of one with another anchor finds its mark gone.
   */
  void begin(boolean fromNow) {
    Failures.translated(
        () -> {
          boolean anew = fromNow && asked(anchor::read).isEmpty();
          begin(anew ? this::forgotten : this::fresh);
        });
  }

  /** The history without all that the record holds, be it damaged. */
  private History forgotten() {
    return new History(store.read(KEY).map(StoredRecord::revision).orElse(0L), List.of());
  }

  private void begin(Supplier<History> start) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      if (start.get().newest().isPresent()) {
        return;
      }
      StoredRecord header =
          store
              .read(HeaderRecord.KEY)
              .orElseThrow(() -> new IntegrityException("the vault's header is gone", null));
      try {
        commit(List.of(Change.put(header.key(), header.revision(), header.bytes())), start);
        return;
      } catch (RevisionConflictException changedByAnother) {
        // Perhaps by one that has begun.
      }
    }
    throw new StaleRevisionException();
  }

  /**
   * The history as stored, which the anchor has followed.
   *
   * @throws IntegrityException if the store is an older copy, or went on from one, or if the anchor
   *     has lost its mark
   */
  private History fresh() {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Optional<Mark> noted = asked(anchor::read);
      History stored = stored();
      if (!stored.goesOnFrom(noted)) {
        if (asked(anchor::read).equals(noted)) {
          throw notFresh(stored, noted); // It stood still meanwhile, so nobody went on.
        }
      } else if (stored.newest().equals(noted) || asked(() -> follow(noted, stored))) {
        return stored;
      }
    }
    throw new StaleRevisionException();
  }

  private boolean follow(Optional<Mark> noted, History stored) {
    return anchor.advance(noted.orElse(null), stored.newest().orElseThrow());
  }

  private static <T> T asked(Supplier<T> question) {
    try {
      return question.get();
    } catch (RuntimeException e) {
      throw new StoreException(
          "the freshness anchor failed: " + e.getClass().getName(), Outcome.NOT_WRITTEN, true, e);
    }
  }

  private History stored() {
    return store.read(KEY).map(History::of).orElse(new History(0, List.of()));
  }

  private static IntegrityException notFresh(History stored, Optional<Mark> noted) {
    long anchored = noted.map(Mark::counter).orElse(0L);
    String found =
        noted.isEmpty()
            ? "the freshness anchor has no mark, though the store has had one: commit "
                + stored.revision
            : stored.revision < anchored
                ? "the store is an older copy than its freshness anchor has seen: commit "
                    + stored.revision
                    + " of "
                    + anchored
                : "the store has another history than its freshness anchor has seen: it went on"
                    + " from an older copy, or with another anchor, before commit "
                    + anchored;
    return new IntegrityException(
        found + "; to take it as it stands, open it with freshnessFromNow", null);
  }

  /** As any store, but for room for the record of this class. */
  @Override
  public void commit(List<Change> changes) {
    requireRoom(Change.checkCommit(changes));
    commit(changes, this::fresh);
  }

  private static void requireRoom(List<Change> changes) {
    long bytes = 0;
    for (Change change : changes) {
      bytes += change instanceof Change.Put put ? put.bytes().length : 0;
    }
    if (changes.size() > MOST_CHANGES || bytes > MOST_BYTES) {
      throw new IllegalArgumentException(
          "changes: with a freshness anchor at most %d with %d bytes, but there are %d with %d"
              .formatted(MOST_CHANGES, MOST_BYTES, changes.size(), bytes));
    }
  }

  private void commit(List<Change> changes, Supplier<History> start) {
    turn.lock();
    try {
      for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
        History before = start.get();
        Mark made = new Mark(before.revision + 1, new UUID(vault, RANDOM.nextLong()));
        List<Change> all = new ArrayList<>(changes);
        all.add(before.with(made));
        try {
          store.commit(all);
        } catch (RevisionConflictException e) {
          if (!e.key().equals(KEY)) {
            throw e;
          }
          continue;
        }
        note(before.newest(), made);
        return;
      }
    } finally {
      turn.unlock();
    }
    throw new StaleRevisionException();
  }

  /**
   * If the anchor stands elsewhere, others had it follow, and may have gone on. Or they went on
   * from a copy without this commit: then what it was to give out must not be given out.
   */
  private void note(Optional<Mark> before, Mark made) {
    boolean noted;
    try {
      noted = anchor.advance(before.orElse(null), made) || fresh().ids.contains(made.id());
    } catch (RuntimeException e) {
      throw new StoreException(
          "a commit was not noted: " + e.getClass().getName(), Outcome.UNKNOWN, true, e);
    }
    if (!noted) {
      throw new StoreException(
          "the store no longer tells whether a commit is part of it", Outcome.UNKNOWN, true, null);
    }
  }

  @Override
  public Optional<StoredRecord> read(RecordKey key) {
    return key.equals(KEY) ? Optional.empty() : store.read(key);
  }

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
