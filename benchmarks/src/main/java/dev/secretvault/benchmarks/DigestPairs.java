package dev.secretvault.benchmarks;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The ways of {@link DigestBenchmark} in pairs: each batch of a way is timed beside one of the
 * JCA's Mac per thread, a moment before, so that a ratio says the same on a machine that others use
 * as on a quiet one. Prints the table, with the spread of the ratios, and the same as JSON behind
 * it.
 *
 * <p>A time is the processor time of the thread, which leaves out what others take, and what the
 * collector takes in threads of its own; so the ratio of the time on the clock is shown beside it,
 * which has both.
 */
public final class DigestPairs {

  private static final int WARM_UP = 60;
  private static final int ROUNDS = 200;
  private static final int BATCH = 5_000;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final DigestBenchmark benchmark = new DigestBenchmark();
  private final DigestBenchmark.Shared shared = new DigestBenchmark.Shared();

  private DigestPairs() {}

  /** What one batch took, for a call. */
  private record Batch(double cpu, double clock) {}

  /** What came of a way: ratios to the reference, sorted. */
  private record Way(List<Double> cpu, List<Double> clock, List<Double> nanoseconds, long bytes) {}

  /**
   * Measures and prints.
   *
   * @param args none
   * @throws Exception if a way fails
   */
  public static void main(String[] args) throws Exception {
    new DigestPairs().run();
  }

  private void run() throws Exception {
    shared.open();
    try {
      Map<String, Way> ways = new LinkedHashMap<>();
      DigestBenchmark.PerThread own = own();
      Map<String, Callable<Object>> all = ways(own);
      for (Map.Entry<String, Callable<Object>> way : all.entrySet()) {
        ways.put(way.getKey(), measure(way.getValue(), all.get("hmacJcaMacPerThread")));
      }
      Map<String, Double> scaling = new LinkedHashMap<>();
      for (String name : List.of("hmacVaultById", "hmacHandle", "hmacJcaMacPerThread")) {
        scaling.put(name, scaling(name));
      }
      print(ways, scaling);
    } finally {
      shared.close();
    }
  }

  private DigestBenchmark.PerThread own() throws Exception {
    DigestBenchmark.PerThread own = new DigestBenchmark.PerThread();
    own.prepare(shared);
    return own;
  }

  private Map<String, Callable<Object>> ways(DigestBenchmark.PerThread own) {
    Map<String, Callable<Object>> ways = new LinkedHashMap<>();
    ways.put("floorTwoCompressions", () -> benchmark.floorTwoCompressions(own));
    ways.put("hmacHandle", () -> benchmark.hmacHandle(shared));
    ways.put("hmacVaultById", () -> benchmark.hmacVaultById(shared));
    ways.put("hmacVaultByName", () -> benchmark.hmacVaultByName(shared));
    ways.put("hmacJcaMacPerThread", () -> benchmark.hmacJcaMacPerThread(own));
    ways.put("hmacCommonsCodec", () -> benchmark.hmacCommonsCodec(own));
    ways.put("hmacTinkMac", () -> benchmark.hmacTinkMac(shared));
    ways.put("hmacTinkPrf", () -> benchmark.hmacTinkPrf(shared));
    ways.put("hmacGuava", () -> benchmark.hmacGuava(shared));
    ways.put("hmacJcaMacPerCall", () -> benchmark.hmacJcaMacPerCall(shared));
    ways.put("hmacBouncyCastle", () -> benchmark.hmacBouncyCastle(own));
    ways.put("verifyHandle", () -> benchmark.verifyHandle(shared));
    ways.put("verifyVault", () -> benchmark.verifyVault(shared));
    ways.put("verifyJcaMacPerThread", () -> benchmark.verifyJcaMacPerThread(shared, own));
    ways.put("verifyTinkPrf", () -> benchmark.verifyTinkPrf(shared));
    return ways;
  }

