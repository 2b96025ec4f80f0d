package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.diskWith;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static dev.secretvault.store.file.Records.stateOf;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreCorruptException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every small damage to a small log is noticed, and nothing is cut off but what a crash tears. */
@Timeout(60)
class LogDamageTest {

  private final List<Consumer<SecretStore>> script =
      List.of(
          store -> commit(store, put("a", 0, "alpha")),
          store -> commit(store, put("b", 0, "beta", 1_700_000_000_000L), put("c", 0, "gamma")),
          store -> commit(store, put("a", 1, "alpha again")),
          store -> commit(store, delete("c", 1)),
          store -> commit(store, put("d", 0, ""), put("e", 0, "epsilon", 0)),
          store -> commit(store, put("b", 1, "beta again"), delete("e", 1), put("f", 0, "zeta")));

  /** The log as it is in the end: what was replaced or deleted is erased. */
  private byte[] log;

  /** The log behind each frame, the first one without any. */
  private final List<byte[]> logs = new ArrayList<>();

  /** Where each frame begins, and where the last one ends. */
  private final List<Integer> frames = new ArrayList<>();

  /** What is stored before the first frame, and behind each. */
  private final List<Map<String, String>> states = new ArrayList<>();

  @BeforeEach
  void writeLog() {
    SimulatedDisk disk = new SimulatedDisk();
    try (FileSecretStore store = open(disk)) {
      note(disk, store);
      for (Consumer<SecretStore> commit : script) {
        commit.accept(store);
        note(disk, store);
      }
    }
    log = disk.content("log.1");
  }

  private void note(SimulatedDisk disk, SecretStore store) {
    logs.add(disk.content("log.1"));
    frames.add(disk.content("log.1").length);
    states.add(state(store));
  }

  /** The log while a frame was being written: what that one replaces or deletes is still there. */
  private byte[] logDuring(int number, int length) {
    byte[] during = Arrays.copyOf(logs.get(number + 1), length);
    System.arraycopy(logs.get(number), 0, during, 0, frames.get(number));
    return during;
  }

  /** The log as if nothing had ever been erased. */
  private byte[] unerased() {
    byte[] all = log.clone();
    for (int number = 0; number <= last(); number++) {
      int from = frames.get(number);
      System.arraycopy(logs.get(number + 1), from, all, from, frames.get(number + 1) - from);
    }
    return all;
  }

  private int last() {
    return script.size() - 1;
  }

  private byte[] frame(int number) {
    return Arrays.copyOfRange(log, frames.get(number), frames.get(number + 1));
  }

  private byte[] header() {
    return Arrays.copyOf(log, frames.get(0));
  }

  private static byte[] concat(List<byte[]> parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    parts.forEach(all::writeBytes);
    return all.toByteArray();
  }

  private byte[] logOf(List<Integer> numbers) {
    List<byte[]> parts = new ArrayList<>(List.of(header()));
    numbers.forEach(number -> parts.add(frame(number)));
    return concat(parts);
  }

  private List<Integer> inOrder() {
    List<Integer> numbers = new ArrayList<>();
    for (int number = 0; number <= last(); number++) {
      numbers.add(number);
    }
    return numbers;
  }

  private static void assertRefused(byte[] damaged, String where, long offset) throws IOException {
    SimulatedDisk disk = diskWith(damaged);
    assertThatThrownBy(() -> open(disk), "%s", where)
        .isInstanceOf(StoreCorruptException.class)
        .hasMessageContaining("/simulated/log.1")
        .hasMessageContaining("at byte " + offset + ":");
    assertThat(disk.list()).as(where).containsExactly("lock", "log.1");
    assertThat(disk.content("log.1")).as(where).isEqualTo(damaged);
  }

  /** The log opens without the frames from that number on, which are kept aside. */
  private void assertCut(byte[] damaged, String where, int number) throws IOException {
    int offset = frames.get(number);
    SimulatedDisk disk = diskWith(damaged);
    try (FileSecretStore store = open(disk)) {
      assertThat(state(store)).as(where).isEqualTo(states.get(number));
      Recovery recovery = store.recovery();
      assertThat(recovery.tornTailCut()).as(where).isTrue();
      assertThat(recovery.offset()).as(where).isEqualTo(offset);
      assertThat(recovery.bytes()).as(where).isEqualTo(damaged.length - offset);
      assertThat(recovery.keptIn()).as(where).hasFileName("torn-1-" + offset);
      assertThat(disk.content("torn-1-" + offset))
          .as(where)
          .isEqualTo(Arrays.copyOfRange(damaged, offset, damaged.length));
      commit(store, put("z", 0, "written after the cut"));
    }
    SimulatedDisk after = disk.afterPowerLoss();
    try (FileSecretStore store = open(after)) {
      assertThat(store.recovery()).as(where).isEqualTo(Recovery.NONE);
      assertThat(state(store)).as(where).containsAllEntriesOf(states.get(number)).containsKey("z");
    }
    assertThat(after.list())
        .as(where)
        .containsExactly("lock", "log.1", "settled", "torn-1-" + offset);
  }

