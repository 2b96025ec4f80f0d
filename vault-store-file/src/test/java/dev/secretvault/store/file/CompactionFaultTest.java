package dev.secretvault.store.file;

import static dev.secretvault.store.file.CompactionTest.GONE;
import static dev.secretvault.store.file.CompactionTest.fill;
import static dev.secretvault.store.file.CompactionTest.holds;
import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static dev.secretvault.store.file.Records.stateOf;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.file.HookedDisk.Call;
import dev.secretvault.store.file.HookedDisk.Hook;
import dev.secretvault.store.file.HookedDisk.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A compaction that dies, fails or meets damage takes nothing along, and what it leaves is told
 * from damage.
 */
@Timeout(60)
class CompactionFaultTest {

  /** Checks, at each call, all that a crash at this moment can leave. */
  private static final class CrashEverywhere implements Hook {
    private final SimulatedDisk disk;
    private Map<String, String> expected = Map.of();
    private int images;

    CrashEverywhere(SimulatedDisk disk) {
      this.disk = disk;
    }

    @Override
    public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
      if (!expected.isEmpty() && call != Call.READ && call != Call.SIZE) {
        check(disk.afterKill());
        check(disk.afterPowerLoss());
        if (call == Call.SYNC) {
          byte[] written = disk.content(name);
          for (int length = 0; length < written.length; length += 16) {
            check(disk.afterPowerLoss(name, Arrays.copyOf(written, length)));
          }
        }
      }
      return operation.run();
    }

