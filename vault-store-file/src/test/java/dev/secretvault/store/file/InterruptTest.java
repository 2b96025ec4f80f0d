package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.put;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore.Subscription;
import dev.secretvault.store.StoreListener;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ten thousand interrupts hit threads in the midst of whatever a store can be asked, while another
 * process commits too: no call fails or ends early, none swallows the flag, nothing is lost, and
 * the lock still keeps the processes apart.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class InterruptTest {

  private static final int INTERRUPTS = 10_000;
  private static final int WORKERS = 3;
  private static final long LONGEST_SPIN = TimeUnit.MICROSECONDS.toNanos(400);

  /** What is interrupted, and how often in 100 calls it is done. */
  private enum Operation {
    CREATE(18),
    REPLACE(16),
    DELETE(8),
    CONFLICT(8),
    READ(21),
    SCAN(9),
    EXPIRED(8),
    WATCH(8),
    COMPACT(1),
    SALVAGE(1),
    OPEN_AND_CLOSE(2);

    private final int share;

    Operation(int share) {
      this.share = share;
    }

    static Operation draw(SplittableRandom random) {
      int left = random.nextInt(100);
      for (Operation operation : values()) {
        left -= operation.share;
        if (left < 0) {
          return operation;
        }
      }
      throw new AssertionError("the shares are no 100");
    }
  }

  /** Whether a call may be interrupted now, and whether it was. */
  private enum Aim {
    NONE,
    TAKEN,
    HITS,
    HIT
  }

  @TempDir Path parent;

  private Path directory;

  /** Calls that were hit while they were under way. */
  private final Map<Operation, AtomicInteger> hits = new ConcurrentHashMap<>();

  /** Calls that began with the flag set, or were hit when they may have been over. */
  private final Map<Operation, AtomicInteger> others = new ConcurrentHashMap<>();

  private final AtomicInteger left = new AtomicInteger(INTERRUPTS);

  @Test
  void anyCall_interruptedInItsMidst_goesOnAndKeepsTheFlag() throws Exception {
    directory = parent.resolve("store");
    long seed = Long.getLong("secretvault.seed", new SplittableRandom().nextLong());
    System.out.printf("%d interrupts, -Dsecretvault.seed=%d%n", INTERRUPTS, seed);
    SplittableRandom random = new SplittableRandom(seed);
    List<Worker> workers = new ArrayList<>();
    Heard heard = new Heard();
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      try (ChildJvm child = ChildJvm.committing(directory)) {
        heard.listenTo(child);
        for (int i = 0; i < WORKERS; i++) {
          workers.add(new Worker(store, "own" + i + "-", random.split()));
        }
        workers.forEach(Thread::start);
        while (workers.stream().anyMatch(Thread::isAlive)) {
          spin(random);
          workers.get(random.nextInt(WORKERS)).strike();
        }
      }
      for (Worker worker : workers) {
        assertThat(worker.failure).isNull();
        worker.assertStored(store);
      }
      assertCommitted(heard.rest(), store);
    }
    try (FileSecretStore store = FileSecretStore.openExisting(directory)) {
      workers.forEach(worker -> worker.assertStored(store));
    }
    System.out.println(
        "calls interrupted in their midst: " + hits + ", before or behind: " + others);
    assertThat(hits).containsOnlyKeys(Operation.values());
    assertThat(hits.values().stream().mapToInt(AtomicInteger::get).sum())
        .isGreaterThanOrEqualTo(INTERRUPTS);
  }

  private static void spin(SplittableRandom random) {
    long until = System.nanoTime() + random.nextLong(LONGEST_SPIN);
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }
  }

  /** What the other process was told to be durable. */
  private static void assertCommitted(List<String> lines, FileSecretStore store) {
    assertThat(lines)
        .as("commits of the other process")
        .hasSizeGreaterThan(10)
        .startsWith("starts");
    for (String number : lines.subList(1, lines.size())) {
      if (!number.isEmpty()) {
        assertThat(store.read(key("k" + number))).isPresent();
      }
    }
  }

  /** Does at random what can be done, and knows what must be stored of it. */
  private final class Worker extends Thread {
    private final FileSecretStore store;
    private final String prefix;
    private final SplittableRandom random;
    private final AtomicReference<Aim> aim = new AtomicReference<>(Aim.NONE);
    private final List<Long> revisions = new ArrayList<>();
    private int salvaged;
    private volatile Throwable failure;

    Worker(FileSecretStore store, String prefix, SplittableRandom random) {
      this.store = store;
      this.prefix = prefix;
      this.random = random;
    }

    /** Interrupts the call that is under way, if one is that was not interrupted yet. */
    void strike() {
      if (aim.compareAndSet(Aim.TAKEN, Aim.HITS)) {
        interrupt();
        aim.set(Aim.HIT);
      }
    }

    @Override
    public void run() {
      try {
        while (left.get() > 0) {
          Operation operation = Operation.draw(random);
          boolean before = random.nextInt(4) == 0;
          if (before) {
            interrupt();
          } else {
            aim.set(Aim.TAKEN);
          }
          perform(operation);
          // Only then did the interrupt surely come before the end.
          boolean inItsMidst = aim.get() == Aim.HIT;
          if (before || wasHit()) {
            assertThat(Thread.interrupted()).as("flag after %s", operation).isTrue();
            (inItsMidst ? hits : others)
                .computeIfAbsent(operation, first -> new AtomicInteger())
                .incrementAndGet();
            left.addAndGet(inItsMidst ? -1 : 0);
          }
        }
      } catch (Throwable thrown) {
        failure = thrown;
        left.set(0);
      }
    }

    private boolean wasHit() {
      if (aim.compareAndSet(Aim.TAKEN, Aim.NONE)) {
        return false;
      }
      while (aim.get() != Aim.HIT) {
        Thread.onSpinWait();
      }
      aim.set(Aim.NONE);
      return true;
    }

    private void perform(Operation operation) throws IOException {
      int number = revisions.isEmpty() ? 0 : random.nextInt(revisions.size());
      boolean stored = number < revisions.size() && revisions.get(number) > 0;
      switch (operation) {
        case CREATE -> {
          commit(store, put(name(revisions.size()), 0, "value 1"));
          revisions.add(1L);
        }
        case REPLACE -> {
          if (stored) {
            long revision = revisions.get(number);
            commit(store, put(name(number), revision, "value " + (revision + 1)));
            revisions.set(number, revision + 1);
          }
        }
        case DELETE -> {
          if (stored) {
            commit(store, delete(name(number), revisions.get(number)));
            revisions.set(number, 0L);
          }
        }
        case CONFLICT ->
            assertThatThrownBy(() -> commit(store, delete("nothing", 7)))
                .isInstanceOf(RevisionConflictException.class);
        case READ -> assertStored(store, number);
        case SCAN -> assertThat(store.scan(null, 20)).hasSizeLessThanOrEqualTo(20);
        case EXPIRED -> assertThat(store.expired(Instant.EPOCH, 20)).isEmpty();
        case WATCH -> {
          Subscription subscription = store.watch(new Deaf());
          subscription.close();
        }
        case COMPACT -> store.compact();
        case SALVAGE -> {
          Path target = parent.resolve(prefix + "salvaged" + salvaged++);
          assertThat(FileSecretStore.salvage(directory, target).lost()).isEmpty();
        }
        case OPEN_AND_CLOSE -> {
          try (FileSecretStore other = FileSecretStore.openExisting(directory)) {
            assertStored(other, number);
          }
        }
      }
    }

    private String name(int number) {
      return prefix + number;
    }

    private void assertStored(FileSecretStore in, int number) {
      long revision = number < revisions.size() ? revisions.get(number) : 0;
      assertThat(in.read(key(name(number))).map(Records::text).orElse(""))
          .as(name(number))
          .isEqualTo(revision == 0 ? "" : revision + " value " + revision);
    }

    void assertStored(FileSecretStore in) {
      for (int number = 0; number < revisions.size(); number++) {
        assertStored(in, number);
      }
    }
  }

  private static final class Deaf implements StoreListener {
    @Override
    public void changed(Set<RecordKey> keys) {}

    @Override
    public void missed() {}
  }
}