  private static Way measure(Callable<Object> way, Callable<Object> reference) throws Exception {
    List<Double> cpu = new ArrayList<>();
    List<Double> clock = new ArrayList<>();
    List<Double> nanoseconds = new ArrayList<>();
    for (int round = 0; round < WARM_UP + ROUNDS; round++) {
      Batch before = batch(reference);
      Batch one = batch(way);
      if (round >= WARM_UP) {
        cpu.add(one.cpu() / before.cpu());
        clock.add(one.clock() / before.clock());
        nanoseconds.add(one.cpu());
      }
    }
    long thread = Thread.currentThread().getId();
    long allocated = THREADS.getThreadAllocatedBytes(thread);
    batch(way);
    long bytes = (THREADS.getThreadAllocatedBytes(thread) - allocated) / BATCH;
    List.of(cpu, clock, nanoseconds).forEach(Collections::sort);
    return new Way(cpu, clock, nanoseconds, bytes);
  }

  private static Batch batch(Callable<Object> way) throws Exception {
    long clock = System.nanoTime();
    long cpu = THREADS.getCurrentThreadCpuTime();
    for (int i = 0; i < BATCH; i++) {
      if (way.call() == null) {
        throw new IllegalStateException("no digest");
      }
    }
    return new Batch(
        (double) (THREADS.getCurrentThreadCpuTime() - cpu) / BATCH,
        (double) (System.nanoTime() - clock) / BATCH);
  }

  /** How many times as much two threads do as one, by the processor time that a call takes. */
  private double scaling(String name) throws Exception {
    List<Double> ratios = new ArrayList<>();
    ExecutorService two = Executors.newFixedThreadPool(2);
    try {
      for (int round = 0; round < ROUNDS / 2; round++) {
        double alone = together(two, name, 1);
        double both = together(two, name, 2);
        ratios.add(2 * alone / both);
      }
    } finally {
      two.shutdown();
    }
    Collections.sort(ratios);
    return at(ratios, 0.5);
  }

  private double together(ExecutorService pool, String name, int threads) throws Exception {
    CyclicBarrier start = new CyclicBarrier(threads);
    List<Future<Double>> results = new ArrayList<>();
    for (int thread = 0; thread < threads; thread++) {
      results.add(
          pool.submit(
              () -> {
                Callable<Object> way = ways(own()).get(name);
                start.await();
                return batch(way).cpu();
              }));
    }
    double sum = 0;
    for (Future<Double> result : results) {
      sum += await(result);
    }
    return sum / threads;
  }

  private static double await(Future<Double> result) throws InterruptedException {
    try {
      return result.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private static double at(List<Double> sorted, double share) {
    return sorted.get((int) (share * (sorted.size() - 1)));
  }

  private static void print(Map<String, Way> ways, Map<String, Double> scaling) {
    List<String> json = new ArrayList<>();
    System.out.printf(
        Locale.ROOT,
        "%-24s %7s %15s %7s %6s %6s%n",
        "way",
        "ratio",
        "quartiles",
        "clock",
        "ns",
        "B/op");
    ways.forEach(
        (name, way) -> {
          System.out.printf(
              Locale.ROOT,
              "%-24s %7.3f   %5.3f - %5.3f %7.3f %6.0f %6d%n",
              name,
              at(way.cpu(), 0.5),
              at(way.cpu(), 0.25),
              at(way.cpu(), 0.75),
              at(way.clock(), 0.5),
              at(way.nanoseconds(), 0.5),
              way.bytes());
          json.add(
              String.format(
                  Locale.ROOT,
                  "    {\"way\": \"%s\", \"ratio\": %.3f, \"low\": %.3f, \"high\": %.3f,"
                      + " \"clock\": %.3f, \"ns\": %.0f, \"bytes\": %d}",
                  name,
                  at(way.cpu(), 0.5),
                  at(way.cpu(), 0.25),
                  at(way.cpu(), 0.75),
                  at(way.clock(), 0.5),
                  at(way.nanoseconds(), 0.5),
                  way.bytes()));
        });
    List<String> twoThreads = new ArrayList<>();
    scaling.forEach(
        (name, ratio) -> {
          System.out.printf(Locale.ROOT, "%-24s %7.2f x with two threads%n", name, ratio);
          twoThreads.add(String.format(Locale.ROOT, "\"%s\": %.2f", name, ratio));
        });
    System.out.println("{");
    System.out.println("  \"java\": \"" + System.getProperty("java.vm.version") + "\",");
    System.out.println("  \"twoThreads\": {" + String.join(", ", twoThreads) + "},");
    System.out.println("  \"ways\": [");
    System.out.println(String.join(",\n", json));
    System.out.println("  ]\n}");
  }
}
