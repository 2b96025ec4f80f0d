package dev.secretvault.benchmarks;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.Warmup;

/** What it costs that a value which is deleted is overwritten, and that forced too. */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 4, time = 1)
@Fork(1)
@State(Scope.Benchmark)
public class EraseBenchmark {

  private Bench bench;
  private SecretStore store;

  /** Opens an empty store. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    bench = new Bench(1);
    store = FileSecretStore.open(bench.directory().resolve("store"));
  }

  /** Removes it. */
  @TearDown(Level.Trial)
  public void remove() throws IOException {
    store.close();
    bench.close();
  }

  /** Two commits, the second of which erases the value of the first. */
  @Benchmark
  public void createAndDelete() {
    RecordKey key = bench.keys()[0];
    store.commit(List.of(Change.put(key, 0, bench.value())));
    store.commit(List.of(Change.delete(key, 1)));
  }
}
