package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Neither a live nor a dead object holds a key, a passphrase or a value when the vault is closed
 * and the garbage collected.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class HeapDumpTest {

  private static final int CHUNK = 1 << 24;

  /**
   * How many things are looked for, without what is prepared of values, which is dropped as it is.
   */
  private static final int UNCOLLECTED = 25 + 2 * 12;

  private static final Set<String> OF_SECRETS =
      Set.of(
          "text",
          "bytes",
          "AES value",
          "end of the long value",
          "inner state",
          "outer state",
          "derived AES");

  @TempDir Path directory;

  private final Map<String, byte[]> needles = new TreeMap<>();

  /** Runs the child, and names what is found in its dumps: of all objects, and of live ones. */
  private void run(String mode) throws IOException {
    List<String> options =
        List.of(
            "-XX:+UseSerialGC",
            // Objects are moved together at each collection, so that none is kept in a gap.
            "-XX:MarkSweepAlwaysCompactCount=1",
            "-XX:TieredStopAtLevel=1",
            // Dumps have the unused rest of threads' buffers, with what was there before.
            "-XX:+ZeroTLAB",
            // To tell the states of hashes.
            "--add-opens=java.base/java.security=ALL-UNNAMED",
            "--add-opens=java.base/sun.security.provider=ALL-UNNAMED",
            mode.equals("uncollected") ? "-Xmx1300m" : "-Xmx96m",
            mode.equals("uncollected") ? "-Xmn1g" : "-Xmn32m");
    try (ChildJvm child = ChildJvm.start(HeapDumpChild.class, options, Map.of(), mode, directory)) {
      for (String line = child.line(); !"dumped".equals(line); line = child.line()) {
        assertThat(line).as("what the child says").matches("[\\w -]+=[0-9a-f]+");
        int end = line.indexOf('=');
        byte[] needle =
            masked(HexFormat.of().parseHex(line, end + 1, line.length()), HeapDumpChild.MASK);
        needles.put(line.substring(0, end), needle);
        if (line.startsWith("key", end - 3) || line.startsWith("Key", end - 3)) {
          needles.put(line.substring(0, end) + " in HMAC's inner pad", masked(needle, 0x36));
          needles.put(line.substring(0, end) + " in HMAC's outer pad", masked(needle, 0x5c));
        }
      }
      assertThat(child.exitCode()).isZero();
    }
    assertThat(needles).hasSize(mode.equals("uncollected") ? UNCOLLECTED : UNCOLLECTED + 3);
  }

  private static byte[] masked(byte[] bytes, int mask) {
    byte[] masked = bytes.clone();
    for (int i = 0; i < masked.length; i++) {
      masked[i] ^= (byte) mask;
    }
    return masked;
  }

  private Set<String> foundIn(String dump) throws IOException {
    Path file = directory.resolve(dump);
    assertThat(Files.size(file)).as("a dump, and no empty one").isGreaterThan(1 << 20);
    int longest = needles.values().stream().mapToInt(needle -> needle.length).max().orElseThrow();
    Set<String> found = new TreeSet<>();
    try (InputStream in = Files.newInputStream(file)) {
      String haystack = "";
      for (byte[] read = in.readNBytes(CHUNK); read.length > 0; read = in.readNBytes(CHUNK)) {
        String end = haystack.substring(Math.max(0, haystack.length() - longest));
        haystack = end + new String(read, StandardCharsets.ISO_8859_1);
        for (Map.Entry<String, byte[]> needle : needles.entrySet()) {
          if (haystack.contains(new String(needle.getValue(), StandardCharsets.ISO_8859_1))) {
            found.add(needle.getKey());
          }
        }
      }
    }
    return found;
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "passphrase"})
  void afterClosing_nothingIsLeft(String mode) throws IOException {
    run(mode);
    assertThat(foundIn("all.hprof")).isEmpty();
    assertThat(foundIn("live.hprof")).isEmpty();
  }

  /** The vault is open, and what was prepared with the secrets is at hand. */
  @Test
  void afterSecretsChanged_nothingOfThemIsLeft() throws IOException {
    run("changed");
    assertThat(foundIn("all.hprof")).doesNotContainAnyElementsOf(OF_SECRETS);
    assertThat(foundIn("live.hprof")).doesNotContainAnyElementsOf(OF_SECRETS);
  }

  /** All that was ever made is still there, but has been overwritten. */
  @Test
  void beforeAnyCollection_nothingIsLeftEither() throws IOException {
    run("uncollected");
    assertThat(foundIn("all.hprof")).isEmpty();
  }

  /** The control: what is kept is found, whatever it is kept in. */
  @Test
  void whatIsKept_isFound() throws IOException {
    run("kept");
    Set<String> expected =
        Set.of(
            "root key",
            "secret passphrase in UTF-16",
            "text",
            "inner state",
            "outer state",
            "derived AES");
    assertThat(foundIn("all.hprof")).isEqualTo(expected);
    assertThat(foundIn("live.hprof")).isEqualTo(expected);
  }

  /** The control: what is dead but not yet collected is found, too. */
  @Test
  void whatIsDropped_isFoundAmongAllObjects() throws IOException {
    run("dropped");
    assertThat(foundIn("all.hprof")).containsExactly("root key");
    assertThat(foundIn("live.hprof")).isEmpty();
  }
}
