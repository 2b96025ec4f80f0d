package dev.secretvault.benchmarks;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * JCA's Mac per thread, a moment before or behind it in turns, so that a ratio says the same on a
 * machine that others use as on a quiet one. Each way has a process of its own, so that none is
 * compiled for what others did. Writes the ratios, with their spread, as JSON.
 *
 * <p>A time is that on the clock. The processor time of the thread, which leaves out what other
 * programs take, but also what the collector takes in threads of its own, is shown beside it.
 */
public final class DigestPairs {

  private static final String REFERENCE = "hmacJcaMacPerThread";

  /** What is also measured with two threads. */
  private static final List<String> SCALED = List.of("hmacVaultById", "hmacHandle", REFERENCE);

  private static final int WARM_UP = 60;
  private static final int ROUNDS = 200;
  private static final int BATCH = 5_000;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final DigestBenchmark benchmark = new DigestBenchmark();
  private final DigestBenchmark.Shared shared = new DigestBenchmark.Shared();

  private DigestPairs() {}

  /** What one batch took, for a call. */
  private record Batch(double clock, double cpu) {}

  /**
   * Measures all ways.
   *
   * @param args the file to write; in the processes that this starts, a way, and how many threads
   * @throws Exception if a way fails
   */
  public static void main(String[] args) throws Exception {
    if (args.length == 2) {
      System.out.println(new DigestPairs().measured(args[0], Integer.parseInt(args[1])));
    } else if (args.length == 1) {
      Files.writeString(Path.of(args[0]), all());
    } else {
      throw new IllegalArgumentException("the file to write is needed");
    }
  }

  private static String all() throws IOException, InterruptedException {
    String machine =
        String.format(
            Locale.ROOT,
            "{%n  \"java\": \"%s\",%n  \"processor\": \"%s\",%n  \"processors\": %d,%n"
                + "  \"load\": %.1f,%n  \"rounds\": %d,%n  \"batch\": %d,%n",
            System.getProperty("java.vm.version"),
            processor(),
            Runtime.getRuntime().availableProcessors(),
            ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
            ROUNDS,
            BATCH);
    List<String> ways = new ArrayList<>();
    for (String way : new DigestPairs().ways(new DigestBenchmark.PerThread()).keySet()) {
      ways.add(inItsOwnProcess(way, 1));
    }
    List<String> twoThreads = new ArrayList<>();
    for (String way : SCALED) {
      twoThreads.add(inItsOwnProcess(way, 2));
    }
    return machine
        + "  \"ways\": [\n    "
        + String.join(",\n    ", ways)
        + "\n  ],\n  \"twoThreads\": [\n    "
        + String.join(",\n    ", twoThreads)
        + "\n  ]\n}\n";
  }

  private static String processor() throws IOException {
    Path description = Path.of("/proc/cpuinfo");
    if (!Files.exists(description)) {
      return System.getProperty("os.arch");
    }
    return Files.readAllLines(description).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse(System.getProperty("os.arch"));
  }

