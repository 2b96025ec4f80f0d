package dev.secretvault.store.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.StoreException;
import dev.secretvault.store.file.HookedDisk.Call;
import dev.secretvault.store.file.HookedDisk.Hook;
import dev.secretvault.store.file.HookedDisk.Operation;
import java.io.IOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every call of the disk fails in its turn, and nothing acknowledged is lost by that. */
@Timeout(60)
class IoErrorTest {

  private static final Set<Call> WRITING =
      EnumSet.of(Call.CREATE, Call.WRITE, Call.RENAME, Call.SYNC_DIRECTORY, Call.SYNC);

  /** How a call fails. */
  enum Fault {
    /** Nothing is done. */
    BEFORE,
    /** A write writes a half; everything else does nothing. */
    HALFWAY,
    /** All is done, and an error reported nevertheless. */
    AFTER
  }

  /** Fails those calls whose number, counted from 1, it is told to. */
  private static final class Failing implements Hook {
    private final SimulatedDisk disk;
    private final Fault fault;
    private final Set<Call> among;
    private final IntPredicate fails;
    private int calls;

    /** How many failed. */
    private int hits;

    /** How many of them a caller must hear of: all but the note of what is settled. */
    private int surfacing;

    Failing(SimulatedDisk disk, Fault fault, Set<Call> among, IntPredicate fails) {
      this.disk = disk;
      this.fault = fault;
      this.among = among;
      this.fails = fails;
    }

    private boolean failsNow(Call call, String name) {
      boolean now = among.contains(call) && fails.test(++calls);
      if (now) {
        hits++;
        surfacing += call == Call.WRITE && name.equals("settled") ? 0 : 1;
      }
      return now;
    }

    private static IOException error() {
      return new IOException("Input/output error");
    }

    @Override
    public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
      if (!failsNow(call, name)) {
        return operation.run();
      }
      if (fault == Fault.AFTER) {
        T unused = operation.run();
        throw error();
      }
      if (call == Call.SYNC) {
        disk.loseUnforced(name);
      }
      throw error();
    }

