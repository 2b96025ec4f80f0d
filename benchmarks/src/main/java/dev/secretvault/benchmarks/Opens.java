package dev.secretvault.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Opening a store and reading the first of its values, which takes turns with the floor: reading
 * and checksumming all bytes of the same files, in pieces and by calls that make that as fast as
 * can be. The files are in the system's memory, so what the disk takes is not measured. SQLite and
 * MVStore read most of what they have only when it is asked for.
 *
 * <p>Arguments: the seconds, then stores as {@code kind@present}, where the kind is one of {@link
 * Peer#open}. Printed are how much of the disk they take, and the median and the quartiles of the
 * ratio of an opening to the floor right before it.
 */
final class Opens {

  private static final int PIECE = 1 << 17;
  private static final double NANOS_PER_MILLI = 1e6;

  private Opens() {}

  /** One store, and what it took so far. */
  private static final class Turn implements AutoCloseable {
    private final String name;
    private final String kind;
    private final Bench bench;
    private final long bytesEach;
    private final ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
    private final List<Double> floors = new ArrayList<>();
    private final List<Double> opens = new ArrayList<>();

    Turn(String name) throws Exception {
      this.name = name;
      String[] parts = name.split("[@*]", -1);
      if (parts.length != 2) {
        throw new IllegalArgumentException(name + ": not of the form kind@present");
      }
      kind = parts[0];
      int present = Integer.parseInt(parts[1]);
      bench = new Bench(Bench.keys(present));
      try (Peer peer = Peer.open(kind, bench.directory())) {
        peer.fill(bench.keys(), 0, present, bench.value());
      }
      try (Peer peer = Peer.open(kind, bench.directory())) {
        if (peer.count() != present) {
          throw new IllegalStateException(name + " has " + peer.count());
        }
      }
      bytesEach = bench.bytesOnDisk() / present;
    }

    void run() throws Exception {
      long start = System.nanoTime();
      readAndChecksum();
      long between = System.nanoTime();
      try (Peer peer = Peer.open(kind, bench.directory())) {
        byte[] first = peer.read(bench.keys()[0]);
        long end = System.nanoTime();
        if (!Arrays.equals(first, bench.value())) {
          throw new IllegalStateException(name + " has another value");
        }
        floors.add((between - start) / NANOS_PER_MILLI);
        opens.add((end - between) / NANOS_PER_MILLI);
      }
    }

    private void readAndChecksum() throws IOException {
      CRC32C sum = new CRC32C();
      for (Path file : bench.files()) {
        if (Files.isRegularFile(file)) {
          try (FileChannel channel = FileChannel.open(file)) {
            while (channel.read(piece) >= 0) {
              piece.flip();
              sum.update(piece);
              piece.clear();
            }
          }
        }
      }
      if (sum.getValue() == 0) {
        throw new IllegalStateException(name + " has no bytes");
      }
    }

    void forget() {
      floors.clear();
      opens.clear();
    }

    void print() {
      double[] ratios = new double[opens.size()];
      Arrays.setAll(ratios, i -> opens.get(i) / floors.get(i));
      double[] floor = floors.stream().mapToDouble(Double::doubleValue).toArray();
      double[] open = opens.stream().mapToDouble(Double::doubleValue).toArray();
      System.out.printf(
          "%-26s %8d %10d %10.2f %10.2f %8.2f %8.2f %8.2f%n",
          name,
          open.length,
          bytesEach,
          quartile(floor, 2),
          quartile(open, 2),
          quartile(ratios, 1),
          quartile(ratios, 2),
          quartile(ratios, 3));
    }

    private static double quartile(double[] numbers, int quarters) {
      double[] sorted = numbers.clone();
      Arrays.sort(sorted);
      return sorted[(sorted.length - 1) * quarters / 4];
    }

    @Override
    public void close() throws IOException {
      bench.close();
    }
  }

  /** Runs it. */
  public static void main(String[] arguments) throws Exception {
    long seconds = Long.parseLong(arguments[0]);
    List<String> names = Arrays.asList(arguments).subList(1, arguments.length);
    List<Turn> turns = new ArrayList<>();
    try {
      for (String name : names) {
        turns.add(new Turn(name));
      }
      Interleaved.repeat(seconds / 4 + 1, () -> runAll(turns));
      turns.forEach(Turn::forget);
      Interleaved.repeat(seconds, () -> runAll(turns));
      System.out.printf(
          "%-26s %8s %10s %10s %10s %8s %8s %8s%n",
          "store", "opens", "bytes each", "floor ms", "open ms", "x 25 %", "x 50 %", "x 75 %");
      turns.forEach(Turn::print);
    } finally {
      for (Turn turn : turns) {
        turn.close();
      }
    }
  }

  private static boolean runAll(List<Turn> turns) throws Exception {
    for (Turn turn : turns) {
      turn.run();
    }
    return true;
  }
}
