package dev.secretvault.store.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.file.HookedDisk.Call;
import dev.secretvault.store.file.HookedDisk.Hook;
import dev.secretvault.store.file.HookedDisk.Operation;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The power goes, or the process is killed, before any call of the disk: what was acknowledged by
 * then is there, all or nothing of what was under way, and the store can be used.
 */
@Timeout(60)
class PowerLossTest {

  private static final int SECTOR = 32;

  /** Checks, at each call, all that a crash at this moment can leave. */
  private static final class CrashEverywhere implements Hook {
    private final SimulatedDisk disk;
    private Workload workload;
    private int images;

    CrashEverywhere(SimulatedDisk disk) {
      this.disk = disk;
    }

    @Override
    public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
      if (call != Call.READ && call != Call.SIZE) {
        check(disk.afterKill());
        check(disk.afterPowerLoss());
        if (call == Call.SYNC) {
          checkPartialWrites(name);
        }
      }
      return operation.run();
    }

    private void check(SimulatedDisk image) {
      images++;
      workload.check(image);
    }

    /** Before a force, any part of what was written may be on the disk, or only the new length. */
    private void checkPartialWrites(String name) {
      byte[] written = disk.content(name);
      int durable = Math.min(disk.durableContent(name).length, written.length);
      for (int length = durable; length < written.length; length++) {
        byte[] zeros = Arrays.copyOf(Arrays.copyOf(written, length), written.length);
        check(disk.afterPowerLoss(name, Arrays.copyOf(written, length)));
        check(disk.afterPowerLoss(name, zeros));
      }
      for (int start = durable; start < written.length; start += SECTOR) {
        byte[] hole = written.clone();
        Arrays.fill(hole, start, Math.min(start + SECTOR, written.length), (byte) 0);
        check(disk.afterPowerLoss(name, hole));
      }
      checkPartsOfOverwriting(name, written);
    }

    /** Of what was overwritten in place, some sectors may be on the disk and others not. */
    private void checkPartsOfOverwriting(String name, byte[] written) {
      byte[] old = disk.durableContent(name);
      int length = Math.min(old.length, written.length);
      for (int start = 0; start < length; start += SECTOR) {
        int end = Math.min(start + SECTOR, length);
        if (!Arrays.equals(old, start, end, written, start, end)) {
          byte[] one = old.clone();
          System.arraycopy(written, start, one, start, end - start);
          check(disk.afterPowerLoss(name, one));
          byte[] others = Arrays.copyOf(written, old.length);
          System.arraycopy(old, start, others, start, end - start);
          check(disk.afterPowerLoss(name, others));
        }
      }
    }
  }

  private static int crashEverywhere(SimulatedDisk disk, Function<Disk, Workload> work) {
    CrashEverywhere hook = new CrashEverywhere(disk);
    hook.workload = work.apply(new HookedDisk(disk, hook));
    hook.workload.run();
    assertThat(hook.workload.failures()).isZero();
    return hook.images;
  }

  @Test
  void workload_powerLostAnywhere_losesNothingAcknowledged() {
    assertThat(crashEverywhere(new SimulatedDisk(), Workload::new)).isGreaterThan(2_000);
  }

  @Test
  void workloadInFreeSpace_powerLostAnywhere_losesNothingAcknowledged() {
    SimulatedDisk disk = Workload.diskWithFreeSpace();
    int length = disk.content("log.1").length;
    assertThat(crashEverywhere(disk, Workload::withoutCompaction)).isGreaterThan(1_000);
    assertThat(disk.content("log.1")).as("it went beyond").hasSizeGreaterThan(length);
  }

  /** The bytes of a torn tail are in the log until they are surely in a file of their own. */
  @Test
  void recovery_powerLostAnywhere_keepsTheTornTail() throws Exception {
    byte[] log = LogText.bytes(LogText.HEADER, "0123abcd {torn");
    SimulatedDisk disk = Records.diskWith(log);
    String kept = "torn-1-" + LogText.HEADER.length();
    Hook hook =
        new Hook() {
          @Override
          public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
            for (SimulatedDisk image : List.of(disk.afterKill(), disk.afterPowerLoss())) {
              if (!Arrays.equals(image.content("log.1"), log)) {
                assertThat(image.content("log.1")).asString().isEqualTo(LogText.HEADER);
                assertThat(image.content(kept)).asString().isEqualTo("0123abcd {torn");
              }
            }
            return operation.run();
          }
        };
    try (FileSecretStore store = Records.open(new HookedDisk(disk, hook))) {
      assertThat(store.recovery().bytes()).isEqualTo("0123abcd {torn".length());
    }
    assertThat(disk.afterPowerLoss().list()).containsExactly("lock", "log.1", kept);
  }

  /** Without this the test above could be blind. */
  @Test
  void workload_forcesAreLies_isNoticed() {
    SimulatedDisk liar = new SimulatedDisk().neverForcingCommits();
    assertThatThrownBy(() -> crashEverywhere(liar, Workload::new))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void workload_directoryForcesAreLies_isNoticed() {
    SimulatedDisk liar = new SimulatedDisk().neverForcingTheDirectory();
    assertThatThrownBy(() -> crashEverywhere(liar, Workload::new))
        .isInstanceOf(AssertionError.class);
  }
}
