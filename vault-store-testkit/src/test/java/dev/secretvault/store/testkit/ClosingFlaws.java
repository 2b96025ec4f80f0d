package dev.secretvault.store.testkit;

import static dev.secretvault.store.testkit.Flaw.flaw;
import static dev.secretvault.store.testkit.Flaw.flawedWorld;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.Flaw.World;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Stores that lose something when they are closed, opened or interrupted. */
final class ClosingFlaws {

  private ClosingFlaws() {}

  static List<Flaw> all() {
    return List.of(
        reopening(
            "loses everything", records -> List.of(), "commit_everyKindOfChange_outlivesTheStore"),
        reopening(
            "loses the last record",
            records -> records.subList(0, Math.max(0, records.size() - 1)),
            "commit_everyKindOfChange_outlivesTheStore"),
        reopening(
            "loses expiries",
            records ->
                records.stream().map(record -> stored(record, record.revision(), null)).toList(),
            "commit_everyKindOfChange_outlivesTheStore",
            "expired_severalRecords_soonestFirstThenByKey"),
        reopening(
            "counts from one when it is opened",
            records ->
                records.stream().map(record -> stored(record, 1, record.expiresAt())).toList(),
            "commit_everyKindOfChange_outlivesTheStore",
            "commit_betweenManyReopens_countsOn"),
        flawedWorld(
            "brings deleted records back",
            Undelete::new,
            "commit_everyKindOfChange_outlivesTheStore",
            "expired_recordDeleted_vanishes"),
        flawedWorld(
            "loses the last commit",
            LosesLastCommit::new,
            "commit_everyKindOfChange_outlivesTheStore"),
        flawedWorld(
            "writes when it is closed",
            WritesOnClose::new,
            "open_storeBeforeWasNotClosed_nothingIsLost"),
        flaw("cannot be closed twice", ClosesOnce::new, "close_twice_isClosingOnce"),
        flaw("stays open", StaysOpen::new, "close_anyCallAfterwards_throwsAndWritesNothing"),
        flaw(
            "swallows a commit while it closes",
            SwallowsLateCommit::new,
            "close_commitsRunning_losesNothingAcknowledged"),
        flaw(
            "refuses a commit that it makes",
            RefusesLastCommit::new,
            "close_commitsRunning_losesNothingAcknowledged"),
        flaw(
            "knows no records while it closes",
            EmptyWhenClosed::new,
            "close_readsRunning_theyAnswerRightlyOrThrow"),
        flawedWorld(
            "closes others with it", ClosesOthers::new, "close_otherStoreOpen_thatOneGoesOn"),
        flaw(
            "fails if interrupted",
            FailsIfInterrupted::new,
            "anyCall_threadIsInterrupted_worksAndKeepsTheFlag"),
        flaw(
            "clears the interrupt",
            ClearsInterrupt::new,
            "anyCall_threadIsInterrupted_worksAndKeepsTheFlag"),
        flaw(
            "is closed by an interrupt",
            ClosedByInterrupt::new,
            "commit_interruptsMeanwhile_goesOn"));
  }

  /** Writes what was stored to a new medium, with changes, each time a store is opened. */
  private static Flaw reopening(
      String name, UnaryOperator<List<StoredRecord>> rewrite, String... caughtBy) {
    return flawedWorld(
        name,
        world -> {
          List<StoredRecord> kept = rewrite.apply(world.sound().scan(null, SecretStore.MAX_PAGE));
          return world.renewed(kept);
        },
        caughtBy);
  }

  private static StoredRecord stored(
      StoredRecord record, long revision, @Nullable Instant expiresAt) {
    return new StoredRecord(record.key(), revision, expiresAt, record.bytes());
  }

  private static final class Undelete extends BrokenStore {
    private final World world;

    Undelete(World world) {
      super(world.sound());
      this.world = world;
      for (StoredRecord record : world.remembered) {
        if (revision(record.key()) == 0) {
          World.restore(record, sound);
        }
      }
    }

    @Override
    public void commit(List<Change> changes) {
      List<StoredRecord> deleted =
          changes.stream()
              .filter(Change.Delete.class::isInstance)
              .flatMap(change -> sound.read(change.key()).stream())
              .toList();
      sound.commit(changes);
      world.remembered = Stream.concat(world.remembered.stream(), deleted.stream()).toList();
    }
  }

