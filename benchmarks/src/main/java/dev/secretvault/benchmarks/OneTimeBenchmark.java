package dev.secretvault.benchmarks;

import dev.secretvault.OneTimeSpec;
import dev.secretvault.SecretValue;
import dev.secretvault.SecretVault;
import dev.secretvault.SharedSecret;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.file.FileSecretStore;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * Sharing and revealing one-time secrets of 200 bytes, on disk, by 1, 8 and 32 threads; beside a
 * bare append, forced, of as many bytes as sharing one adds to the log, by one thread after the
 * other. Each thread does so many in a row; threads divided by the time of one is the rate. What is
 * to be revealed is shared before the time begins.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 8)
@Fork(1)
public class OneTimeBenchmark {

  private static final int EACH = 250;
  private static final byte[] VALUE = new byte[200];

  static {
    new SecureRandom().nextBytes(VALUE);
  }

  /** A directory for each iteration. */
  @State(Scope.Benchmark)
  public static class Vault {
    private Bench bench;
    private SecretVault vault;

    @Setup(Level.Iteration)
    public void open() throws IOException {
      byte[] key = new byte[MasterKey.BYTES];
      new SecureRandom().nextBytes(key);
      bench = new Bench(0);
      vault =
          SecretVault.builder()
              .store(FileSecretStore.open(bench.directory().resolve("vault")))
              .masterKey(MasterKey.fromBytes(key))
              .open();
    }

    @TearDown(Level.Iteration)
    public void remove() throws IOException {
      vault.close();
      bench.close();
    }

    SharedSecret share() {
      return vault.oneTime().share(OneTimeSpec.of(VALUE));
    }
  }

  /** Links that nobody has opened, so many for each thread. */
  @State(Scope.Benchmark)
  public static class Links {
    private final AtomicInteger next = new AtomicInteger();
    private List<String> links;

    @Setup(Level.Iteration)
    public void share(Vault vault, ThreadParams threads) {
      links =
          IntStream.range(0, EACH * threads.getThreadCount())
              .parallel()
              .mapToObj(i -> vault.share().link())
              .toList();
      next.set(0);
    }
  }

  /** A bare file, and as many bytes as a vault writes to share a secret. */
  @State(Scope.Benchmark)
  public static class Log {
    private Bench bench;
    private byte[] bytes;
    private RandomAccessFile file;

    @Setup(Level.Iteration)
    public void open() throws IOException {
      Vault vault = new Vault();
      vault.open();
      SharedSecret first = vault.share();
      long before = size(vault.bench);
      SharedSecret second = vault.share();
      bytes = new byte[(int) (size(vault.bench) - before)];
      vault.remove();
      if (first.equals(second) || bytes.length < VALUE.length) {
        throw new IllegalStateException("sharing wrote " + bytes.length + " bytes");
      }
      bench = new Bench(0);
      file = new RandomAccessFile(bench.directory().resolve("bare").toFile(), "rw");
    }

    private static long size(Bench bench) throws IOException {
      long size = 0;
      for (Path path : bench.files()) {
        size += Files.isRegularFile(path) ? Files.size(path) : 0;
      }
      return size;
    }

    synchronized void append() throws IOException {
      file.write(bytes);
      file.getFD().sync();
    }

    @TearDown(Level.Iteration)
    public void remove() throws IOException {
      file.close();
      bench.close();
    }
  }

  private static void share(Vault vault, Blackhole sink) {
    for (int i = 0; i < EACH; i++) {
      sink.consume(vault.share());
    }
  }

  private static void reveal(Vault vault, Links links, Blackhole sink) {
    for (int i = 0; i < EACH; i++) {
      String link = links.links.get(links.next.getAndIncrement());
      try (SecretValue value = vault.vault.oneTime().reveal(link)) {
        sink.consume(value.<Integer>use(bytes -> bytes.length));
      }
    }
  }

  private static void append(Log log) throws IOException {
    for (int i = 0; i < EACH; i++) {
      log.append();
    }
  }

  @Benchmark
  @Threads(1)
  @OperationsPerInvocation(EACH)
  public void share01(Vault vault, Blackhole sink) {
    share(vault, sink);
  }

  @Benchmark
  @Threads(8)
  @OperationsPerInvocation(EACH)
  public void share08(Vault vault, Blackhole sink) {
    share(vault, sink);
  }

  @Benchmark
  @Threads(32)
  @OperationsPerInvocation(EACH)
  public void share32(Vault vault, Blackhole sink) {
    share(vault, sink);
  }

  @Benchmark
  @Threads(1)
  @OperationsPerInvocation(EACH)
  public void reveal01(Vault vault, Links links, Blackhole sink) {
    reveal(vault, links, sink);
  }

  @Benchmark
  @Threads(8)
  @OperationsPerInvocation(EACH)
  public void reveal08(Vault vault, Links links, Blackhole sink) {
    reveal(vault, links, sink);
  }

  @Benchmark
  @Threads(32)
  @OperationsPerInvocation(EACH)
  public void reveal32(Vault vault, Links links, Blackhole sink) {
    reveal(vault, links, sink);
  }

  @Benchmark
  @Threads(1)
  @OperationsPerInvocation(EACH)
  public void bare01(Log log) throws IOException {
    append(log);
  }

  @Benchmark
  @Threads(8)
  @OperationsPerInvocation(EACH)
  public void bare08(Log log) throws IOException {
    append(log);
  }

  @Benchmark
  @Threads(32)
  @OperationsPerInvocation(EACH)
  public void bare32(Log log) throws IOException {
    append(log);
  }
}
