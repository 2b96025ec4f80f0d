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
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a store of many records takes in the memory of a process that opens it. */
@Timeout(600)
class MemoryTest {

  /** So many by default; {@code -Dsecretvault.records=1000000} is the full size. */
  private static final int RECORDS = Integer.getInteger("secretvault.records", 100_000);

  private static final String DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

  /** What the records are called, and what each may take. */
  enum Keys {
    /** As in a vault of one namespace: a secret has three, at most 200 bytes for all of them. */
    OF_A_VAULT(65) {
      @Override
      String key(int number, SplittableRandom random) {
        return switch (number % 3) {
          case 0 -> "namespace-x.n." + characters(22, random);
          case 1 -> "namespace-x.s." + characters(26, random);
          default -> "namespace-x.v." + characters(26, random) + ".1";
        };
      }
    },
    /** As in a vault that has a secret to a namespace. */
    OF_MANY_NAMESPACES(39 + 50) {
      @Override
      String key(int number, SplittableRandom random) {
        String namespace = characters(11, random);
        return switch (number % 3) {
          case 0 -> namespace + ".n." + characters(22, random);
          case 1 -> namespace + ".s." + characters(26, random);
          default -> namespace + ".v." + characters(26, random) + ".1";
        };
      }
    },
    WITHOUT_PREFIX(40 + 50) {
      @Override
      String key(int number, SplittableRandom random) {
        return characters(40, random);
      }
    };

    private final double most;

    Keys(double most) {
      this.most = most;
    }

    abstract String key(int number, SplittableRandom random);

    private static String characters(int count, SplittableRandom random) {
      StringBuilder text = new StringBuilder();
      while (text.length() < count) {
        text.append(DIGITS.charAt(random.nextInt(DIGITS.length())));
      }
      return text.toString();
    }
  }

  @ParameterizedTest
  @EnumSource
  void open_manyRecords_takesSoMuchForEach(Keys keys, @TempDir Path directory) throws Exception {
    fill(directory, keys);
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
    System.out.print(keys + " " + output);
    // The last line has one number for the index as opened, and one for it as listed.
    for (String bytes : output.strip().replaceAll("(?s).*\n", "").split(" ", -1)) {
      assertThat(Double.parseDouble(bytes)).isBetween(20.0, keys.most);
    }
  }

  /** Puts all records, and puts them again: a log twice as long as what is stored. */
  private static void fill(Path directory, Keys keys) {
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      for (int revision = 0; revision < 2; revision++) {
        SplittableRandom random = new SplittableRandom(1);
        for (int put = 0; put < RECORDS; put += SecretStore.MAX_CHANGES) {
          List<Change> changes = new ArrayList<>();
          for (int i = 0; i < SecretStore.MAX_CHANGES; i++) {
            RecordKey key = new RecordKey(keys.key(i, random));
            changes.add(Change.put(key, revision, new byte[200]));
          }
          store.commit(changes);
        }
      }
    }
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