    @Override
    public void aroundWrite(String name, long position, byte[] bytes, Operation<Void> operation)
        throws IOException {
      if (!failsNow(Call.WRITE, name)) {
        operation.run();
        return;
      }
      if (fault == Fault.AFTER) {
        operation.run();
      } else if (fault == Fault.HALFWAY) {
        try (DiskFile file = disk.open(name)) {
          file.writeAt(position, Arrays.copyOf(bytes, bytes.length / 2));
        }
      }
      throw error();
    }
  }

  /** Runs the workload on a disk of its own; returns how many calls could have failed. */
  private static int runWith(Fault fault, Set<Call> among, IntPredicate fails) {
    return runOn(new SimulatedDisk(), Workload::new, fault, among, fails);
  }

  private static int runInFreeSpace(Fault fault, IntPredicate fails) {
    return runOn(
        Workload.diskWithFreeSpace(),
        Workload::withoutCompaction,
        fault,
        EnumSet.allOf(Call.class),
        fails);
  }

  private static int runOn(
      SimulatedDisk disk,
      Function<Disk, Workload> work,
      Fault fault,
      Set<Call> among,
      IntPredicate fails) {
    Failing hook = new Failing(disk, fault, among, fails);
    Workload workload = work.apply(new HookedDisk(disk, hook));
    workload.run();
    if (hook.hits == 0) {
      assertThat(workload.failures()).isZero();
    } else if (hook.surfacing > 0) {
      assertThat(workload.failures()).as("the caller heard of it").isPositive();
    }
    workload.check(disk.afterKill());
    workload.check(disk.afterPowerLoss());
    return hook.calls;
  }

  @Test
  void workload_noFault_neverFails() {
    Set<Call> all = EnumSet.allOf(Call.class);
    assertThat(runWith(Fault.BEFORE, all, call -> false)).isGreaterThan(150);
  }

  @ParameterizedTest
  @EnumSource
  void workload_anyCallFailsOnce_losesNothing(Fault fault) {
    Set<Call> all = EnumSet.allOf(Call.class);
    int calls = runWith(fault, all, call -> false);
    for (int n = 1; n <= calls; n++) {
      int failing = n;
      runWith(fault, all, call -> call == failing);
    }
  }

  @ParameterizedTest
  @EnumSource
  void workload_allCallsFailFromOneOn_losesNothing(Fault fault) {
    Set<Call> all = EnumSet.allOf(Call.class);
    int calls = runWith(fault, all, call -> false);
    for (int n = 1; n <= calls; n++) {
      int failing = n;
      runWith(fault, all, call -> call >= failing);
    }
  }

  /** What was written but never forced may be on the disk all the same. */
  @ParameterizedTest
  @EnumSource
  void workload_anyCallFailsOnDiskThatWritesAtOnce_losesNothing(Fault fault) {
    Set<Call> all = EnumSet.allOf(Call.class);
    int calls = runWith(fault, all, call -> false);
    for (int n = 1; n <= calls; n++) {
      int failing = n;
      SimulatedDisk disk = new SimulatedDisk().writingThrough();
      runOn(disk, Workload::new, fault, all, call -> call == failing);
    }
  }

  @ParameterizedTest
  @EnumSource
  void workloadInFreeSpace_anyCallFails_losesNothing(Fault fault) {
    int calls = runInFreeSpace(fault, call -> false);
    for (int n = 1; n <= calls; n++) {
      int failing = n;
      runInFreeSpace(fault, call -> call == failing);
      runInFreeSpace(fault, call -> call >= failing);
      runInFreeSpace(fault, call -> call == failing || call == failing + 1);
      runInFreeSpace(fault, call -> call == failing || call == failing + 3);
    }
  }

  /** A full disk can be read. */
  @ParameterizedTest
  @EnumSource
  void workload_allWritesFailFromOneOn_losesNothing(Fault fault) {
    int calls = runWith(fault, WRITING, call -> false);
    for (int n = 1; n <= calls; n++) {
      int failing = n;
      runWith(fault, WRITING, call -> call >= failing);
    }
  }

  /** A disk that comes and goes. */
  @ParameterizedTest
  @EnumSource
  void workload_twoCallsFail_losesNothing(Fault fault) {
    int calls = runWith(fault, WRITING, call -> false);
    for (int n = 1; n <= calls; n++) {
      for (int distance = 1; distance <= 6; distance++) {
        int first = n;
        int second = n + distance;
        runWith(fault, WRITING, call -> call == first || call == second);
      }
    }
  }

  /** Nobody expects these, so that nobody knows what they left on disk. */
  @ParameterizedTest
  @EnumSource(names = {"WRITE", "SYNC", "IS_NAMED"})
  void commit_diskThrowsAnError_poisonsTheStore(Call failing) {
    SimulatedDisk disk = new SimulatedDisk();
    AtomicBoolean fails = new AtomicBoolean();
    Hook hook =
        new Hook() {
          @Override
          public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
            if (call == failing && fails.get()) {
              throw new OutOfMemoryError("Java heap space");
            }
            return operation.run();
          }
        };
    try (FileSecretStore store = Records.open(new HookedDisk(disk, hook))) {
      Records.commit(store, Records.put("a", 0, "alpha"));
      fails.set(true);
      assertThatThrownBy(() -> Records.commit(store, Records.put("b", 0, "beta")))
          .isInstanceOf(OutOfMemoryError.class);
      fails.set(false);
      assertThatThrownBy(() -> Records.commit(store, Records.put("b", 0, "beta")))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("broke off");
      assertThatThrownBy(() -> store.read(Records.key("a"))).isInstanceOf(StoreException.class);
    }
    assertThat(Records.stateOf(disk)).containsKey("a");
  }
}