  private static String inItsOwnProcess(String way, int threads)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                DigestPairs.class.getName(),
                way,
                Integer.toString(threads))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String printed =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (process.waitFor() != 0) {
      throw new IllegalStateException(way + " failed");
    }
    System.out.println(printed);
    return printed;
  }

  private String measured(String way, int threads) throws Exception {
    shared.open();
    try {
      return threads == 1 ? pairs(way) : scaling(way, threads);
    } finally {
      shared.close();
    }
  }

  private Map<String, Callable<Object>> ways(DigestBenchmark.PerThread own) {
    Map<String, Callable<Object>> ways = new LinkedHashMap<>();
    ways.put("floorTwoCompressions", () -> benchmark.floorTwoCompressions(own));
    ways.put("hmacHandle", () -> benchmark.hmacHandle(shared));
    ways.put("hmacVaultById", () -> benchmark.hmacVaultById(shared));
    ways.put("hmacVaultByName", () -> benchmark.hmacVaultByName(shared));
    ways.put(REFERENCE, () -> benchmark.hmacJcaMacPerThread(own));
    ways.put("hmacCommonsCodec", () -> benchmark.hmacCommonsCodec(own));
    ways.put("hmacTinkMac", () -> benchmark.hmacTinkMac(shared));
    ways.put("hmacTinkPrf", () -> benchmark.hmacTinkPrf(shared));
    ways.put("hmacGuava", () -> benchmark.hmacGuava(shared));
    ways.put("hmacJcaMacPerCall", () -> benchmark.hmacJcaMacPerCall(shared));
    ways.put("hmacBouncyCastle", () -> benchmark.hmacBouncyCastle(own));
    ways.put("verifyHandle", () -> benchmark.verifyHandle(shared));
    ways.put("verifyVault", () -> benchmark.verifyVault(shared));
    ways.put("verifyJcaMacPerThread", () -> benchmark.verifyJcaMacPerThread(shared, own));
    ways.put("verifyTinkMac", () -> benchmark.verifyTinkMac(shared));
    ways.put("verifyTinkPrf", () -> benchmark.verifyTinkPrf(shared));
    return ways;
  }

  private Callable<Object> way(String name) throws Exception {
    DigestBenchmark.PerThread own = new DigestBenchmark.PerThread();
    own.prepare(shared);
    return ways(own).get(name);
  }

  private String pairs(String name) throws Exception {
    Callable<Object> way = way(name);
    Callable<Object> reference = way(REFERENCE);
    List<Double> clock = new ArrayList<>();
    List<Double> cpu = new ArrayList<>();
    List<Double> nanoseconds = new ArrayList<>();
    for (int round = 0; round < WARM_UP + ROUNDS; round++) {
      boolean first = round % 2 == 0;
      Batch before = batch(first ? reference : way);
      Batch behind = batch(first ? way : reference);
      Batch ours = first ? behind : before;
      Batch theirs = first ? before : behind;
      if (round >= WARM_UP) {
        clock.add(ours.clock() / theirs.clock());
        cpu.add(ours.cpu() / theirs.cpu());
        nanoseconds.add(ours.clock());
      }
    }
    long thread = Thread.currentThread().getId();
    long allocated = THREADS.getThreadAllocatedBytes(thread);
    batch(way);
    long bytes = (THREADS.getThreadAllocatedBytes(thread) - allocated) / BATCH;
    return String.format(
        Locale.ROOT,
        "{\"way\": \"%s\", %s, \"cpu\": %.3f, \"ns\": %.0f, \"bytes\": %d}",
        name,
        spread(clock),
        middle(cpu),
        middle(nanoseconds),
        bytes);
  }

  private static Batch batch(Callable<Object> way) throws Exception {
    long clock = System.nanoTime();
    long cpu = THREADS.getCurrentThreadCpuTime();
    for (int i = 0; i < BATCH; i++) {
      if (way.call().equals(false)) {
        throw new IllegalStateException("a genuine digest was refused");
      }
    }
    return new Batch(
        (double) (System.nanoTime() - clock) / BATCH,
        (double) (THREADS.getCurrentThreadCpuTime() - cpu) / BATCH);
  }

  /** How many times as much some threads do as one, by the clock. */
  private String scaling(String name, int threads) throws Exception {
    List<Double> ratios = new ArrayList<>();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      for (int round = 0; round < WARM_UP + ROUNDS; round++) {
        boolean first = round % 2 == 0;
        double before = together(pool, name, first ? 1 : threads);
        double behind = together(pool, name, first ? threads : 1);
        if (round >= WARM_UP) {
          ratios.add(threads * (first ? before / behind : behind / before));
        }
      }
    } finally {
      pool.shutdown();
    }
    return String.format(Locale.ROOT, "{\"way\": \"%s\", %s}", name, spread(ratios));
  }

  /** How long it takes until all threads have done a batch each. */
  private double together(ExecutorService pool, String name, int threads) throws Exception {
    CyclicBarrier start = new CyclicBarrier(threads);
    List<Future<long[]>> results = new ArrayList<>();
    for (int thread = 0; thread < threads; thread++) {
      Callable<Object> way = way(name);
      results.add(
          pool.submit(
              () -> {
                start.await();
                long begun = System.nanoTime();
                Batch ignored = batch(way);
                return new long[] {begun, System.nanoTime()};
              }));
    }
    List<long[]> spans = new ArrayList<>();
    for (Future<long[]> result : results) {
      spans.add(await(result));
    }
    return spans.stream().mapToLong(span -> span[1]).max().orElseThrow()
        - spans.stream().mapToLong(span -> span[0]).min().orElseThrow();
  }

  private static long[] await(Future<long[]> result) throws InterruptedException {
    try {
      return result.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String spread(List<Double> ratios) {
    Collections.sort(ratios);
    return String.format(
        Locale.ROOT,
        "\"ratio\": %.3f, \"low\": %.3f, \"high\": %.3f",
        at(ratios, 0.5),
        at(ratios, 0.25),
        at(ratios, 0.75));
  }

  private static double middle(List<Double> figures) {
    return at(figures.stream().sorted().toList(), 0.5);
  }

  private static double at(List<Double> sorted, double share) {
    return sorted.get((int) (share * (sorted.size() - 1)));
  }
}