  /** The log opens, and what should have been erased is. */
  private void assertWhole(byte[] found, String where) throws IOException {
    SimulatedDisk disk = diskWith(found);
    try (FileSecretStore store = open(disk)) {
      assertThat(store.recovery()).as(where).isEqualTo(Recovery.NONE);
      assertThat(state(store)).as(where).isEqualTo(states.get(last() + 1));
    }
    assertThat(disk.content("log.1")).as(where).isEqualTo(log);
  }

  @Test
  void open_undamaged_changesNothing() throws Exception {
    assertWhole(log, "undamaged");
    assertThat(StrictLog.read(log)).hasSameSizeAs(states.get(last() + 1));
  }

  @Test
  void open_cutAtAnyByte_keepsTheWholeFrames() throws Exception {
    for (int length = 0; length < log.length; length++) {
      String where = "cut at " + length;
      int whole = Collections.binarySearch(frames, length);
      if (length < frames.get(0)) {
        assertRefused(Arrays.copyOf(log, length), where, 0);
      } else if (whole >= 0) {
        assertThat(stateOf(diskWith(logs.get(whole)))).as(where).isEqualTo(states.get(whole));
      } else {
        assertCut(logDuring(-whole - 2, length), where, -whole - 2);
      }
    }
  }

  @Test
  void open_anyBitFlipped_isRefusedOrTornOrMeansNothing() throws Exception {
    BitSet dead = deadValues();
    assertThat(dead.cardinality()).as("3 values of 8 characters and one of 12").isEqualTo(36);
    for (int bit = 0; bit < log.length * 8; bit++) {
      byte[] flipped = log.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      String where = "bit " + bit % 8 + " of byte " + bit / 8;
      int frame = frameOf(bit / 8);
      if (frame == last()) {
        // What it replaced is erased, so it was acknowledged.
        assertRefused(flipped, where, place("beta"));
        byte[] during = logDuring(frame, log.length);
        during[bit / 8] = flipped[bit / 8];
        assertCut(during, where, frame);
      } else if (dead.get(bit / 8)) {
        assertWhole(flipped, where);
      } else {
        assertRefused(flipped, where, frame < 0 ? 0 : damagedPlace(bit / 8, frame));
      }
    }
  }

  /** The number of the frame that a byte belongs to, -1 for the header. */
  private int frameOf(int offset) {
    int found = Collections.binarySearch(frames, offset);
    return found >= 0 ? found : -found - 2;
  }

  /** A damaged value is reported with its own place, all else with that of the frame. */
  private int damagedPlace(int offset, int frame) {
    int live = place("alpha again");
    boolean inValue = offset >= live && offset < live + LogText.base64("alpha again").length();
    return inValue ? live : frames.get(frame);
  }

  /** Where in the log the text of that value begins. */
  private int place(String value) {
    return new String(unerased(), ISO_8859_1).indexOf('"' + LogText.base64(value) + '"') + 1;
  }

  /** The bytes of values whose records were replaced or deleted by a later frame. */
  private BitSet deadValues() {
    BitSet dead = new BitSet();
    for (String value : List.of("alpha", "beta", "gamma", "epsilon")) {
      dead.set(place(value), place(value) + LogText.base64(value).length());
    }
    return dead;
  }

  @Test
  void open_frameDropped_isRefused() throws Exception {
    for (int dropped = 0; dropped < last(); dropped++) {
      List<Integer> numbers = inOrder();
      numbers.remove(dropped);
      assertRefused(logOf(numbers), "without frame " + dropped, frames.get(dropped));
    }
  }

  @Test
  void open_frameDoubled_isRefused() throws Exception {
    for (int doubled = 0; doubled <= last(); doubled++) {
      List<Integer> numbers = inOrder();
      numbers.add(doubled, doubled);
      assertRefused(logOf(numbers), "frame " + doubled + " twice", frames.get(doubled + 1));
    }
  }

  @Test
  void open_framesSwapped_isRefused() throws Exception {
    for (int one = 0; one <= last(); one++) {
      for (int other = one + 1; other <= last(); other++) {
        List<Integer> numbers = inOrder();
        Collections.swap(numbers, one, other);
        assertRefused(logOf(numbers), one + " and " + other + " swapped", frames.get(one));
      }
    }
  }

  @Test
  void commit_replacesOrDeletes_erasesTheValueAndNothingElse() {
    byte[] erased = unerased();
    deadValues().stream().forEach(i -> erased[i] = '-');
    assertThat(log).isEqualTo(erased);
  }

