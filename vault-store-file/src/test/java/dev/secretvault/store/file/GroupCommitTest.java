package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static dev.secretvault.store.file.Records.stateOf;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.file.HookedDisk.Call;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Commits that wait for each other share one frame and one force, and each keeps its promise. */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class GroupCommitTest {

  private static final int THREADS = 32;

  private final SimulatedDisk disk = new SimulatedDisk();

  @Test
  void commit_othersWaitMeanwhile_shareOneFrameAndOneForce() {
    Gathered gathered = Gathered.on(disk);
    for (int i = 0; i < THREADS; i++) {
      gathered.add(put("k" + i, 0, "value " + i));
    }
    int forces = gathered.count(Call.SYNC);
    gathered.release();
    assertThat(gathered.failures()).isEmpty();
    assertThat(gathered.count(Call.SYNC) - forces).as("forces for all of them").isEqualTo(1);
    assertThat(lines()).as("header, the commit they waited for, and their frame").hasSize(3);
    gathered.close();
    assertThat(stateOf(disk.afterPowerLoss())).hasSize(THREADS + 1);
  }

  private List<String> lines() {
    byte[] log = LogText.withoutFreeSpace(disk.content("log.1"));
    return new String(log, UTF_8).lines().toList();
  }

  @Test
  void commit_before_itsForce_isNeitherAcknowledgedNorSeenNorReported() {
    List<Set<RecordKey>> reports = new CopyOnWriteArrayList<>();
    Gathered gathered = Gathered.on(disk, store -> store.watch(new Noting(reports)));
    for (int i = 0; i < 4; i++) {
      gathered.add(put("k" + i, 0, "value"));
    }
    AtomicInteger looks = new AtomicInteger();
    gathered.atEach(
        Call.SYNC,
        () -> {
          looks.incrementAndGet();
          assertThat(gathered.settled()).as("acknowledged").isZero();
          assertThat(gathered.store().read(key("k0"))).isEmpty();
          assertThat(gathered.store().scan(null, 10)).hasSize(1);
          assertThat(reports).noneMatch(keys -> keys.contains(key("k1")));
        });
    gathered.release();
    assertThat(looks).hasPositiveValue();
    assertThat(gathered.failures()).isEmpty();
    // One report for each commit, though they were one frame.
    assertThat(reports).contains(Set.of(key("k0")), Set.of(key("k1")), Set.of(key("k3")));
    gathered.close();
  }

  @Test
  void commit_lostAgainstOneOfTheSameBatch_isToldAfterThatOneIsDurable() {
    Gathered gathered = Gathered.on(disk);
    gathered.add(put("a", 0, "winner"));
    gathered.add(put("a", 0, "loser"));
    gathered.add(Change.require(key("a"), 0), put("b", 0, "loser too"));
    gathered.add(Change.require(key("a"), 1), put("c", 0, "follows the winner"));
    gathered.atEach(Call.SYNC, () -> assertThat(gathered.settled()).isZero());
    gathered.release();
    assertThat(gathered.failures()).hasSize(2).containsOnlyKeys(1, 2);
    for (Throwable failure : gathered.failures().values()) {
      assertThat(failure)
          .isInstanceOfSatisfying(
              RevisionConflictException.class,
              conflict -> {
                assertThat(conflict.key()).isEqualTo(key("a"));
                assertThat(conflict.stored()).isEqualTo(1);
              });
    }
    assertThat(state(gathered.store()))
        .containsEntry("a", "1 winner")
        .containsOnlyKeys("0", "a", "c");
    gathered.close();
  }

  @Test
  void commit_lostAgainstOneThatCouldNotBeWritten_isNotToldThatItLost() {
    Gathered gathered = Gathered.on(disk);
    gathered.add(put("a", 0, "winner"));
    gathered.add(put("a", 0, "loser"));
    gathered.failNext(Call.WRITE);
    gathered.release();
    assertThat(gathered.failures()).hasSize(2);
    assertThat(gathered.failures().values())
        .allSatisfy(
            failure -> {
              assertThat(failure).isInstanceOf(StoreException.class);
              assertThat(((StoreException) failure).outcome()).isEqualTo(Outcome.NOT_WRITTEN);
            });
    commit(gathered.store(), put("a", 0, "still here"));
    gathered.close();
  }

  @Test
  void commit_sameRecordTwiceInABatch_goesIntoTwoFrames() {
    Gathered gathered = Gathered.on(disk);
    gathered.add(put("a", 0, "one"));
    gathered.add(put("b", 0, "beside"));
    gathered.add(put("a", 1, "two"));
    gathered.add(delete("b", 1));
    gathered.release();
    assertThat(gathered.failures()).isEmpty();
    assertThat(lines()).hasSize(4);
    gathered.close();
    assertThat(stateOf(disk.afterPowerLoss()))
        .containsOnlyKeys("0", "a")
        .containsEntry("a", "2 two");
  }

  @Test
  void commit_moreThanAFrameCanCarry_goesIntoSeveral() {
    Gathered gathered = Gathered.on(disk);
    for (int i = 0; i < 3; i++) {
      Change[] changes = new Change[400];
      for (int j = 0; j < changes.length; j++) {
        changes[j] = put("k" + i + "-" + j, 0, "");
      }
      gathered.add(changes);
    }
    for (int i = 0; i < 3; i++) {
      gathered.add(
          Change.put(key("large" + i), 0, new byte[Change.MAX_BYTES]),
          Change.put(key("larger" + i), 0, new byte[Change.MAX_BYTES]));
    }
    gathered.release();
    assertThat(gathered.failures()).isEmpty();
    assertThat(lines()).hasSize(2 + 3);
    gathered.close();
    try (FileSecretStore store = open(disk.afterPowerLoss())) {
      assertThat(store.recovery()).isEqualTo(Recovery.NONE);
    }
  }

  @Test
  void commit_storeClosedWhileItWaits_isRefused() {
    Gathered gathered = Gathered.on(disk);
    gathered.add(put("a", 0, "late"));
    gathered.atEach(Call.SYNC, () -> {});
    Thread closer = new Thread(gathered.store()::close);
    gathered.release(closer);
    // Whoever came first, nothing is there that was not acknowledged, or the reverse.
    boolean refused = gathered.failures().containsKey(0);
    if (refused) {
      assertThat(gathered.failures().get(0)).isInstanceOf(IllegalStateException.class);
    }
    assertThat(stateOf(disk.afterPowerLoss()).containsKey("a")).isEqualTo(!refused);
  }

  /** The first call of each kind behind the gathering fails, then the second, and so on. */
  @ParameterizedTest
  @EnumSource(names = {"READ", "WRITE", "TRUNCATE", "SYNC", "IS_NAMED"})
  void commit_diskFailsUnderABatch_allOfItIsDurableOrNothingAcknowledged(Call call) {
    for (int nth = 1; nth <= 3; nth++) {
      for (boolean forGood : new boolean[] {false, true}) {
        SimulatedDisk fresh = new SimulatedDisk();
        Gathered gathered = Gathered.on(fresh);
        for (int i = 0; i < 8; i++) {
          gathered.add(put("k" + i, 0, "value"), put("both" + i / 2, i % 2, "from " + i));
        }
        gathered.fail(call, nth, forGood);
        gathered.release();
        assertLedger(gathered, fresh);
      }
    }
  }

  private static void assertLedger(Gathered gathered, SimulatedDisk disk) {
    Map<Integer, Throwable> failures = gathered.failures();
    gathered.close();
    for (SimulatedDisk image : List.of(disk.afterKill(), disk.afterPowerLoss())) {
      Map<String, String> found = stateOf(image);
      for (int i = 0; i < 8; i++) {
        Throwable failure = failures.get(i);
        if (failure == null) {
          assertThat(found).containsKey("k" + i);
        } else if (failure instanceof RevisionConflictException
            || ((StoreException) failure).outcome() == Outcome.NOT_WRITTEN) {
          assertThat(found).doesNotContainKey("k" + i);
        }
      }
    }
  }

  /** Not an I/O error, and nobody knows what it left on disk. */
  @Test
  void commit_leaderDiesOfAnError_othersAreToldAndTheStoreIsPoisoned() {
    Gathered gathered = Gathered.on(disk);
    gathered.add(put("a", 0, ""));
    gathered.add(put("b", 0, ""));
    gathered.atEach(
        Call.WRITE,
        () -> {
          throw new OutOfMemoryError("Java heap space");
        });
    gathered.release();
    assertThat(gathered.failures()).hasSize(2);
    assertThat(gathered.failures().get(0)).isInstanceOf(OutOfMemoryError.class);
    assertThat(gathered.failures().get(1))
        .isInstanceOfSatisfying(
            StoreException.class,
            told -> {
              assertThat(told.outcome()).isEqualTo(Outcome.UNKNOWN);
              assertThat(told.retryable()).isFalse();
            });
    assertThatThrownBy(() -> gathered.store().read(key("a"))).isInstanceOf(StoreException.class);
    gathered.close();
  }

  /** The power goes at any call, with any part of a batch on the disk. */
  @Test
  void commit_powerLostUnderABatch_isThereAsAWholeOrNotAtAll() {
    Gathered gathered = Gathered.on(disk);
    for (int i = 0; i < 6; i++) {
      gathered.add(put("k" + i, 0, "value " + i));
    }
    AtomicInteger images = new AtomicInteger();
    gathered.atEach(
        Call.SYNC,
        () -> {
          byte[] written = disk.content("log.1");
          for (int end = disk.durableContent("log.1").length; end <= written.length; end++) {
            byte[] part = Arrays.copyOf(written, end);
            int found = stateOf(disk.afterPowerLoss("log.1", part)).size();
            assertThat(found).isEqualTo(end < written.length ? 1 : 7);
            images.incrementAndGet();
          }
        });
    gathered.release();
    assertThat(gathered.failures()).isEmpty();
    assertThat(images).hasValueGreaterThan(200);
    gathered.close();
  }

  @Test
  void commit_manyThreadsOnARealDisk_countersAddUp(@TempDir Path parent) throws Exception {
    int rounds = 25;
    List<Throwable> failures = new CopyOnWriteArrayList<>();
    try (FileSecretStore store = FileSecretStore.open(parent.resolve("store"))) {
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        String own = "own" + i;
        threads.add(
            new Thread(
                () -> {
                  try {
                    for (int round = 0; round < rounds; round++) {
                      commit(store, put(own, round, "round " + round));
                      Records.increment(store, "counter");
                    }
                  } catch (Throwable failed) {
                    failures.add(failed);
                  }
                }));
      }
      threads.forEach(Thread::start);
      for (Thread thread : threads) {
        thread.join();
      }
    }
    assertThat(failures).isEmpty();
    try (FileSecretStore store = FileSecretStore.openExisting(parent.resolve("store"))) {
      Map<String, String> expected = new TreeMap<>();
      expected.put("counter", THREADS * rounds + " " + THREADS * rounds);
      for (int i = 0; i < THREADS; i++) {
        expected.put("own" + i, rounds + " round " + (rounds - 1));
      }
      assertThat(state(store)).isEqualTo(expected);
    }
  }

  private record Noting(List<Set<RecordKey>> reports) implements StoreListener {
    @Override
    public void changed(Set<RecordKey> keys) {
      reports.add(keys);
    }

    @Override
    public void missed() {}
  }
}
