package dev.secretvault.store.file;

import static dev.secretvault.store.file.LogText.withoutFreeSpace;
import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static dev.secretvault.store.file.Records.stateOf;
import static java.nio.charset.StandardCharsets.UTF_8;
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
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What fails when free space is added or used costs at most what it would without. */
@Timeout(60)
class FreeSpaceFaultTest {

  private static final String FULL = "No space left on device";
  private static final String PAD = "x".repeat(25_000);
  private static final int FREE = 4_096;

  /** Does not fit, fits, replaces, and does not fit again. */
  private static final List<Change> CHANGES =
      List.of(
          put("pad", 0, PAD),
          put("a", 0, "alpha"),
          put("a", 1, "alpha again"),
          put("b", 0, "beta".repeat(1_000)),
          delete("a", 2));

  /** How a call fails. */
  enum Fault {
    /** Nothing is done. */
    BEFORE,
    /** A write writes a half; everything else does nothing. */
    HALFWAY,
    /** All is done, and an error reported nevertheless. */
    AFTER
  }

  private static int end(SimulatedDisk disk) {
    return withoutFreeSpace(disk.content("log.1")).length;
  }

  /** Fails one call of the log, or all from then on, while it is armed. */
  private static final class Failing implements Hook {
    private final SimulatedDisk disk;
    private final Fault fault;
    private final boolean lasting;
    private final int nth;
    private boolean armed;
    private int calls;

    /** How many writes of zeros were failed. */
    private int zeros;

    /** How many other calls were. */
    private int others;

    Failing(SimulatedDisk disk, Fault fault, boolean lasting, int nth) {
      this.disk = disk;
      this.fault = fault;
      this.lasting = lasting;
      this.nth = nth;
    }

    private boolean failsNow(String name) {
      if (!armed || !name.equals("log.1")) {
        return false;
      }
      calls++;
      return calls == nth || (lasting && calls > nth);
    }

    @Override
    public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
      if (!failsNow(name)) {
        return operation.run();
      }
      others++;
      if (fault == Fault.AFTER) {
        T unused = operation.run();
      } else if (call == Call.SYNC) {
        disk.loseUnforced(name);
      }
      throw new IOException("Input/output error");
    }