    private void check(SimulatedDisk image) {
      images++;
      try (FileSecretStore store = open(image)) {
        assertThat(state(store)).isEqualTo(expected);
        commit(store, put("later", 0, "still writable"));
      }
      try (FileSecretStore store = open(image.afterPowerLoss())) {
        assertThat(store.recovery()).isEqualTo(Recovery.NONE);
        assertThat(state(store)).containsAllEntriesOf(expected).containsKey("later");
      }
      for (SimulatedDisk each : List.of(image, image.afterPowerLoss())) {
        assertThat(holds(each, GONE)).isFalse();
        assertThat(each.list()).filteredOn(name -> !name.equals("settled")).hasSize(1);
      }
    }
  }

  private static int crashEverywhere(SimulatedDisk disk) throws IOException {
    CrashEverywhere hook = new CrashEverywhere(disk);
    try (FileSecretStore store = open(new HookedDisk(disk, hook))) {
      fill(store);
      hook.expected = state(store);
      store.compact();
      hook.expected = state(store);
    }
    return hook.images;
  }

  @Test
  void compact_crashAnywhere_losesNothingAndLeavesNothingBehind() throws Exception {
    assertThat(crashEverywhere(new SimulatedDisk())).isGreaterThan(60);
    assertThat(crashEverywhere(new SimulatedDisk().writingThrough())).isGreaterThan(60);
  }

  @Test
  void compact_forcesAreLies_isNoticed() {
    assertThatThrownBy(() -> crashEverywhere(new SimulatedDisk().neverForcingTheDirectory()))
        .isInstanceOf(AssertionError.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void compact_anyCallFails_losesNothing(boolean forGood) throws Exception {
    int failed = 0;
    for (int n = 1; n == 1 || failed == n - 1; n++) {
      int nth = n;
      Failing hook = new Failing(call -> forGood ? call >= nth : call == nth);
      SimulatedDisk disk = new SimulatedDisk();
      Map<String, String> expected;
      try (FileSecretStore other = open(disk);
          FileSecretStore store = open(new HookedDisk(disk, hook))) {
        fill(store);
        expected = state(store);
        hook.armed = true;
        try {
          store.compact();
        } catch (IOException | StoreException reported) {
          // Or not, where all that failed was the note, or the removal of what is left.
        }
        failed += hook.failed ? 1 : 0;
        hook.armed = false;
        try {
          assertThat(state(store)).isEqualTo(expected);
          commit(store, put("later", 0, "after the fault"));
          expected = state(store);
        } catch (StoreException poisoned) {
          assertThat(poisoned.retryable()).isFalse();
        }
        assertThat(state(other)).as("call %d", n).isEqualTo(expected);
        commit(other, put("last", 0, "from elsewhere"));
        expected = state(other);
      }
      for (SimulatedDisk image : List.of(disk.afterKill(), disk.afterPowerLoss())) {
        assertThat(stateOf(image)).as("call %d", n).isEqualTo(expected);
        assertThat(image.list()).filteredOn(name -> !name.equals("settled")).hasSize(1);
        assertThat(holds(image, GONE)).isFalse();
      }
    }
    assertThat(failed).isGreaterThan(20);
  }

  private static final class Failing implements Hook {
    private final IntPredicate fails;
    private boolean armed;
    private boolean failed;
    private int calls;

    Failing(IntPredicate fails) {
      this.fails = fails;
    }

    @Override
    public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
      if (armed && fails.test(++calls)) {
        failed = true;
        throw new IOException("Input/output error");
      }
      return operation.run();
    }
  }

  @Test
  void compact_oneRecordIsDamaged_leavesTheLogAsItIs() throws Exception {
    SimulatedDisk disk = new SimulatedDisk();
    try (FileSecretStore store = open(disk)) {
      fill(store);
      String log = new String(disk.content("log.1"), ISO_8859_1);
      try (DiskFile file = disk.open("log.1")) {
        file.writeAt(log.indexOf(LogText.base64("beta")), new byte[] {'Q'});
      }
      assertThatThrownBy(store::compact).isInstanceOf(StoreException.class);
      assertThat(disk.list()).containsExactly("log.1", "settled");
      assertThat(store.read(key("a"))).isPresent();
      commit(store, put("e", 0, "epsilon"));
      assertThatThrownBy(() -> store.read(key("b"))).isInstanceOf(StoreCorruptException.class);
    }
  }

  /** Of the last commit only, nothing in the log can tell that it is missing. */
  @Test
  void open_lineOfALaterGenerationDroppedDoubledOrMoved_isRefused() throws Exception {
    List<String> lines = linesOfALaterGeneration();
    assertThat(lines).as("first line, base, its end, and commits").hasSize(1 + 4 + 1 + 3);
    int last = lines.size() - 1;
    for (int one = 0; one <= last; one++) {
      List<String> doubled = new ArrayList<>(lines);
      doubled.add(one, lines.get(one));
      assertRefused(bytes(doubled), "line " + one + " twice");
      if (one < last) {
        List<String> dropped = new ArrayList<>(lines);
        dropped.remove(one);
        assertRefused(bytes(dropped), "without line " + one);
      }
      for (int other = one + 1; other <= last; other++) {
        List<String> swapped = new ArrayList<>(lines);
        Collections.swap(swapped, one, other);
        assertRefused(bytes(swapped), "lines " + one + " and " + other + " swapped");
      }
    }
  }

  private static byte[] bytes(List<String> lines) {
    return String.join("", lines).getBytes(ISO_8859_1);
  }

  /** A base of records too large for one line. */
  private static List<String> linesOfALaterGeneration() throws IOException {
    SimulatedDisk disk = new SimulatedDisk();
    try (FileSecretStore store = open(disk)) {
      String large = "x".repeat((int) Compaction.PIECE_BYTES);
      for (int i = 0; i < 4; i++) {
        commit(store, put("k" + i, 0, large + i));
      }
      store.compact();
      for (int i = 0; i < 3; i++) {
        commit(store, put("l" + i, 0, "behind the base"));
      }
    }
    byte[] log = LogText.withoutFreeSpace(disk.content("log.2"));
    return new String(log, ISO_8859_1).lines().map(line -> line + '\n').toList();
  }

  /** Nothing of it is torn by a crash, so nothing of it may be cut off. */
  @Test
  void open_baseDamagedAnywhere_isRefused() throws Exception {
    SimulatedDisk disk = new SimulatedDisk();
    try (FileSecretStore store = open(disk)) {
      fill(store);
      store.compact();
    }
    byte[] log = disk.content("log.2");
    for (int bit = 0; bit < log.length * 8; bit++) {
      byte[] flipped = log.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertRefused(flipped, "bit " + bit);
    }
    for (int length = 0; length < log.length; length++) {
      assertRefused(Arrays.copyOf(log, length), "cut at " + length);
    }
  }

  private static void assertRefused(byte[] log, String what) {
    SimulatedDisk disk = new SimulatedDisk().put("lock", new byte[0]).put("log.2", log);
    assertThatThrownBy(() -> open(disk), what)
        .isInstanceOf(StoreCorruptException.class)
        .hasMessageContaining("/simulated/log.2");
    assertThat(disk.content("log.2")).as(what).isEqualTo(log);
  }
}
