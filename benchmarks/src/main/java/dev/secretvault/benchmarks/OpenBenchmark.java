package dev.secretvault.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * Opening a store with values of 200 bytes, and reading the first of them; beside reading and
 * checksumming all its bytes, in pieces and by calls that make that as fast as can be. SQLite and
 * MVStore read what is asked for only when it is. Says on the way how much of the disk each takes.
 *
 * <p>The files are in the system's memory, so what the disk takes is not measured.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Benchmark)
public class OpenBenchmark {

  private static final int PIECE = 1 << 17;

  /** The file store and its peers. */
  @Param({"secretvault", "sqlite", "mvstore", "file-each", "json", "pkcs12", "elytron"})
  public String store;

  /** How many secrets there are. */
  @Param({"1000", "10000"})
  public int present;

  private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
  private Bench bench;

  /** Creates a store with so many values, and closes it. */
  @Setup(Level.Trial)
  public void create() throws Exception {
    bench = new Bench(present);
    try (Peer peer = Peer.open(store, bench.directory())) {
      peer.fill(bench.keys(), 0, present, bench.value());
    }
    System.out.printf(
        "# %s, %d present: %d bytes on disk for each%n",
        store, present, bench.bytesOnDisk() / present);
  }

  /** Removes it. */
  @TearDown(Level.Trial)
  public void remove() throws IOException {
    bench.close();
  }

  @Benchmark
  public byte[] open() throws Exception {
    try (Peer peer = Peer.open(store, bench.directory())) {
      return peer.read(bench.keys()[0]);
    }
  }

  /** The floor. */
  @Benchmark
  public long readAndChecksum() throws IOException {
    CRC32C checksum = new CRC32C();
    for (Path file : bench.files()) {
      if (Files.isRegularFile(file)) {
        add(file, checksum);
      }
    }
    return checksum.getValue();
  }

  private void add(Path file, CRC32C checksum) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      while (channel.read(piece) >= 0) {
        piece.flip();
        checksum.update(piece);
        piece.clear();
      }
    }
  }
}
