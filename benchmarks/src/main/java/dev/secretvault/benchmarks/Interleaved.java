package dev.secretvault.benchmarks;

import dev.secretvault.store.RecordKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stores that take turns until the time is over, or one has made a million: what a machine can do
 * changes from one second to the next, and so it changes for all of them alike.
 *
 * <p>Arguments: the seconds, then stores as {@code kind@present*threads}, where the kind is one of
 * {@link Creator#open}. Each then creates a few values, durably, and so on; printed are the median
 * and the 99th percentile of a call, the rate, and their ratios to the first store; and to each
 * right behind it that is bare, too.
 */
final class Interleaved {

  private static final int CALLS = 5;
  private static final int MOST_CREATES = 1_000_000;
  private static final double NANOS_PER_MICRO = 1e3;
  private static final double NANOS_PER_SECOND = 1e9;

  private Interleaved() {}

  /** One store, and what it took so far. */
  private static final class Turn implements AutoCloseable {
    private final String name;
    private final int threads;
    private final Bench bench;
    private final Creator creator;
    private final ExecutorService pool;
    private final AtomicInteger next;
    private final List<Long> nanos = new ArrayList<>();
    private long elapsed;

    Turn(String name, RecordKey[] keys) throws Exception {
      this.name = name;
      String[] parts = parts(name);
      int present = Integer.parseInt(parts[1]);
      threads = Integer.parseInt(parts[2]);
      bench = new Bench(keys);
      creator = Creator.open(parts[0], bench.directory());
      creator.fill(bench.keys(), 0, present, bench.value());
      next = new AtomicInteger(present);
      pool = Executors.newFixedThreadPool(threads);
    }

    void run() throws InterruptedException, ExecutionException {
      creator.prepare(threads * CALLS, bench.value());
      List<Future<List<Long>>> results = new ArrayList<>();
      long start = System.nanoTime();
      for (int i = 0; i < threads; i++) {
        results.add(pool.submit(this::calls));
      }
      for (Future<List<Long>> result : results) {
        nanos.addAll(result.get());
      }
      elapsed += System.nanoTime() - start;
    }

    private List<Long> calls() throws Exception {
      List<Long> taken = new ArrayList<>();
      for (int i = 0; i < CALLS; i++) {
        long start = System.nanoTime();
        creator.create(bench.keys()[next.getAndIncrement()], bench.value());
        taken.add(System.nanoTime() - start);
      }
      return taken;
    }

    boolean canGoOn() {
      return next.get() + threads * CALLS <= bench.keys().length;
    }

    void forget() {
      nanos.clear();
      elapsed = 0;
    }

    double percentile(int percent) {
      long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
      return sorted[(int) ((long) (sorted.length - 1) * percent / 100)] / NANOS_PER_MICRO;
    }

    double rate() {
      return nanos.size() * NANOS_PER_SECOND / elapsed;
    }

    @Override
    public void close() throws IOException {
      pool.shutdown();
      creator.close();
      bench.close();
    }
  }

  /** What is done again and again. */
  interface Round {
    /** False if it can be done no more. */
    boolean run() throws Exception;
  }

  /** Runs it. */
  public static void main(String[] arguments) throws Exception {
    long seconds = Long.parseLong(arguments[0]);
    List<String> names = Arrays.asList(arguments).subList(1, arguments.length);
    int present =
        names.stream().mapToInt(name -> Integer.parseInt(parts(name)[1])).max().orElseThrow();
    List<Turn> turns = new ArrayList<>();
    try {
      RecordKey[] keys = Bench.keys(present + MOST_CREATES);
      for (String name : names) {
        turns.add(new Turn(name, keys));
      }
      repeat(seconds / 4 + 1, () -> runAll(turns));
      turns.forEach(Turn::forget);
      repeat(seconds, () -> runAll(turns));
      print(turns);
    } finally {
      for (Turn turn : turns) {
        turn.close();
      }
    }
  }

  private static String[] parts(String name) {
    String[] parts = name.split("[@*]", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException(name + ": not of the form kind@present*threads");
    }
    return parts;
  }

  /** Does something until the time is over, and once at least. */
  static void repeat(long seconds, Round round) throws Exception {
    long start = System.nanoTime();
    boolean more;
    do {
      more = round.run();
    } while (more && System.nanoTime() - start < seconds * NANOS_PER_SECOND);
  }

  private static boolean runAll(List<Turn> turns) throws Exception {
    for (Turn turn : turns) {
      turn.run();
    }
    return turns.stream().allMatch(Turn::canGoOn);
  }

  private static void print(List<Turn> turns) {
    List<Turn> floors = new ArrayList<>(turns.subList(0, 1));
    turns.stream().skip(1).takeWhile(turn -> turn.name.startsWith("bare")).forEach(floors::add);
    System.out.printf(
        "%-26s %8s %10s %10s %10s", "store", "calls", "median us", "p99 us", "calls/s");
    floors.forEach(floor -> System.out.printf(" %8s %8s", "median x", "rate x"));
    System.out.println();
    for (Turn turn : turns) {
      System.out.printf(
          "%-26s %8d %10.0f %10.0f %10.0f",
          turn.name, turn.nanos.size(), turn.percentile(50), turn.percentile(99), turn.rate());
      for (Turn floor : floors) {
        System.out.printf(
            " %8.2f %8.2f", turn.percentile(50) / floor.percentile(50), turn.rate() / floor.rate());
      }
      System.out.println();
    }
  }
}
