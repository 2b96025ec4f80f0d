package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.file.HookedDisk.Call;
import dev.secretvault.store.file.HookedDisk.Hook;
import dev.secretvault.store.file.HookedDisk.Operation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What was replaced or deleted is in no file of the directory when the call returns. */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class ErasureTest {

  private static final String FIRST = "the first value, which is to disappear";
  private static final String SECOND = "the second value";

  private static final int PART = 12;

  /** Whether any part of a value, however it came apart, is in any file. */
  private static boolean holds(SimulatedDisk disk, String value) {
    String text = LogText.base64(value);
    for (String name : disk.list()) {
      String content = new String(disk.content(name), ISO_8859_1);
      for (int start = 0; start + PART <= text.length(); start++) {
        if (content.contains(text.substring(start, start + PART))) {
          return true;
        }
      }
    }
    return false;
  }

  /** How the value of the record "a" can go. */
  private enum Way {
    DELETE {
      @Override
      void take(FileSecretStore store) {
        commit(store, delete("a", 1));
      }
    },
    REPLACE {
      @Override
      void take(FileSecretStore store) {
        commit(store, put("a", 1, SECOND));
      }
    },
    REPLACE_BY_NOTHING {
      @Override
      void take(FileSecretStore store) {
        commit(store, put("a", 1, ""));
      }
    },
    DELETE_BESIDE_OTHERS {
      @Override
      void take(FileSecretStore store) {
        commit(store, put("c", 0, SECOND), delete("a", 1), put("b", 1, SECOND));
      }
    },
    DELETE_AND_CREATE_ANEW {
      @Override
      void take(FileSecretStore store) {
        commit(store, delete("a", 1));
        commit(store, put("a", 0, SECOND));
      }
    },
    DELETE_AND_COMPACT {
      @Override
      void take(FileSecretStore store) throws IOException {
        commit(store, delete("a", 1));
        store.compact();
      }
    },
    COMPACT_AND_DELETE {
      @Override
      void take(FileSecretStore store) throws IOException {
        store.compact();
        commit(store, delete("a", 1));
      }
    },
    COMPACT_AND_REPLACE_TWICE {
      @Override
      void take(FileSecretStore store) throws IOException {
        store.compact();
        commit(store, put("a", 1, SECOND));
        store.compact();
        commit(store, put("a", 2, "third"));
      }
    };

    abstract void take(FileSecretStore store) throws IOException;
  }

  @ParameterizedTest
  @EnumSource
  void anyWay_returned_nothingOfTheValueIsInAnyFile(Way way) throws IOException {
    SimulatedDisk disk = new SimulatedDisk();
    try (FileSecretStore store = open(disk)) {
      commit(store, put("a", 0, FIRST), put("b", 0, "beta"));
      assertThat(holds(disk, FIRST)).isTrue();
      way.take(store);
      assertThat(holds(disk, FIRST)).isFalse();
      assertThat(holds(disk.afterPowerLoss(), FIRST)).isFalse();
    }
  }

  /** It is there as long as it is stored, and gone once the next one has opened the store. */
  @ParameterizedTest
  @EnumSource
  void anyWay_killedAtAnyCall_isFinishedOnTheNextOpen(Way way) throws IOException {
    int died = 0;
    int gone = 0;
    for (int nth = 1; nth == 1 || died == nth - 1; nth++) {
      SimulatedDisk disk = new SimulatedDisk();
      Dying hook = new Dying();
      try (FileSecretStore store = open(new HookedDisk(disk, hook))) {
        commit(store, put("a", 0, FIRST), put("b", 0, "beta"));
        hook.left = nth;
        try {
          way.take(store);
        } catch (ThreadDeath killed) {
          died++;
        }
        for (SimulatedDisk image : List.of(disk.afterKill(), disk.afterPowerLoss())) {
          boolean stored;
          try (FileSecretStore next = open(image)) {
            stored = state(next).getOrDefault("a", "").endsWith(FIRST);
            assertThat(holds(image, FIRST)).as("call %d", nth).isEqualTo(stored);
          }
          assertThat(holds(image.afterPowerLoss(), FIRST)).as("call %d", nth).isEqualTo(stored);
          gone += stored ? 0 : 1;
        }
        hook.left = Integer.MAX_VALUE;
      }
    }
    assertThat(died).isGreaterThan(8);
    assertThat(gone).as("found gone after a kill").isGreaterThan(4);
  }

  @Test
  void commit_replacesOrDeletes_valueIsInNoFile(@TempDir Path parent) throws Exception {
    Path directory = parent.resolve("store");
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      commit(store, put("a", 0, FIRST), put("b", 0, FIRST), put("c", 0, SECOND));
      assertThat(holds(directory, FIRST)).isTrue();
      commit(store, put("a", 1, SECOND));
      assertThat(holds(directory, FIRST)).as("b has it still").isTrue();
      commit(store, delete("b", 1));
      assertThat(holds(directory, FIRST)).isFalse();
      assertThat(holds(directory, SECOND)).isTrue();
      commit(store, delete("a", 2), delete("c", 1));
      assertThat(holds(directory, SECOND)).isFalse();
      assertThat(state(store)).isEmpty();
    }
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      assertThat(state(store)).isEmpty();
      assertThat(store.recovery()).isEqualTo(Recovery.NONE);
    }
  }

  /** From the disk, not only from what the system has in memory. */
  @Test
  void commit_replacesOrDeletes_isErasedDurably() {
    SimulatedDisk disk = new SimulatedDisk();
    try (FileSecretStore store = open(disk)) {
      commit(store, put("a", 0, FIRST), put("b", 0, SECOND));
      assertThat(holds(disk.afterPowerLoss(), FIRST)).isTrue();
      commit(store, put("a", 1, "replaced"));
      assertThat(holds(disk.afterPowerLoss(), FIRST)).isFalse();
      commit(store, delete("b", 1));
      assertThat(holds(disk.afterPowerLoss(), SECOND)).isFalse();
    }
  }

  private static boolean holds(Path directory, String value) throws IOException {
    String text = LogText.base64(value);
    try (var files = Files.list(directory)) {
      for (Path file : files.filter(path -> !path.endsWith("lock")).toList()) {
        if (Files.readString(file, ISO_8859_1).contains(text)) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  void commit_deletesTheLargestValues_overwritesThemToTheLastByte() {
    SimulatedDisk disk = new SimulatedDisk();
    SplittableRandom random = new SplittableRandom(4);
    try (FileSecretStore store = open(disk)) {
      for (int length : new int[] {0, 1, 2, 3, 49_151, 49_152, 49_153, Change.MAX_BYTES}) {
        byte[] value = new byte[length];
        random.nextBytes(value);
        byte[] before = LogText.withoutFreeSpace(disk.content("log.1"));
        store.commit(List.of(Change.put(key("k"), 0, value), put("l", 0, "stays")));
        byte[] with = LogText.withoutFreeSpace(disk.content("log.1"));
        commit(store, delete("k", 1));
        byte[] after = LogText.withoutFreeSpace(disk.content("log.1"));
        String line = new String(with, before.length, with.length - before.length, ISO_8859_1);
        String masked =
            line.replaceFirst("\"v\":\\[\"[^\"]*", "\"v\":[\"" + "-".repeat((length + 2) / 3 * 4));
        assertThat(new String(after, before.length, line.length(), ISO_8859_1).equals(masked))
            .as("only the value of %d bytes is overwritten", length)
            .isTrue();
        assertThat(state(store)).containsEntry("l", "1 stays");
        commit(store, delete("l", 1));
      }
    }
  }

  @Test
  void commit_tornTailWasKeptAside_goesWithTheNextErasure() throws Exception {
    byte[] torn = LogText.bytes("0123abcd {\"n\":1,\"c\":[{\"k\":\"x\"", LogText.base64(FIRST));
    SimulatedDisk disk =
        Records.diskWith(LogText.bytes(LogText.HEADER, new String(torn, ISO_8859_1)));
    disk.put("log.2.tmp.txt", new byte[0]);
    try (FileSecretStore store = open(disk)) {
      commit(store, put("a", 0, "alpha"));
      assertThat(holds(disk, FIRST)).isTrue();
      commit(store, delete("a", 1));
      assertThat(holds(disk, FIRST)).isFalse();
      assertThat(holds(disk.afterPowerLoss(), FIRST)).isFalse();
      assertThat(disk.list()).contains("log.2.tmp.txt");
    }
  }

  /** The one that erases dies at any call; whoever comes next finishes its work. */
  @Test
  void commit_dyingAnywhere_isFinishedByTheNextOneToReadOrOpen() {
    int died = 0;
    for (int nth = 1; nth == 1 || died == nth - 1; nth++) {
      SimulatedDisk disk = new SimulatedDisk();
      Dying hook = new Dying();
      try (FileSecretStore other = open(disk);
          FileSecretStore store = open(new HookedDisk(disk, hook))) {
        commit(other, put("a", 0, FIRST), put("b", 0, FIRST));
        hook.left = nth;
        try {
          commit(store, delete("a", 1), put("b", 1, SECOND));
        } catch (ThreadDeath killed) {
          died++;
        }
        boolean happened = !state(other).containsKey("a");
        assertThat(holds(disk, FIRST)).as("call %d", nth).isEqualTo(!happened);
        assertThat(holds(disk.afterPowerLoss(), FIRST)).as("call %d", nth).isEqualTo(!happened);
        try (FileSecretStore next = open(disk.afterKill())) {
          assertThat(state(next)).isEqualTo(state(other));
        }
      }
    }
    assertThat(died).isGreaterThan(8);
  }

  /** Kills the thread at a call to come. */
  @SuppressWarnings("removal") // Nothing else is as unlike an error that a store expects.
  private static final class Dying implements Hook {
    private int left = Integer.MAX_VALUE;

    @Override
    public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
      if (left != Integer.MAX_VALUE && --left <= 0) {
        throw new ThreadDeath();
      }
      return operation.run();
    }
  }

  @Test
  void commit_valueCannotBeErased_isNotAcknowledgedAndFinishedOnNextOpen() {
    for (Call failing : List.of(Call.WRITE, Call.SYNC)) {
      SimulatedDisk disk = new SimulatedDisk();
      List<Call> calls = new ArrayList<>();
      Hook hook =
          new Hook() {
            @Override
            public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
              // The first of these is of the frame itself.
              if (call == failing && name.equals("log.1") && !calls.isEmpty()) {
                calls.add(call);
                if (calls.size() == 3) {
                  throw new IOException("Input/output error");
                }
              }
              return operation.run();
            }
          };
      try (FileSecretStore store = open(new HookedDisk(disk, hook))) {
        commit(store, put("a", 0, FIRST));
        calls.add(failing);
        assertThatThrownBy(() -> commit(store, delete("a", 1)))
            .isInstanceOfSatisfying(
                StoreException.class,
                failure -> {
                  assertThat(failure.outcome()).isEqualTo(Outcome.UNKNOWN);
                  assertThat(failure.retryable()).isFalse();
                })
            .hasMessageContaining("could not be erased");
        assertThatThrownBy(() -> store.read(key("a"))).isInstanceOf(StoreException.class);
      }
      for (SimulatedDisk image : Arrays.asList(disk.afterKill(), disk.afterPowerLoss())) {
        assertThat(Records.stateOf(image)).isEmpty();
        assertThat(holds(image, FIRST)).isFalse();
      }
    }
  }
}
