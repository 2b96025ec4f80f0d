package dev.secretvault.store.file;

import static dev.secretvault.store.file.LogText.HEADER;
import static dev.secretvault.store.file.LogText.base64;
import static dev.secretvault.store.file.LogText.bytes;
import static dev.secretvault.store.file.LogText.delete;
import static dev.secretvault.store.file.LogText.frame;
import static dev.secretvault.store.file.LogText.head;
import static dev.secretvault.store.file.Records.diskWith;
import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.open;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoredRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Random logs: large ones are read as they were written, and hostile ones never surprise. */
@Timeout(60)
class LogFuzzTest {

  private static final String ALPHABET = "{}[]\",:-+.0123456789ncvkrxlsde \\\n\u0000\u00e4";

  private SplittableRandom random;

  @BeforeEach
  void drawSeed() {
    long seed = new SplittableRandom().nextLong();
    System.out.println("log fuzz, seed " + seed);
    random = new SplittableRandom(seed);
  }

  private byte[] randomBytes(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  @Test
  void open_framesOfAnySize_areReadAsWritten() {
    SimulatedDisk disk = new SimulatedDisk();
    Map<String, byte[]> written = new TreeMap<>();
    try (FileSecretStore store = open(disk)) {
      for (int i = 0; i < 30; i++) {
        List<Change> changes = new ArrayList<>();
        int count = 1 + random.nextInt(i % 10 == 0 ? SecretStore.MAX_CHANGES : 5);
        for (int j = 0; j < count; j++) {
          byte[] value = randomBytes(random.nextInt(i % 7 == 0 ? 1_500_000 / count : 3_000));
          String text = "k" + i + "-" + "x".repeat(random.nextInt(120)) + j;
          written.put(text, value);
          changes.add(Change.put(key(text), 0, value));
        }
        store.commit(changes);
      }
    }
    assertHolds(disk.afterPowerLoss(), written);
  }

  @Test
  void open_largestCommit_isReadAsWritten() {
    SimulatedDisk disk = new SimulatedDisk();
    Map<String, byte[]> written = new TreeMap<>();
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < SecretStore.MAX_CHANGES; i++) {
      String text = "k".repeat(124) + (1_000 + i);
      // One byte more than a multiple of three makes base64 longest.
      byte[] value = randomBytes(SecretStore.MAX_COMMIT_BYTES / SecretStore.MAX_CHANGES);
      assertThat(value.length % 3).isEqualTo(1);
      written.put(text, value);
      changes.add(Change.put(key(text), 0, value));
    }
    try (FileSecretStore store = open(disk)) {
      store.commit(changes);
    }
    assertHolds(disk.afterPowerLoss(), written);
    byte[] log = LogText.withoutFreeSpace(disk.content("log.1"));
    try (FileSecretStore store = open(diskWithout(log, 1))) {
      assertThat(store.recovery().bytes()).isEqualTo(log.length - HEADER.length() - 1);
    }
  }

  private static SimulatedDisk diskWithout(byte[] log, int bytes) {
    return new SimulatedDisk().put("log.1", Arrays.copyOf(log, log.length - bytes));
  }

  private static void assertHolds(SimulatedDisk disk, Map<String, byte[]> written) {
    try (FileSecretStore store = open(disk)) {
      assertThat(store.recovery()).isEqualTo(Recovery.NONE);
      written.forEach(
          (text, value) -> {
            Optional<byte[]> found = store.read(key(text)).map(StoredRecord::bytes);
            assertThat(Arrays.equals(found.orElseThrow(), value)).as(text).isTrue();
          });
    }
  }

  /** Somebody who can compute checksums replaces, removes and inserts characters. */
  @Test
  void open_documentChangedAnyhowWithRightChecksum_opensOrIsRefused() throws Exception {
    String value = base64("one");
    String document = head(1, LogText.put("a", 1, 5, value), LogText.put("b", 1, value));
    int opened = 0;
    int refused = 0;
    for (int round = 0; round < 20_000; round++) {
      StringBuilder changed = new StringBuilder(document);
      for (int i = random.nextInt(3); i >= 0; i--) {
        change(changed);
      }
      String log =
          HEADER + frame(changed.toString(), value, value) + frame(head(2, delete("a", 1)));
      if (opens(bytes(log), changed.toString())) {
        opened++;
      } else {
        refused++;
      }
    }
    assertThat(opened).as("opened").isPositive();
    assertThat(refused).as("refused").isGreaterThan(opened);
  }

  private void change(StringBuilder text) {
    int at = random.nextInt(text.length());
    char c = ALPHABET.charAt(random.nextInt(ALPHABET.length()));
    switch (random.nextInt(4)) {
      case 0 -> text.setCharAt(at, c);
      case 1 -> text.insert(at, c);
      case 2 -> text.deleteCharAt(at);
      default -> text.insert(at, text.substring(at, Math.min(text.length(), at + 20)));
    }
  }

  /** Nothing but a typed refusal, and no answer that a second, independent reader does not give. */
  private static boolean opens(byte[] log, String what) throws IOException {
    SimulatedDisk disk = diskWith(log);
    try (FileSecretStore store = open(disk)) {
      Map<String, StrictLog.Stored> independent = StrictLog.read(log);
      assertThat(Records.state(store).keySet()).as(what).isEqualTo(independent.keySet());
      return true;
    } catch (StoreCorruptException refused) {
      assertThat(disk.content("log.1")).as(what).isEqualTo(log);
      return false;
    }
  }
}
