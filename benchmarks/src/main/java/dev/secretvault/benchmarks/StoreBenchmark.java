package dev.secretvault.benchmarks;

import dev.secretvault.store.RecordKey;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Durable creates of values of 200 bytes by 1, 2, 8 and 32 threads, in a store that has some
 * already, and reads by key: the file store, what one might take in its place, and the floor below
 * all of them. What each promises is said at its {@link Peer}. {@code java.io.tmpdir} says on which
 * disk.
 *
 * <p>Times are those of a call, so threads divided by the mean is the rate.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(1)
@State(Scope.Benchmark)
public class StoreBenchmark {

  private static final int MOST_CREATES = 2_000_000;

  /** The file store, its floor, and its peers. */
  @Param({
    "bare",
    "secretvault",
    "sqlite",
    "mvstore",
    "file-each",
    "json",
    "pkcs12",
    "pkcs12-durable",
    "elytron"
  })
  public String store;

  /** How many secrets there are already. */
  @Param({"1000"})
  public int present;

  private final AtomicInteger next = new AtomicInteger();
  private Bench bench;
  private Peer peer;

  /** Opens a store with so many values. */
  @Setup(Level.Trial)
  public void open() throws Exception {
    bench = new Bench(present + MOST_CREATES);
    peer = Peer.open(store, bench.directory());
    peer.fill(bench.keys(), 0, present, bench.value());
    next.set(present);
  }

  /** Removes it. */
  @TearDown(Level.Trial)
  public void remove() throws Exception {
    peer.close();
    bench.close();
  }

  private void create() throws Exception {
    peer.create(bench.keys()[next.getAndIncrement()], bench.value());
  }

  @Benchmark
  @Threads(1)
  public void create01() throws Exception {
    create();
  }

  @Benchmark
  @Threads(2)
  public void create02() throws Exception {
    create();
  }

  @Benchmark
  @Threads(8)
  public void create08() throws Exception {
    create();
  }

  @Benchmark
  @Threads(32)
  public void create32() throws Exception {
    create();
  }

  /** One of those present. The floor is a map in memory, and a copy of what it has. */
  @Benchmark
  @Threads(1)
  public byte[] read() throws Exception {
    RecordKey key = bench.keys()[bench.random(present)];
    return peer.read(key);
  }
}
