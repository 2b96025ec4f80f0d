package dev.secretvault.benchmarks;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Durable commits of 200-byte records by 1, 2, 8 and 32 threads, beside the floor: one thread that
 * appends as many bytes to a file and forces it. {@code java.io.tmpdir} says on which disk.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class StoreBenchmark {

  /** What a commit of such a record takes in the log. */
  private static final int LINE = 352;

  private final byte[] value = new byte[200];
  private final byte[] line = new byte[LINE];
  private final AtomicLong number = new AtomicLong();
  private Path directory;
  private SecretStore store;
  private RandomAccessFile bare;

  /** Opens an empty store and an empty file, in one directory. */
  @Setup(Level.Iteration)
  public void open() throws IOException {
    Arrays.fill(line, (byte) 'x');
    directory = Files.createTempDirectory("store-benchmark");
    store = FileSecretStore.open(directory.resolve("store"));
    bare = new RandomAccessFile(directory.resolve("bare").toFile(), "rw");
  }

  /** Removes them. */
  @TearDown(Level.Iteration)
  public void remove() throws IOException {
    store.close();
    bare.close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private RecordKey create() {
    RecordKey key = new RecordKey("Jx0r3Fq9TbA.v.%026d".formatted(number.incrementAndGet()));
    store.commit(List.of(Change.put(key, 0, value)));
    return key;
  }

  /** The floor. */
  @Benchmark
  @Threads(1)
  public void bareAppendAndForce() throws IOException {
    bare.write(line);
    bare.getFD().sync();
  }

  @Benchmark
  @Threads(1)
  public void create01() {
    create();
  }

  @Benchmark
  @Threads(2)
  public void create02() {
    create();
  }

  @Benchmark
  @Threads(8)
  public void create08() {
    create();
  }

  @Benchmark
  @Threads(32)
  public void create32() {
    create();
  }

  /** Two commits, the second of which also erases the value of the first. */
  @Benchmark
  @Threads(1)
  public void createAndDelete01() {
    store.commit(List.of(Change.delete(create(), 1)));
  }
}
