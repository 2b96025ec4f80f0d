package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.put;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreListeners;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.file.HookedDisk.Call;
import dev.secretvault.store.file.HookedDisk.Hook;
import dev.secretvault.store.file.HookedDisk.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/**
 * How much a store reads and writes while it keeps all others from committing, in bytes: whatever
 * has come together, it is no more than a fixed number. Time would depend on the disk.
 */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class PauseTest {

  private static final long MEGABYTE = 1 << 20;

  /** What else is done meanwhile: names, notes, the first line, a commit of a few bytes. */
  private static final long LITTLE = 1 << 16;

  private final SimulatedDisk disk = new SimulatedDisk();

  /** Adds up what one store reads and writes each time that it has the directory to itself. */
  private static final class Meter implements Hook {
    private long bytes;
    private long calls;
    private long mostBytes;
    private long mostCalls;
    private boolean holds;

    /** What somebody else does before a call. */
    private BiConsumer<Call, String> before = (call, name) -> {};

    void reset() {
      mostBytes = 0;
      mostCalls = 0;
    }

    @Override
    public <T> T aroundHold(Operation<T> operation) throws IOException {
      bytes = 0;
      calls = 0;
      holds = true;
      try {
        return operation.run();
      } finally {
        holds = false;
        mostBytes = Math.max(mostBytes, bytes);
        mostCalls = Math.max(mostCalls, calls);
      }
    }

    @Override
    public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
      before.accept(call, name);
      calls += holds ? 1 : 0;
      return operation.run();
    }

    @Override
    public <T> T aroundRead(String name, int length, Operation<T> operation) throws IOException {
      bytes += holds ? length : 0;
      return around(Call.READ, name, operation);
    }

    @Override
    public void aroundWrite(String name, long position, byte[] written, Operation<Void> operation)
        throws IOException {
      bytes += holds ? written.length : 0;
      around(Call.WRITE, name, operation);
    }
  }

  /** Writes so many megabytes, in records of 64 KiB on disk. */
  private static void fill(FileSecretStore store, int megabytes) {
    fill(store, megabytes * 16, 1 << 16);
  }

  private static void fill(FileSecretStore store, int records, int length) {
    byte[] value = new byte[length / 4 * 3];
    for (int i = 0; i < records; i++) {
      store.commit(List.of(Change.put(key("k%06d".formatted(i)), 0, value)));
    }
  }

  @Test
  void read_othersHaveWrittenMuch_readsItWhileTheyGoOn() {
    Meter meter = new Meter();
    try (FileSecretStore store = open(new HookedDisk(disk, meter));
        FileSecretStore other = open(disk)) {
      fill(other, 10);
      meter.reset();
      assertThat(store.read(key("k000150"))).isPresent();
      assertThat(meter.mostBytes).isLessThan(SharedLog.NEAR + LITTLE);
      commit(other, delete("k000000", 1), put("a", 0, "alpha"));
      meter.reset();
      commit(store, put("b", 0, "beta"));
      assertThat(meter.mostBytes).as("no more than there is to be read").isLessThan(LITTLE);
      assertThat(store.read(key("a"))).isPresent();
      assertThat(store.read(key("k000000"))).isEmpty();
    }
  }

  @Test
  void commit_othersHaveWrittenMuch_readsItWhileTheyGoOn() {
    Meter meter = new Meter();
    try (FileSecretStore store = open(new HookedDisk(disk, meter));
        FileSecretStore other = open(disk)) {
      fill(other, 10);
      commit(other, delete("k000007", 1), put("k000009", 1, "replaced"));
      meter.reset();
      commit(store, put("k000007", 0, "created anew"), put("k000009", 2, "replaced again"));
      assertThat(meter.mostBytes).isLessThan(SharedLog.NEAR + LITTLE);
      assertThat(other.read(key("k000009")).map(Records::text)).hasValue("3 replaced again");
    }
  }

  /** What is read outside of the lock changes meanwhile: values are erased, and files replaced. */
  @Test
  void read_othersEraseAndCompactMeanwhile_findsWhatIsStored() throws Exception {
    for (int compactAt : new int[] {Integer.MAX_VALUE, 3}) {
      SimulatedDisk fresh = new SimulatedDisk();
      AtomicInteger reads = new AtomicInteger(-1);
      try (FileSecretStore other = open(fresh)) {
        Hook meanwhile =
            new Hook() {
              @Override
              public <T> T around(Call call, String name, Operation<T> operation)
                  throws IOException {
                if (call == Call.READ && !fresh.isHeld() && reads.get() >= 0) {
                  int read = reads.incrementAndGet();
                  commit(other, delete("k%06d".formatted(2 * read), 1));
                  commit(other, delete("k%06d".formatted(159 - 2 * read), 1));
                  if (read == compactAt) {
                    other.compact();
                  }
                }
                return operation.run();
              }
            };
        try (FileSecretStore store = open(new HookedDisk(fresh, meanwhile))) {
          fill(other, 10);
          reads.set(0);
          assertThat(store.read(key("k000002"))).isEmpty();
          int erased = 2 * reads.getAndSet(-1);
          assertThat(erased).as("outside of the lock").isGreaterThan(8);
          assertThat(store.scan(null, 1_000)).hasSize(160 - erased);
          assertThat(store.scan(null, 1_000)).hasSameSizeAs(other.scan(null, 1_000));
        }
      }
    }
  }

  /** The end of what is settled is where the next one to delete will erase. */
  @Test
  void read_theLastSettledValueIsErasedMeanwhile_readsTheNewLogWhileOthersGoOn() throws Exception {
    Meter meter = new Meter();
    AtomicInteger last = new AtomicInteger(-1);
    try (FileSecretStore other = open(disk)) {
      Hook meanwhile =
          new Hook() {
            @Override
            public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
              if (call == Call.OPEN && !disk.isHeld() && last.get() >= 0) {
                commit(other, delete("last" + last, 1));
                commit(other, put("last" + last.incrementAndGet(), 0, "to be erased"));
              }
              return operation.run();
            }
          };
      try (FileSecretStore store = open(new HookedDisk(new HookedDisk(disk, meanwhile), meter))) {
        fill(other, 10);
        assertThat(store.scan(null, 1)).hasSize(1);
        other.compact();
        commit(other, put("last0", 0, "to be erased"));
        last.set(0);
        meter.reset();
        assertThat(store.read(key("last0"))).isEmpty();
        assertThat(last.getAndSet(-1)).isPositive();
        assertThat(meter.mostBytes).isLessThan(SharedLog.NEAR + LITTLE);
        assertThat(store.scan(null, 1_000)).hasSameSizeAs(other.scan(null, 1_000)).hasSize(161);
      }
    }
  }

  @Test
  void read_anotherHasCompacted_readsTheNewLogWhileOthersGoOn() throws Exception {
    Meter meter = new Meter();
    try (FileSecretStore store = open(new HookedDisk(disk, meter));
        FileSecretStore other = open(disk)) {
      fill(other, 10);
      assertThat(store.scan(null, 1)).hasSize(1);
      other.compact();
      commit(other, delete("k000003", 1), put("a", 0, "behind the base"));
      meter.reset();
      assertThat(store.read(key("a"))).isPresent();
      assertThat(store.read(key("k000003"))).isEmpty();
      assertThat(store.scan(null, 1_000)).hasSize(160);
      assertThat(meter.mostBytes).isLessThan(SharedLog.NEAR + LITTLE);
      commit(store, delete("a", 1));
      assertThat(other.read(key("a"))).isEmpty();
    }
  }

  @Test
  void compact_undisturbed_holdsTheLockForOnePieceAtATime() throws Exception {
    Meter meter = new Meter();
    try (FileSecretStore store = open(new HookedDisk(disk, meter))) {
      fill(store, 10);
      meter.reset();
      store.compact();
      assertThat(disk.list()).containsExactly("log.2", "settled");
      // Read and written, and the value that exceeds the piece.
      assertThat(meter.mostBytes).isLessThan(2 * Compaction.PIECE_BYTES + 3 * LITTLE + LITTLE);
    }
  }

  @Test
  void compact_manySmallRecords_takesAFixedNumberOfCalls() throws Exception {
    Meter meter = new Meter();
    try (FileSecretStore store = open(new HookedDisk(disk, meter))) {
      for (int from = 0; from < 5_000; from += 500) {
        Change[] changes = new Change[500];
        for (int i = 0; i < 500; i++) {
          changes[i] = put("k%06d".formatted(from + i), 0, "");
        }
        commit(store, changes);
      }
      meter.reset();
      store.compact();
      assertThat(disk.list()).containsExactly("log.2", "settled");
      assertThat(meter.mostCalls).isLessThan(2 * Compaction.PIECE_RECORDS + 100);
    }
  }

  /**
   * Tries to compact so many megabytes, while each time before the lock is taken again, somebody
   * else erases a record; returns how often it takes, 6 if it did not succeed by then.
   */
  private int attempts(int megabytes, Meter meter) throws IOException {
    AtomicInteger next = new AtomicInteger();
    try (FileSecretStore other = open(disk)) {
      meter.before =
          (call, name) -> {
            if (call == Call.LOCK && disk.list().contains("log.2.tmp")) {
              commit(other, delete("small" + next.getAndIncrement(), 1));
            }
          };
      try (FileSecretStore store = open(new HookedDisk(disk, meter))) {
        fill(store, megabytes / 4, 1 << 22);
        for (int i = 0; i < 20; i++) {
          commit(store, put("small" + i, 0, "to be erased"));
        }
        meter.reset();
        int attempts = 0;
        while (disk.list().contains("log.1") && attempts < 6) {
          store.compact();
          attempts++;
        }
        assertThat(store.scan(null, 10)).hasSameSizeAs(other.scan(null, 10));
        return attempts;
      }
    }
  }

  @Test
  void compact_disturbedAgainAndAgain_succeedsWithoutLettingGo() throws Exception {
    Meter meter = new Meter();
    assertThat(attempts(12, meter)).isLessThan(6);
    assertThat(meter.mostBytes).isBetween(2 * 12 * MEGABYTE, 2 * 12 * MEGABYTE + 2 * LITTLE);
  }

  @Test
  void compact_disturbedAgainAndAgainWithTooMuch_isAllowedTwiceAsMuch() throws Exception {
    Meter meter = new Meter();
    int tooMuch = (int) (Compactor.MOST_ALONE / MEGABYTE) + 8;
    assertThat(attempts(tooMuch, meter))
        .as("three in pieces, one of 64 MiB, the last")
        .isEqualTo(5);
    assertThat(meter.mostBytes)
        .as("each byte is read and written")
        .isBetween(2L * tooMuch * MEGABYTE, 2L * tooMuch * MEGABYTE + 2 * LITTLE);
  }

  /**
   * Compacts four megabytes, while the same store replaces records each time that the lock is let
   * go of, in so many commits of so many records of 64 KiB each, but only in the first gaps;
   * returns how many there were.
   */
  private int gaps(int first, int commits, int records, Meter meter) throws IOException {
    AtomicInteger gaps = new AtomicInteger();
    AtomicInteger replaced = new AtomicInteger();
    try (FileSecretStore store = open(disk)) {
      fill(store, 4);
    }
    Disk metered = new HookedDisk(disk, meter);
    Announcer announcer = new Announcer(new StoreListeners());
    // Not a store, which would also compact by itself.
    try (SharedLog log = disk.exclusively(() -> SharedLog.open(metered, announcer))) {
      meter.before =
          (call, name) -> {
            if (call == Call.SYNC
                && name.equals("log.2.tmp")
                && !disk.isHeld()
                && gaps.getAndIncrement() < first) {
              for (int commit = 0; commit < commits; commit++) {
                log.commit(List.of(new Commit(replacements(records, replaced)))).settle();
              }
            }
          };
      meter.reset();
      log.compactor().compact();
    }
    assertThat(disk.list()).containsExactly("log.2", "settled");
    try (FileSecretStore store = open(disk)) {
      assertThat(store.scan(null, 1_000).stream().mapToLong(StoredRecord::revision).sum())
          .isEqualTo(64L + replaced.get());
    }
    return gaps.get();
  }

  private static List<Change> replacements(int records, AtomicInteger replaced) {
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < records; i++) {
      int number = replaced.getAndIncrement();
      RecordKey key = key("k%06d".formatted(number % 64));
      changes.add(Change.put(key, 1 + number / 64, new byte[3 << 14]));
    }
    return changes;
  }

  @Test
  void compact_allIsReplacedMeanwhile_copiesItPieceByPiece() throws Exception {
    Meter meter = new Meter();
    assertThat(gaps(1, 64, 1, meter)).isGreaterThan(20);
    // A piece, the value that exceeds it, and what is left; read, written, and the copy erased.
    assertThat(meter.mostBytes).isLessThan(3 * (2 * Compaction.PIECE_BYTES + LITTLE) + 2 * LITTLE);
  }

  @Test
  void compact_moreThanAPieceIsReplacedAgainAndAgain_ends() throws Exception {
    assertThat(gaps(100, 1, 12, new Meter())).isBetween(14, 50);
  }

  /** Also while a compaction has the directory to itself. */
  @Test
  void read_duringACompaction_doesNotWait() throws Exception {
    FileSecretStore[] reader = new FileSecretStore[1];
    AtomicInteger reads = new AtomicInteger();
    Hook hook =
        new Hook() {
          @Override
          public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
            if (call == Call.WRITE && name.equals("log.2.tmp") && disk.isHeld()) {
              FutureTask<Boolean> read =
                  new FutureTask<>(() -> reader[0].read(key("k000001")).isPresent());
              new Thread(read).start();
              try {
                assertThat(read.get()).isTrue();
              } catch (Exception unexpected) {
                throw new AssertionError(unexpected);
              }
              reads.incrementAndGet();
            }
            return operation.run();
          }
        };
    try (FileSecretStore store = open(new HookedDisk(disk, hook))) {
      reader[0] = store;
      fill(store, 2);
      store.compact();
      assertThat(reads).hasValueGreaterThan(4);
      assertThat(disk.list()).containsExactly("log.2", "settled");
    }
  }
}