    @Override
    public void aroundWrite(String name, long position, byte[] bytes, Operation<Void> operation)
        throws IOException {
      if (!failsNow(name)) {
        operation.run();
        return;
      }
      if (bytes[0] == 0) {
        zeros++;
      } else {
        others++;
      }
      if (fault == Fault.AFTER) {
        operation.run();
      } else if (fault == Fault.HALFWAY) {
        try (DiskFile file = disk.open(name)) {
          file.writeAt(position, Arrays.copyOf(bytes, bytes.length / 2));
        }
      }
      throw new IOException("Input/output error");
    }
  }

  @ParameterizedTest
  @EnumSource
  void commit_anyCallOfTheLogFails_losesNothing(Fault fault) {
    for (boolean lasting : new boolean[] {false, true}) {
      int zeros = 0;
      Failing hook = new Failing(new SimulatedDisk(), fault, lasting, 0);
      for (int nth = 1; nth == 1 || hook.zeros + hook.others > 0; nth++) {
        SimulatedDisk disk = new SimulatedDisk();
        hook = new Failing(disk, fault, lasting, nth);
        int refused = run(disk, hook);
        // That there is no more free space is nobody's concern.
        assertThat(refused > 0).as("call %d", nth).isEqualTo(hook.others > 0);
        zeros += hook.zeros;
      }
      assertThat(zeros).as("both times that the log was made longer").isGreaterThanOrEqualTo(2);
    }
  }

  private static int run(SimulatedDisk disk, Failing hook) {
    int refused = 0;
    Map<String, String> acknowledged = Map.of();
    Map<String, String> inDoubt = Map.of();
    try (FileSecretStore store = open(new HookedDisk(disk, hook))) {
      for (Change change : CHANGES) {
        inDoubt = after(acknowledged, change);
        hook.armed = true;
        try {
          commit(store, change);
          acknowledged = inDoubt;
        } catch (StoreException failed) {
          refused++;
          if (failed.outcome() == Outcome.NOT_WRITTEN) {
            inDoubt = acknowledged;
          }
          if (!failed.retryable()) {
            break;
          }
          hook.armed = false;
          commit(store, change);
          acknowledged = after(acknowledged, change);
          inDoubt = acknowledged;
        } finally {
          hook.armed = false;
        }
        assertThat(state(store)).isEqualTo(acknowledged);
      }
    }
    for (SimulatedDisk image : List.of(disk.afterKill(), disk.afterPowerLoss())) {
      Map<String, String> found = stateOf(image);
      assertThat(List.of(acknowledged, inDoubt)).contains(found);
      try (FileSecretStore store = open(image)) {
        commit(store, put("later", 0, "still writable"));
      }
      assertThat(stateOf(image.afterPowerLoss())).hasSize(found.size() + 1);
    }
    return refused;
  }

  private static Map<String, String> after(Map<String, String> before, Change change) {
    Map<String, String> after = new TreeMap<>(before);
    if (change instanceof Change.Put put) {
      after.put(
          put.key().text(),
          Records.text(put.newRevision(), new String(put.bytes(), UTF_8), put.expiresAt()));
    } else {
      after.remove(change.key().text());
    }
    return after;
  }

  /** The frame has room, and of the zeros behind it so many. */
  @ParameterizedTest
  @CsvSource({"0", "1", "200", "4095"})
  void commit_noRoomForMore_isDoneAllTheSame(int room) {
    SimulatedDisk disk = new SimulatedDisk();
    long[] most = {Long.MAX_VALUE};
    Hook filling =
        new Hook() {
          @Override
          public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
            return operation.run();
          }

          @Override
          public void aroundWrite(
              String name, long position, byte[] bytes, Operation<Void> operation)
              throws IOException {
            if (bytes[0] == 0 && most[0] == Long.MAX_VALUE) {
              most[0] = position + room;
            }
            if (position + bytes.length > most[0]) {
              try (DiskFile file = disk.open(name)) {
                file.writeAt(position, Arrays.copyOf(bytes, (int) (most[0] - position)));
              }
              throw new IOException(FULL);
            }
            operation.run();
          }
        };
    try (FileSecretStore store = open(new HookedDisk(disk, filling))) {
      commit(store, put("pad", 0, PAD));
      assertThat(disk.content("log.1")).hasSize((int) most[0]);
      assertThat(disk.content("log.1").length - end(disk)).isEqualTo(room);
      int end = end(disk);
      assertThatThrownBy(() -> commit(store, put("a", 0, "alpha".repeat(1_000))))
          .isInstanceOfSatisfying(
              StoreException.class,
              full -> {
                assertThat(full.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
                assertThat(full.retryable()).isTrue();
              })
          .hasMessageContaining(FULL);
      assertThat(disk.content("log.1")).hasSize(end);
      assertThat(disk.durableContent("log.1")).hasSize(end);
      most[0] = Long.MAX_VALUE - 1;
      commit(store, put("a", 0, "alpha"));
      assertThat(disk.content("log.1").length - end(disk)).isEqualTo(FREE);
    }
    assertThat(stateOf(disk.afterPowerLoss())).containsOnlyKeys("pad", "a");
  }

  /** The log that a name leads to by then has the same bytes, but for those just written. */
  @Test
  void commit_logWasReplacedByItsCopy_isRefused(@TempDir Path parent) throws Exception {
    for (boolean link : new boolean[] {false, true}) {
      Path directory = parent.resolve("store " + link);
      try (FileSecretStore store = FileSecretStore.open(directory)) {
        commit(store, put("pad", 0, PAD));
        Path log = directory.resolve("log.1");
        Path other = parent.resolve("other " + link);
        if (link) {
          Files.move(log, other);
          Files.createSymbolicLink(log, other);
        } else {
          Files.copy(log, other, StandardCopyOption.COPY_ATTRIBUTES);
          Files.move(other, log, StandardCopyOption.REPLACE_EXISTING);
        }
        assertThatThrownBy(() -> commit(store, put("a", 0, "alpha")))
            .isInstanceOfSatisfying(
                StoreException.class,
                failure -> {
                  assertThat(failure.outcome()).isEqualTo(Outcome.UNKNOWN);
                  assertThat(failure.retryable()).isFalse();
                })
            .hasMessageContaining("was removed or replaced");
      }
    }
  }
}