  @Test
  void open_deadValuesNotErased_erasesThem() throws Exception {
    assertWhole(unerased(), "not erased");
    byte[] halfErased = unerased();
    deadValues().stream().filter(i -> i % 3 == 0).forEach(i -> halfErased[i] = '-');
    assertWhole(halfErased, "half erased");
  }

  @Test
  void open_liveValueErased_isRefused() throws Exception {
    byte[] erased = log.clone();
    int start = place("alpha again");
    Arrays.fill(erased, start, start + LogText.base64("alpha again").length(), (byte) '-');
    assertRefused(erased, "erased", start);
  }

  @Test
  void open_garbageBehindTheLastFrame_isCut() throws Exception {
    for (String tail :
        List.of("\n", "\n\n\n", "\0".repeat(5_000) + "x", "\u00ff\n\u0001{\n ".repeat(900))) {
      List<byte[]> parts = List.of(log, LogText.bytes(tail));
      assertCut(concat(parts), "tail", last() + 1);
    }
  }

  @Test
  void open_sectorOfTheLastFrameMissing_isCut() throws Exception {
    for (int start = frames.get(last()); start < log.length; start += 16) {
      byte[] damaged = logDuring(last(), log.length);
      Arrays.fill(damaged, start, Math.min(start + 16, log.length), (byte) 0);
      // Nothing is lost with zeros at its end.
      assertCut(LogText.withoutFreeSpace(damaged), "zeros at " + start, last());
    }
  }

  @Test
  void open_moreBehindTheLastFrameThanACrashCanLeave_isRefused() throws Exception {
    for (byte filling : new byte[] {0, 'x'}) {
      byte[] damaged = Arrays.copyOf(log, log.length + FreeSpace.MAX_TAIL + 1);
      Arrays.fill(damaged, log.length, damaged.length, filling);
      SimulatedDisk disk = diskWith(damaged);
      assertThatThrownBy(() -> open(disk))
          .isInstanceOf(StoreCorruptException.class)
          .hasMessageContaining("at byte " + log.length + ":");
      byte[] torn = Arrays.copyOf(damaged, damaged.length - 1);
      try (FileSecretStore store = open(diskWith(torn))) {
        assertThat(store.recovery().bytes()).isEqualTo(filling == 0 ? 0 : FreeSpace.MAX_TAIL);
        assertThat(state(store)).isEqualTo(states.get(last() + 1));
      }
    }
  }

  @Test
  void open_damageReachesIntoTheStartOfTheNextFrame_isRefusedIfAnotherFollows() throws Exception {
    byte[] damaged = log.clone();
    Arrays.fill(damaged, frames.get(2) - 10, frames.get(2) + 20, (byte) 0);
    assertRefused(damaged, "two frames damaged", frames.get(1));
  }

  @Test
  void open_olderFrameInsideATornTail_isCut() throws Exception {
    // Blocks of a file that was removed can come back in a tail that was never written.
    List<byte[]> parts =
        List.of(log, LogText.bytes("0123abcd {\"n\":7,\"c\":[{\"k\""), frame(2), frame(4));
    assertCut(concat(parts), "old frames", last() + 1);
  }

  @Test
  void open_tornTwiceAtOnePlace_keepsBothTails() throws Exception {
    SimulatedDisk disk = diskWith(concat(List.of(log, LogText.bytes("first"))));
    stateOf(disk);
    SimulatedDisk again =
        disk.afterKill().put("log.1", concat(List.of(log, LogText.bytes("second"))));
    try (FileSecretStore store = open(again)) {
      assertThat(store.recovery().keptIn()).hasFileName("torn-1-" + log.length + ".2");
    }
    assertThat(again.content("torn-1-" + log.length)).asString().isEqualTo("first");
    assertThat(again.content("torn-1-" + log.length + ".2")).asString().isEqualTo("second");
  }

  @Test
  void read_valueDamagedWhileOpen_throwsAndTheOthersAreRead() throws Exception {
    SimulatedDisk disk = diskWith(log);
    try (FileSecretStore store = open(disk)) {
      int start = place("alpha again");
      try (DiskFile file = disk.open("log.1")) {
        file.writeAt(start + 3, new byte[] {'Q'});
      }
      assertThatThrownBy(() -> store.read(Records.key("a")))
          .isInstanceOf(StoreCorruptException.class)
          .hasMessageContaining("/simulated/log.1")
          .hasMessageContaining("at byte " + start + ":");
      assertThatThrownBy(() -> store.scan(null, 10)).isInstanceOf(StoreCorruptException.class);
      assertThat(store.read(Records.key("b"))).isPresent();
      commit(store, put("a", 2, "mended"));
      assertThat(store.read(Records.key("a"))).isPresent();
    }
  }
}
