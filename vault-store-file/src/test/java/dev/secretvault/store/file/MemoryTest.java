package dev.secretvault.store.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a store of many records takes in the memory of a process that opens it. */
@Timeout(600)
class MemoryTest {

  /** So many by default; {@code -Dsecretvault.records=1000000} is the full size. */
  private static final int RECORDS = Integer.getInteger("secretvault.records", 100_000);

  /** As in a vault. */
  private static final int KEY_LENGTH = 40;

  @Test
  void open_manyRecords_takesTheirKeysAndAtMost50BytesEach(@TempDir Path directory)
      throws Exception {
    fill(directory);
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:+UseSerialGC", // Counts objects, not regions that they fill in part.
                "-cp",
                System.getProperty("java.class.path"),
                MemoryTest.class.getName(),
                directory.toString(),
                Integer.toString(RECORDS))
            .redirectErrorStream(true)
            .start();
    String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(child.waitFor()).as("%s", output).isZero();
    System.out.print(output);
    // The last line has one number for the index as opened, and one for it as listed.
    for (String bytes : output.strip().replaceAll("(?s).*\n", "").split(" ", -1)) {
      assertThat(Double.parseDouble(bytes)).isBetween(1.0 * KEY_LENGTH, KEY_LENGTH + 50.0);
    }
  }

  /** Puts all records, and puts them again: a log twice as long as what is stored. */
  private static void fill(Path directory) {
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      for (int revision = 0; revision < 2; revision++) {
        SplittableRandom random = new SplittableRandom(1);
        for (int put = 0; put < RECORDS; put += SecretStore.MAX_CHANGES) {
          List<Change> changes = new ArrayList<>();
          for (int i = 0; i < SecretStore.MAX_CHANGES; i++) {
            changes.add(Change.put(key(random), revision, new byte[200]));
          }
          store.commit(changes);
        }
      }
    }
  }

  private static RecordKey key(SplittableRandom random) {
    StringBuilder key = new StringBuilder();
    while (key.length() < KEY_LENGTH) {
      key.append("0123456789abcdefghijklmnopqrstuvwxyz".charAt(random.nextInt(36)));
    }
    return new RecordKey(key.toString());
  }

  /** What runs in the other process. */
  public static void main(String[] arguments) {
    Path directory = Path.of(arguments[0]);
    int records = Integer.parseInt(arguments[1]);
    // Twice, as the first one also loads classes.
    for (int round = 0; round < 2; round++) {
      long before = used();
      try (FileSecretStore store = FileSecretStore.openExisting(directory)) {
        long opened = used() - before;
        long listed = store.scan(null, 1).size() == 1 ? used() - before : 0;
        System.out.println((double) opened / records + " " + (double) listed / records);
      }
    }
  }

  private static long used() {
    long used = Long.MAX_VALUE;
    // Until nothing more is found to be garbage.
    for (int i = 0; i < 5; i++) {
      System.gc();
      used = Math.min(used, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
    }
    return used;
  }
}
