package dev.secretvault.store.file;

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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A full disk is waited out by an open store; a force that fails is its end. */
@Timeout(60)
class FullDiskTest {

  private static final String FULL = "No space left on device";

  /** Has no room for one call that needs some, or for none from that one on. */
  private static final class Filling implements Hook {
    private final SimulatedDisk disk;
    private final int nth;
    private final boolean lasting;
    private final boolean takesHalf;
    private boolean full;
    private int calls;

    Filling(SimulatedDisk disk, int nth, boolean lasting, boolean takesHalf) {
      this.disk = disk;
      this.nth = nth;
      this.lasting = lasting;
      this.takesHalf = takesHalf;
    }

    private boolean isFull() {
      boolean now = ++calls == nth;
      full |= now && lasting;
      return now || full;
    }

    void makeRoom() {
      full = false;
    }

    @Override
    public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
      if (call == Call.CREATE && isFull()) {
        throw new IOException(FULL);
      }
      return operation.run();
    }

    @Override
    public void aroundWrite(String name, long position, byte[] bytes, Operation<Void> operation)
        throws IOException {
      long room = disk.content(name).length - position;
      if (bytes.length > room && isFull()) {
        if (takesHalf) {
          try (DiskFile file = disk.open(name)) {
            file.writeAt(position, Arrays.copyOf(bytes, bytes.length / 2));
          }
        }
        throw new IOException(FULL);
      }
      operation.run();
    }
  }

  private final Map<String, String> expected = new TreeMap<>();

  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void anyCall_diskIsFull_isRefusedAndSucceedsOnceThereIsRoom(boolean lasting, boolean takesHalf) {
    int refused = 0;
    int nth = 1;
    for (boolean reached = true; reached; nth++) {
      SimulatedDisk disk = new SimulatedDisk();
      Filling filling = new Filling(disk, nth, lasting, takesHalf);
      expected.clear();
      refused += use(disk, filling);
      reached = filling.calls >= nth;
      assertThat(Records.stateOf(disk.afterKill())).isEqualTo(expected);
      assertThat(Records.stateOf(disk.afterPowerLoss())).isEqualTo(expected);
    }
    // The note of what is settled is made longer at the start only, and may be missing.
    assertThat(refused).isGreaterThanOrEqualTo(nth - 4);
  }

  /** Uses a store in all ways that write; returns how many were refused. */
  private int use(SimulatedDisk disk, Filling filling) {
    int refused = 0;
    FileSecretStore opened;
    try {
      opened = Records.open(new HookedDisk(disk, filling));
    } catch (StoreException full) {
      assertThat(full).hasMessageContaining(FULL);
      assertThat(full.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
      filling.makeRoom();
      opened = Records.open(new HookedDisk(disk, filling));
      refused++;
    }
    try (FileSecretStore store = opened) {
      refused += commit(store, disk, filling, List.of(Records.put("a", 0, "alpha")));
      refused += commit(store, disk, filling, List.of(Records.put("b", 0, "beta")));
      refused += compact(store, filling);
      refused += commit(store, disk, filling, List.of(Records.put("a", 1, "alpha again")));
      refused += commit(store, disk, filling, List.of(Records.delete("b", 1)));
      refused += compact(store, filling);
      refused += commit(store, disk, filling, List.of(Records.put("b", 0, "beta again")));
    }
    return refused;
  }

  private int commit(
      FileSecretStore store, SimulatedDisk disk, Filling filling, List<Change> changes) {
    int before = logLength(disk);
    int refused = 0;
    try {
      store.commit(changes);
    } catch (StoreException full) {
      assertIsFull(full);
      assertThat(logLength(disk)).isEqualTo(before);
      assertThat(Records.state(store)).isEqualTo(expected);
      if (filling.lasting) {
        assertThatThrownBy(() -> store.commit(changes))
            .isInstanceOfSatisfying(StoreException.class, FullDiskTest::assertIsFull);
        filling.makeRoom();
      }
      store.commit(changes);
      refused++;
    }
    changes.forEach(this::expect);
    assertThat(Records.state(store)).isEqualTo(expected);
    return refused;
  }

  private void expect(Change change) {
    if (change instanceof Change.Put put) {
      String value = new String(put.bytes(), UTF_8);
      expected.put(put.key().text(), Records.text(put.newRevision(), value, put.expiresAt()));
    } else {
      expected.remove(change.key().text());
    }
  }

  private static int logLength(SimulatedDisk disk) {
    return disk.content(Names.log(Names.newestGeneration(disk.list()))).length;
  }

  private static void assertIsFull(StoreException refused) {
    assertThat(refused).hasMessageContaining(FULL);
    assertThat(refused.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
    assertThat(refused.retryable()).isTrue();
  }

  private int compact(FileSecretStore store, Filling filling) {
    try {
      store.compact();
      return 0;
    } catch (IOException | StoreException full) {
      assertThat(full).hasMessageContaining(FULL);
    }
    assertThat(Records.state(store)).isEqualTo(expected);
    filling.makeRoom();
    try {
      store.compact();
    } catch (IOException failed) {
      throw new AssertionError(failed);
    }
    return 1;
  }

  /** Fails to force a log once, or from then on, while it is armed. */
  private static final class Unforceable implements Hook {
    private final SimulatedDisk disk;
    private final int nth;
    private final boolean lasting;
    private final String message;
    private boolean armed;
    private int calls;

    Unforceable(SimulatedDisk disk, int nth, boolean lasting, String message) {
      this.disk = disk;
      this.nth = nth;
      this.lasting = lasting;
      this.message = message;
    }

    @Override
    public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
      if (armed && call == Call.SYNC && Names.generation(name) > 0) {
        calls++;
        if (calls == nth || (lasting && calls > nth)) {
          disk.loseUnforced(name);
          throw new IOException(message);
        }
      }
      return operation.run();
    }
  }

  /** The former value is erased by each of the last two, which is forced once more. */
  private static final List<Change> CHANGES =
      List.of(
          Records.put("a", 0, "alpha"),
          Records.put("b", 0, "beta"),
          Records.put("b", 1, "beta again"),
          Records.delete("b", 2));

  /** Also for want of space: what the system could not write, it may have dropped. */
  @ParameterizedTest
  @CsvSource({
    "false, Input/output error",
    "true, Input/output error",
    "false, No space left on device",
    "true, No space left on device"
  })
  void commit_anyForceFails_isTheEndOfTheOpenStore(boolean lasting, String message) {
    int nth = 1;
    for (boolean reached = true; reached; nth++) {
      SimulatedDisk disk = new SimulatedDisk();
      Unforceable hook = new Unforceable(disk, nth, lasting, message);
      expected.clear();
      Map<String, String> acknowledged = Map.of();
      try (FileSecretStore store = Records.open(new HookedDisk(disk, hook))) {
        try {
          for (Change change : CHANGES) {
            expect(change);
            Records.commit(store, change);
            acknowledged = Map.copyOf(expected);
            hook.armed = true;
          }
        } catch (StoreException failed) {
          hook.armed = false;
          assertThat(failed).hasMessageContaining(message);
          assertThat(failed.outcome()).isEqualTo(Outcome.UNKNOWN);
          assertThat(failed.retryable()).isFalse();
          assertPoisoned(() -> Records.commit(store, Records.put("c", 0, "gamma")));
          assertPoisoned(() -> store.read(Records.key("a")));
        }
        reached = hook.calls >= nth;
        assertThat(hook.armed).isNotEqualTo(reached);
      }
      // The commit that failed may have happened, and nothing else may have changed.
      assertThat(Records.stateOf(disk)).isIn(acknowledged, expected);
      assertThat(Records.stateOf(disk.afterPowerLoss())).isIn(acknowledged, expected);
    }
    // Each of the commits, and two erased something.
    assertThat(nth - 2).isEqualTo(5);
  }

  private static void assertPoisoned(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StoreException.class, refusal -> assertThat(refusal.retryable()).isFalse());
  }
}
