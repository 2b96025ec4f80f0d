package dev.secretvault.store.file;

import static dev.secretvault.store.file.LogText.withoutFreeSpace;
import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.diskWith;
import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static dev.secretvault.store.file.Records.stateOf;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.file.HookedDisk.Call;
import dev.secretvault.store.file.HookedDisk.Hook;
import dev.secretvault.store.file.HookedDisk.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is written into the free space of a log, or left in it, is what it would be without. */
@Timeout(60)
class FreeSpaceTest {

  /** Makes a log so long that it gets free space. */
  private static final String PAD = "x".repeat(25_000);

  private static final int FREE = 4_096;

  private final SimulatedDisk disk = new SimulatedDisk();

  /** Notes the calls that concern a log. */
  private static final class Calls implements Hook {
    private final List<Call> made = new ArrayList<>();

    @Override
    public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
      if (Names.generation(name) > 0) {
        made.add(call);
      }
      return operation.run();
    }
  }

  private static int end(SimulatedDisk disk) {
    return withoutFreeSpace(disk.content("log.1")).length;
  }

  private static int free(SimulatedDisk disk, String log) {
    byte[] content = disk.content(log);
    return content.length - withoutFreeSpace(content).length;
  }

  /** What a commit of one record adds to a log that is on a disk. */
  private static byte[] frameOf(SimulatedDisk disk, String key, String value) {
    SimulatedDisk copy = disk.afterKill();
    try (FileSecretStore store = open(copy)) {
      commit(store, put(key, 0, value));
    }
    return Arrays.copyOfRange(copy.content("log.1"), end(disk), end(copy));
  }

  private static void write(SimulatedDisk disk, long position, byte[] bytes) throws IOException {
    try (DiskFile log = disk.open("log.1")) {
      log.writeAt(position, bytes);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "32767, 0",
    "32768, 4096",
    "65535, 4096",
    "65536, 8192",
    "2097151, 258048",
    "2097152, 262144",
    "1000000000000, 262144"
  })
  void lengthBehind_anyLog_isAnEighthInWholeBlocksAndHasABound(long end, int free) {
    assertThat(FreeSpace.lengthBehind(end)).isEqualTo(free);
  }

  @Test
  void start_anyNumberOfZeros_isBehindTheLastOtherByte() throws Exception {
    for (int zeros : new int[] {0, 1, 65_532, 65_533, 65_536, 65_537, 131_072, 200_000}) {
      try (DiskFile log = diskWith(Arrays.copyOf(new byte[] {0, 0, 7}, 3 + zeros)).open("log.1")) {
        assertThat(FreeSpace.start(log, 0)).isEqualTo(3);
        assertThat(FreeSpace.start(log, 2)).isEqualTo(3);
        assertThat(FreeSpace.start(log, 3)).isEqualTo(3);
        assertThat(FreeSpace.start(log, 3 + zeros)).isEqualTo(3 + zeros);
      }
    }
    try (DiskFile log = diskWith(new byte[70_000]).open("log.1")) {
      assertThat(FreeSpace.start(log, 0)).isZero();
    }
  }

  @Test
  void commit_doesNotFit_isForcedTogetherWithFreeSpace() {
    Calls calls = new Calls();
    try (FileSecretStore store = open(new HookedDisk(disk, calls))) {
      commit(store, put("a", 0, "alpha"));
      assertThat(free(disk, "log.1")).isZero();
      calls.made.clear();
      commit(store, put("pad", 0, PAD));
      assertThat(calls.made)
          .filteredOn(call -> call != Call.READ && call != Call.SIZE)
          .containsExactly(Call.WRITE, Call.WRITE, Call.SYNC, Call.IS_NAMED);
      assertThat(free(disk, "log.1")).isEqualTo(FREE);
      assertThat(disk.durableContent("log.1")).isEqualTo(disk.content("log.1"));
    }
  }

  /** Nobody asks for attributes of the log, neither who writes nor who follows. */
  @Test
  void commit_fits_isOneWriteAndOneForceOfAFileOfTheSameLength() {
    Calls calls = new Calls();
    try (FileSecretStore store = open(new HookedDisk(disk, calls))) {
      commit(store, put("pad", 0, PAD));
      try (FileSecretStore other = open(new HookedDisk(disk, calls))) {
        int length = disk.content("log.1").length;
        for (FileSecretStore writer : List.of(store, other, other, store)) {
          calls.made.clear();
          commit(writer, put("a" + end(disk), 0, "alpha"));
          assertThat(state(store)).isEqualTo(state(other));
          assertThat(calls.made).doesNotContain(Call.SIZE, Call.TRUNCATE).contains(Call.READ);
          assertThat(calls.made)
              .filteredOn(call -> call != Call.READ)
              .containsExactly(Call.WRITE, Call.SYNC, Call.IS_NAMED);
        }
        assertThat(disk.content("log.1")).hasSize(length);
      }
      assertThat(free(disk, "log.1")).isBetween(1, FREE - 4 * 80);
    }
  }

  @Test
  void open_freeSpaceIsLeft_isUsed() {
    try (FileSecretStore store = open(disk)) {
      commit(store, put("pad", 0, PAD));
    }
    int length = disk.content("log.1").length;
    for (int i = 0; i < 3; i++) {
      try (FileSecretStore store = open(disk.afterPowerLoss())) {
        assertThat(store.recovery()).isEqualTo(Recovery.NONE);
      }
      try (FileSecretStore store = open(disk)) {
        commit(store, put("a", i, "alpha " + i));
        assertThat(store.recovery()).isEqualTo(Recovery.NONE);
      }
      assertThat(disk.content("log.1")).hasSize(length);
    }
    assertThat(stateOf(disk.afterPowerLoss())).containsEntry("a", "3 alpha 2");
  }

  @Test
  void compact_logHasFreeSpace_beginsOneWithout() throws Exception {
    try (FileSecretStore store = open(disk);
        FileSecretStore other = open(disk)) {
      commit(store, put("pad", 0, PAD), put("a", 0, "alpha"));
      assertThat(state(other)).hasSize(2);
      store.compact();
      assertThat(free(disk, "log.2")).isZero();
      commit(other, delete("a", 1));
      assertThat(free(disk, "log.2")).isEqualTo(FREE);
      assertThat(state(store)).containsOnlyKeys("pad");
      commit(other, delete("pad", 1));
      assertThat(new String(disk.content("log.2"), ISO_8859_1)).doesNotContain(LogText.base64(PAD));
    }
    assertThat(stateOf(disk.afterPowerLoss())).isEmpty();
  }

  /** Nothing else tells a lost end of a log from one that never was. */
  @Test
  void open_acknowledgedFramesAreGone_saysHowMuchIsMissing() throws Exception {
    try (FileSecretStore store = open(disk)) {
      commit(store, put("pad", 0, PAD));
      commit(store, put("a", 0, "alpha"));
    }
    int first = end(disk);
    try (FileSecretStore store = open(disk)) {
      commit(store, put("b", 0, "beta"));
      commit(store, put("c", 0, "gamma"));
    }
    byte[] log = disk.content("log.1");
    int end = end(disk);
    byte[] zeroed = log.clone();
    Arrays.fill(zeroed, first, zeroed.length, (byte) 0);
    byte[] torn = log.clone();
    Arrays.fill(torn, end - 10, torn.length, (byte) 0);
    for (byte[] damaged : List.of(zeroed, Arrays.copyOf(log, first), torn)) {
      SimulatedDisk image = disk.afterKill().put("log.1", damaged);
      Recovery recovery;
      try (FileSecretStore store = open(image)) {
        recovery = store.recovery();
        assertThat(recovery.acknowledgedLost()).isTrue();
        assertThat(recovery.tornTailCut()).isEqualTo(damaged == torn);
        long found = recovery.tornTailCut() ? recovery.offset() : first;
        assertThat(recovery.lost()).isEqualTo(end - found);
        assertThat(state(store)).hasSize(damaged == torn ? 3 : 2);
      }
      try (FileSecretStore store = open(image)) {
        assertThat(store.recovery()).as("once is enough").isEqualTo(Recovery.NONE);
      }
    }
    assertThat(lostAfterNote(log, 1, end - 1)).as("an older note").isZero();
    assertThat(lostAfterNote(log, 1, end + 7)).isEqualTo(7);
    assertThat(lostAfterNote(log, 2, end + 7)).as("a note of another log").isZero();
  }

  private static long lostAfterNote(byte[] log, long generation, long end) throws IOException {
    String note = String.format("%019d %019d%n", generation, end);
    try (FileSecretStore store = open(diskWith(log).put("settled", note.getBytes(ISO_8859_1)))) {
      return store.recovery().lost();
    }
  }

  /** The last commit of two, and the log with so many bytes of free space. */
  private byte[] logOfTwo(int free) {
    try (FileSecretStore store = open(disk)) {
      commit(store, put("a", 0, "alpha"));
      commit(store, put("b", 0, "beta, of which some may be missing"));
    }
    return Arrays.copyOf(disk.content("log.1"), disk.content("log.1").length + free);
  }

  private static int lastFrame(byte[] log) {
    byte[] text = withoutFreeSpace(log);
    int start = text.length - 1;
    while (text[start - 1] != '\n') {
      start--;
    }
    return start;
  }

  private static void assertOpens(byte[] log, String where, int last, boolean there)
      throws IOException {
    SimulatedDisk image = diskWith(log);
    byte[] text = withoutFreeSpace(log);
    Map<String, String> found;
    try (FileSecretStore store = open(image)) {
      found = state(store);
      assertThat(found.keySet()).as(where).containsExactlyElementsOf(there ? KEYS : KEYS_BEFORE);
      boolean torn = !there && text.length > last;
      assertThat(store.recovery().tornTailCut()).as(where).isEqualTo(torn);
      if (torn) {
        assertThat(store.recovery().offset()).as(where).isEqualTo(last);
        assertThat(image.content("torn-1-" + last))
            .as(where)
            .isEqualTo(Arrays.copyOfRange(text, last, text.length));
      }
      commit(store, put("c", 0, "gamma"));
      found = state(store);
    }
    assertThat(stateOf(image.afterPowerLoss())).as(where).isEqualTo(found).containsKey("c");
  }

  private static final List<String> KEYS = List.of("a", "b");
  private static final List<String> KEYS_BEFORE = List.of("a");

  @Test
  void open_cutOrEmptyFromAnyByteOn_keepsTheWholeFrames() throws Exception {
    byte[] log = logOfTwo(300);
    int last = lastFrame(log);
    int end = withoutFreeSpace(log).length;
    for (int length = last; length <= log.length; length++) {
      byte[] cut = Arrays.copyOf(log, length);
      assertOpens(cut, "cut at " + length, last, length >= end);
      assertOpens(Arrays.copyOf(cut, log.length), "empty from " + length, last, length >= end);
    }
  }

  @Test
  void open_anySectorsOfTheLastFrame_areThatFrameOrATornTailOrNothing() throws Exception {
    byte[] log = logOfTwo(300);
    int last = lastFrame(log);
    int end = withoutFreeSpace(log).length;
    int sector = (end - last) / 8 + 1;
    for (int some = 0; some < 1 << 8; some++) {
      byte[] image = log.clone();
      for (int i = 0; i < 8; i++) {
        if ((some & 1 << i) == 0) {
          int from = Math.min(last + i * sector, end);
          Arrays.fill(image, from, Math.min(from + sector, end), (byte) 0);
        }
      }
      assertOpens(image, "sectors " + Integer.toBinaryString(some), last, some == 255);
    }
  }

  @Test
  void open_anyBitOfTheFreeSpaceFlipped_isCut() throws Exception {
    byte[] log = logOfTwo(40);
    int end = withoutFreeSpace(log).length;
    for (int bit = end * 8; bit < log.length * 8; bit++) {
      byte[] flipped = log.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      SimulatedDisk image = diskWith(flipped);
      try (FileSecretStore store = open(image)) {
        assertThat(store.recovery().offset()).isEqualTo(end);
        assertThat(store.recovery().bytes()).as("bit %d", bit).isEqualTo(bit / 8 - end + 1);
        assertThat(state(store)).containsOnlyKeys("a", "b");
      }
      assertThat(image.durableContent("log.1")).hasSize(end);
    }
  }

  @Test
  void commit_freeSpaceIsNotEmptyAnyMore_losesNothing() throws Exception {
    for (int at : new int[] {0, 1, 20, 100, 1_000, FREE - 1}) {
      SimulatedDisk image = new SimulatedDisk();
      Map<String, String> found;
      try (FileSecretStore store = open(image);
          FileSecretStore other = open(image)) {
        commit(store, put("pad", 0, PAD));
        write(image, end(image) + at, new byte[] {'!'});
        commit(other, put("a", 0, "alpha"));
        commit(store, put("b", 0, "beta"));
        commit(other, put("a", 1, "alpha again"));
        found = state(store);
        assertThat(state(other)).as("byte %d", at).isEqualTo(found).hasSize(3);
      }
      assertThat(stateOf(image.afterKill())).as("byte %d", at).isEqualTo(found);
      assertThat(stateOf(image.afterPowerLoss())).as("byte %d", at).isEqualTo(found);
    }
  }

  /** Who dies in a write leaves the first bytes; pages that a failed force dropped may be any. */
  @Test
  void refresh_anotherDiedInAFrame_isMendedOrTakesNothingAway() throws Exception {
    byte[] log = logOfTwo(600);
    byte[] frame = frameOf(disk, "dead", "a value of some length");
    for (int from = 0; from < frame.length; from = from * 2 + 1) {
      for (int to = from; to <= frame.length; to += from + 1) {
        SimulatedDisk image = diskWith(log);
        Map<String, String> found;
        try (FileSecretStore store = open(image);
            FileSecretStore other = open(image)) {
          write(image, end(image) + from, Arrays.copyOfRange(frame, from, to));
          boolean whole = to - from == frame.length;
          assertThat(state(store).keySet()).hasSize(whole ? 3 : 2);
          assertThat(store.recovery().bytes()).isEqualTo(whole || from > 0 ? 0 : to);
          commit(store, put("x", 0, ""));
          commit(other, put("y", 0, ""));
          found = state(store);
          assertThat(state(other)).isEqualTo(found).hasSize(whole ? 5 : 4);
        }
        assertThat(stateOf(image.afterKill())).as("%d to %d", from, to).isEqualTo(found);
        assertThat(stateOf(image.afterPowerLoss())).as("%d to %d", from, to).isEqualTo(found);
      }
    }
  }

  /** Writes a part of a frame, and lets somebody look, who has to wait if there is anything. */
  @Test
  void read_anotherIsHalfwayThroughAFrame_waitsForTheRest() throws Exception {
    try (FileSecretStore reader = open(disk)) {
      commit(reader, put("pad", 0, PAD));
      for (int part : new int[] {0, 1, 8, 9, 30, 70, 99}) {
        List<Object> found = new ArrayList<>();
        Thread thread =
            new Thread(() -> found.add(reader.read(key("k" + part)).map(Records::text)));
        Thread.State[] seen = {Thread.State.NEW};
        boolean[] armed = {false};
        Hook hook =
            new Hook() {
              @Override
              public <T> T around(Call call, String name, Operation<T> operation)
                  throws IOException {
                return operation.run();
              }

              @Override
              public void aroundWrite(
                  String name, long position, byte[] bytes, Operation<Void> operation)
                  throws IOException {
                if (armed[0] && name.equals("log.1")) {
                  armed[0] = false;
                  write(disk, position, Arrays.copyOf(bytes, bytes.length * part / 100));
                  thread.start();
                  do {
                    Thread.onSpinWait();
                    seen[0] = thread.getState();
                  } while (seen[0] != Thread.State.WAITING && seen[0] != Thread.State.TERMINATED);
                }
                operation.run();
              }
            };
        try (FileSecretStore writer = open(new HookedDisk(disk, hook))) {
          armed[0] = true;
          commit(writer, put("k" + part, 0, "value".repeat(20)));
        }
        thread.join();
        assertThat(seen[0]).isEqualTo(part == 0 ? Thread.State.TERMINATED : Thread.State.WAITING);
        assertThat(found).hasSize(1);
        assertThat(found.get(0).toString()).contains(part == 0 ? "empty" : "1 valuevalue");
        assertThat(reader.read(key("k" + part))).isPresent();
        assertThat(reader.recovery()).isEqualTo(Recovery.NONE);
      }
    }
  }
}