  private static final class LosesLastCommit extends BrokenStore {
    private final World world;

    LosesLastCommit(World world) {
      super(world.renewed(world.remembered));
      this.world = world;
    }

    @Override
    public void commit(List<Change> changes) {
      List<StoredRecord> before = sound.scan(null, MAX_PAGE);
      sound.commit(changes);
      world.remembered = before;
    }
  }

  private static final class WritesOnClose extends BrokenStore {
    private final SecretStore disk;
    private final List<List<Change>> unwritten = new ArrayList<>();

    WritesOnClose(World world) {
      super(new InMemorySecretStore());
      this.disk = world.sound();
      disk.scan(null, MAX_PAGE).forEach(record -> World.restore(record, sound));
    }

    @Override
    public void commit(List<Change> changes) {
      sound.commit(changes);
      unwritten.add(changes);
    }

    @Override
    public void close() {
      unwritten.forEach(disk::commit);
      unwritten.clear();
      sound.close();
    }
  }

  private static final class ClosesOnce extends BrokenStore {
    private final AtomicBoolean closed = new AtomicBoolean();

    ClosesOnce(SecretStore sound) {
      super(sound);
    }

    @Override
    public void close() {
      if (closed.getAndSet(true)) {
        throw new IllegalStateException("store is closed");
      }
      sound.close();
    }
  }

  private static final class StaysOpen extends BrokenStore {
    StaysOpen(SecretStore sound) {
      super(sound);
    }

    @Override
    public void close() {}
  }

  private static final class SwallowsLateCommit extends BrokenStore {
    private final AtomicBoolean swallowed = new AtomicBoolean();

    SwallowsLateCommit(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      try {
        sound.commit(changes);
      } catch (IllegalStateException e) {
        if (swallowed.getAndSet(true)) {
          throw e;
        }
      }
    }
  }

  private static final class RefusesLastCommit extends BrokenStore {
    private final CountDownLatch refused = new CountDownLatch(1);
    private volatile boolean busy;
    private volatile boolean closing;

    RefusesLastCommit(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      sound.commit(changes);
      busy = true;
      if (closing) {
        refused.countDown();
        throw new IllegalStateException("store is closed");
      }
    }

    @Override
    public void close() {
      closing = true;
      try {
        if (busy) {
          refused.await();
        }
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      sound.close();
    }
  }

  private static final class EmptyWhenClosed extends BrokenStore {
    EmptyWhenClosed(SecretStore sound) {
      super(sound);
    }

    @Override
    public Optional<StoredRecord> read(RecordKey key) {
      return unlessClosed(() -> sound.read(key), Optional.empty());
    }

    @Override
    public List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
      return unlessClosed(() -> sound.scan(after, limit), List.of());
    }

    @Override
    public List<StoredRecord> expired(Instant now, @Nullable StoredRecord after, int limit) {
      return unlessClosed(() -> sound.expired(now, after, limit), List.of());
    }

    private static <T> T unlessClosed(Supplier<T> reading, T otherwise) {
      try {
        return reading.get();
      } catch (IllegalStateException e) {
        return otherwise;
      }
    }
  }

  private static final class ClosesOthers extends BrokenStore {
    private final World world;

    ClosesOthers(World world) {
      super(world.sound());
      this.world = world;
      world.open.add(sound);
    }

    @Override
    public void close() {
      world.open.forEach(SecretStore::close);
    }
  }

  private static final class FailsIfInterrupted extends BrokenStore {
    FailsIfInterrupted(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      if (Thread.currentThread().isInterrupted()) {
        throw new StoreException("interrupted", StoreException.Outcome.NOT_WRITTEN, true, null);
      }
      sound.commit(changes);
    }
  }

  private static final class ClearsInterrupt extends BrokenStore {
    ClearsInterrupt(SecretStore sound) {
      super(sound);
    }

    @Override
    public Optional<StoredRecord> read(RecordKey key) {
      Thread.interrupted();
      return sound.read(key);
    }
  }

  private static final class ClosedByInterrupt extends BrokenStore {
    ClosedByInterrupt(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      if (Thread.currentThread().isInterrupted()) {
        sound.close();
      }
      sound.commit(changes);
    }
  }
}
