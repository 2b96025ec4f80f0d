package dev.secretvault.benchmarks;

import dev.secretvault.store.RecordKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/** What each store is given: a directory, keys such as a vault makes, and a value of 200 bytes. */
final class Bench implements AutoCloseable {

  private static final String DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

  private final Path directory;
  private final RecordKey[] keys;
  private final byte[] value = new byte[200];

  /** Keys in a random order, the same ones each time. */
  Bench(int count) throws IOException {
    directory = Files.createTempDirectory("store-benchmark");
    SplittableRandom random = new SplittableRandom(1);
    random.nextBytes(value);
    keys = new RecordKey[count];
    Arrays.setAll(keys, i -> key(random));
  }

  private static RecordKey key(SplittableRandom random) {
    StringBuilder key = new StringBuilder("jx0r3fq9tba.v.");
    for (int i = 0; i < 26; i++) {
      // In lower case, since the names in a key store are of one case.
      key.append(DIGITS.charAt(random.nextInt(DIGITS.length())));
    }
    return new RecordKey(key.toString());
  }

  Path directory() {
    return directory;
  }

  /** No copy. */
  RecordKey[] keys() {
    return keys;
  }

  /** No copy. */
  byte[] value() {
    return value;
  }

  int random(int bound) {
    return ThreadLocalRandom.current().nextInt(bound);
  }

  /** All files of the directory, and the directories in it before what is in them. */
  List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.toList();
    }
  }

  /** What the file system sets aside for all files. */
  long bytesOnDisk() throws IOException {
    long bytes = 0;
    for (Path file : files()) {
      if (Files.isRegularFile(file)) {
        // In blocks of 4 KiB, as most file systems do.
        bytes += (Files.size(file) + 4095) / 4096 * 4096;
      }
    }
    return bytes;
  }

  @Override
  public void close() throws IOException {
    for (Path file : files().stream().sorted(Comparator.reverseOrder()).toList()) {
      Files.delete(file);
    }
  }
}
