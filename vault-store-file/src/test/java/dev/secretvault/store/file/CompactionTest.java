package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static dev.secretvault.store.file.Records.stateOf;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.file.HookedDisk.Call;
import dev.secretvault.store.file.HookedDisk.Hook;
import dev.secretvault.store.file.HookedDisk.Operation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** A log becomes as short as what is stored, while all go on, whatever breaks off. */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class CompactionTest {

  /** More records than are copied in one piece. */
  private static final int MANY = 1_200;

  static final String GONE = "a value that was replaced before";
  private static final String DOOMED = "a value that is replaced meanwhile";

  /** A few records, some with a past. */
  static void fill(SecretStore store) {
    commit(store, put("a", 0, GONE), put("b", 0, "beta", 1_700_000_000_000L), put("c", 0, GONE));
    commit(store, put("a", 1, "alpha"), delete("c", 1), put("d", 0, ""));
    commit(store, put("a", 2, "alpha again"), put("c", 0, "gamma"));
  }

  private static void fillMany(SecretStore store) {
    for (int from = 0; from < MANY; from += 600) {
      List<Change> changes = new ArrayList<>();
      for (int i = from; i < from + 600; i++) {
        changes.add(put(name(i), 0, DOOMED + " " + i));
      }
      store.commit(changes);
    }
  }

  private static String name(int number) {
    return "k%05d".formatted(number);
  }

  static boolean holds(SimulatedDisk disk, String value) {
    String text = '"' + LogText.base64(value) + '"';
    return disk.list().stream()
        .anyMatch(name -> new String(disk.content(name), ISO_8859_1).contains(text));
  }

  @Test
  void compact_any_keepsWhatIsStoredAndNothingElse() throws Exception {
    SimulatedDisk disk = new SimulatedDisk();
    Map<String, String> before;
    try (FileSecretStore store = open(disk)) {
      fill(store);
      before = state(store);
      for (int generation = 2; generation <= 4; generation++) {
        store.compact();
        assertThat(state(store)).isEqualTo(before);
        assertThat(disk.list()).containsExactly("log." + generation, "settled");
        assertThat(StrictLog.read(disk.content("log." + generation))).hasSameSizeAs(before);
        assertThat(stateOf(disk.afterKill())).isEqualTo(before);
        assertThat(stateOf(disk.afterPowerLoss())).isEqualTo(before);
      }
      commit(store, put("a", 3, "and on"), delete("c", 1), put("e", 0, "epsilon"));
      store.compact();
      commit(store, delete("a", 4));
      before = state(store);
      assertThat(before).containsOnlyKeys("b", "d", "e");
    }
    assertThat(stateOf(disk.afterPowerLoss())).isEqualTo(before);
  }

  @Test
  void compact_nothingWasEverCommitted_changesNothing() throws Exception {
    SimulatedDisk disk = new SimulatedDisk();
    try (FileSecretStore store = open(disk)) {
      store.compact();
      assertThat(disk.list()).containsExactly("log.1", "settled");
      commit(store, put("a", 0, "alpha"));
    }
    assertThat(stateOf(disk.afterPowerLoss())).isEqualTo(Map.of("a", "1 alpha"));
  }

  @Test
  void commit_logWastesSpace_isCompactedWhileReadersAndWritersGoOn(@TempDir Path parent)
      throws Exception {
    Path directory = parent.resolve("store");
    Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    AtomicBoolean done = new AtomicBoolean();
    try (FileSecretStore store = FileSecretStore.open(directory);
        FileSecretStore other = FileSecretStore.open(directory)) {
      fill(store);
      fillMany(store);
      List<Thread> threads = new ArrayList<>();
      for (FileSecretStore each : List.of(store, other)) {
        threads.add(
            new Thread(
                () -> {
                  try {
                    while (!done.get()) {
                      assertThat(each.read(key("b")).map(Records::text)).isPresent();
                      assertThat(each.scan(key("k"), 20)).hasSize(20);
                      Records.increment(each, "counter");
                    }
                  } catch (Throwable failed) {
                    failures.add(failed);
                  }
                }));
      }
      threads.forEach(Thread::start);
      String large = "x".repeat(300_000);
      int written = 0;
      while (newest(directory) < 4 && failures.isEmpty()) {
        commit(store, put("large", written++, large));
      }
      done.set(true);
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(failures).isEmpty();
      assertThat(state(other)).isEqualTo(state(store)).containsKey("counter");
      assertThat(store.read(key("large")).orElseThrow().revision()).isEqualTo(written);
    }
    assertThat(openDescriptors(directory)).as("files left open").isEmpty();
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      StoredRecord counter = store.read(key("counter")).orElseThrow();
      assertThat(Records.text(counter)).isEqualTo(counter.revision() + " " + counter.revision());
    }
  }

  private static long newest(Path directory) throws IOException {
    return Names.newestGeneration(new RealDisk(directory).list());
  }

  /** Files of the directory that this process has open, those that were removed included. */
  private static List<String> openDescriptors(Path directory) throws IOException {
    Path descriptors = Path.of("/proc/self/fd");
    List<String> open = new ArrayList<>();
    if (Files.isDirectory(descriptors)) {
      try (Stream<Path> all = Files.list(descriptors)) {
        for (Path descriptor : all.toList()) {
          try {
            open.add(Files.readSymbolicLink(descriptor).toString());
          } catch (IOException closedMeanwhile) {
            // The one that lists them.
          }
        }
      }
    }
    return open.stream().filter(target -> target.startsWith(directory.toString())).toList();
  }

  /** Does something each time that a part of the new log is forced, with the directory free. */
  private static Hook between(SimulatedDisk disk, Runnable action) {
    return new Hook() {
      @Override
      public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
        if (call == Call.SYNC && name.equals("log.2.tmp") && !disk.isHeld()) {
          action.run();
        }
        return operation.run();
      }
    };
  }

  @Test
  void commit_betweenTwoPieces_isInTheNewLogAndErasedInBoth() throws Exception {
    SimulatedDisk disk = new SimulatedDisk();
    List<FileSecretStore> opened = new ArrayList<>();
    AtomicInteger rounds = new AtomicInteger();
    Hook hook =
        between(
            disk,
            () -> {
              FileSecretStore store = opened.get(0);
              int round = rounds.getAndIncrement();
              if (round >= 2) {
                return;
              }
              for (int i : new int[] {round, 900 + round}) {
                // Copied already, and not yet; replaced, deleted, and created anew.
                commit(store, put(name(i), 1, "new " + i), delete(name(i + 10), 1));
                commit(store, delete(name(i + 20), 1), put("z" + i, 0, "created"));
                commit(store, put(name(i + 20), 0, "anew " + i));
                for (int gone : new int[] {i, i + 10, i + 20}) {
                  assertThat(holds(disk, DOOMED + " " + gone)).as("value %d", gone).isFalse();
                }
              }
            });
    try (FileSecretStore store = open(new HookedDisk(disk, hook))) {
      opened.add(store);
      fillMany(store);
      store.compact();
      assertThat(rounds).hasValueGreaterThanOrEqualTo(2);
      assertThat(disk.list()).containsExactly("log.2", "settled");
      Map<String, String> after = all(store);
      assertThat(after).hasSize(MANY - 4 + 4);
      assertThat(after).containsEntry(name(0), "2 new 0").containsEntry(name(920), "1 anew 900");
      for (SimulatedDisk image : List.of(disk.afterKill(), disk.afterPowerLoss())) {
        try (FileSecretStore next = open(image)) {
          assertThat(all(next)).isEqualTo(after);
        }
      }
      // No second copy of a value is left that a deletion would not find.
      commit(store, delete(name(0), 2), delete(name(920), 1), delete(name(500), 1));
      assertThat(holds(disk, "new 0")).isFalse();
      assertThat(holds(disk, "anew 900")).isFalse();
      assertThat(holds(disk, DOOMED + " 500")).isFalse();
    }
  }

  private static Map<String, String> all(SecretStore store) {
    Map<String, String> state = new TreeMap<>();
    RecordKey after = null;
    for (List<StoredRecord> page = store.scan(null, 1_000);
        !page.isEmpty();
        page = store.scan(after, 1_000)) {
      page.forEach(record -> state.put(record.key().text(), Records.text(record)));
      after = page.get(page.size() - 1).key();
    }
    return state;
  }

  @Test
  void compact_anotherProcessErasesMeanwhile_givesUpAndSucceedsInTheEnd() throws Exception {
    SimulatedDisk disk = new SimulatedDisk();
    AtomicInteger next = new AtomicInteger();
    try (FileSecretStore other = open(disk)) {
      Hook hook =
          between(
              disk,
              () -> {
                int number = next.getAndIncrement();
                commit(other, delete(name(number), 1));
                assertThat(holds(disk, DOOMED + " " + number)).isFalse();
              });
      try (FileSecretStore store = open(new HookedDisk(disk, hook))) {
        fillMany(store);
        int attempts = 0;
        while (disk.list().contains("log.1")) {
          store.compact();
          attempts++;
        }
        assertThat(attempts).as("attempts").isBetween(2, 5);
        assertThat(all(other)).isEqualTo(all(store)).hasSize(MANY - next.get());
        assertThat(disk.list()).containsExactly("log.2", "settled");
      }
    }
  }

  /**
   * The one that began first must not take the other's list of what was written meanwhile along.
   */
  @Test
  void compact_inTwoThreads_keepsWhatIsCommittedMeanwhile() throws Exception {
    SimulatedDisk disk = new SimulatedDisk();
    Map<String, CountDownLatch> gates =
        Map.of("one", new CountDownLatch(1), "other", new CountDownLatch(1));
    Hook hook =
        between(
            disk,
            () -> {
              try {
                gates.get(Thread.currentThread().getName()).await();
              } catch (InterruptedException unexpected) {
                throw new AssertionError(unexpected);
              }
            });
    try (FileSecretStore store = open(new HookedDisk(disk, hook))) {
      fillMany(store);
      FutureTask<Void> one = compacting(store, "one");
      FutureTask<Void> other = compacting(store, "other");
      gates.get("one").countDown();
      one.get();
      commit(store, put(name(0) + "-new", 0, "where both have been already"));
      gates.get("other").countDown();
      other.get();
      assertThat(store.read(key(name(0) + "-new"))).isPresent();
      assertThat(disk.list()).containsExactly("log.3", "settled");
    }
  }

  /** Lets a thread compact until it waits for something. */
  private static FutureTask<Void> compacting(FileSecretStore store, String name) {
    FutureTask<Void> task =
        new FutureTask<>(
            () -> {
              store.compact();
              return null;
            });
    Thread thread = new Thread(task, name);
    thread.start();
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    return task;
  }

  @Test
  void compact_inAnotherStore_isFollowedByReadersCommittersAndWatchers() throws Exception {
    SimulatedDisk disk = new SimulatedDisk();
    AtomicInteger missed = new AtomicInteger();
    try (FileSecretStore store = open(disk);
        FileSecretStore reader = open(disk);
        FileSecretStore writer = open(disk)) {
      fill(store);
      reader.watch(
          new StoreListener() {
            @Override
            public void changed(Set<RecordKey> keys) {}

            @Override
            public void missed() {
              missed.incrementAndGet();
            }
          });
      assertThat(state(reader)).isEqualTo(state(writer));
      store.compact();
      commit(writer, put("a", 3, "through the new log"));
      assertThat(reader.read(key("a")).map(Records::text)).hasValue("4 through the new log");
      assertThat(missed).hasPositiveValue();
      assertThat(state(store)).isEqualTo(state(reader));
      assertThat(disk.list()).containsExactly("log.2", "settled");
    }
  }
}
