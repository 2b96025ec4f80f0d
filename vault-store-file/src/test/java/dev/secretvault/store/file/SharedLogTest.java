package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static dev.secretvault.store.file.Records.stateOf;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.file.HookedDisk.Call;
import dev.secretvault.store.file.HookedDisk.Hook;
import dev.secretvault.store.file.HookedDisk.Operation;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What one store left undone, another one on the same directory does first. */
@Timeout(60)
class SharedLogTest {

  private final SimulatedDisk disk = new SimulatedDisk();

  /** Fails the forces of a log, and what they should have written is lost, as on Linux. */
  private final AtomicBoolean failing = new AtomicBoolean();

  private final Hook failingForces =
      new Hook() {
        @Override
        public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
          if (call == Call.SYNC && name.startsWith("log.") && failing.get()) {
            disk.loseUnforced(name);
            throw new IOException("Input/output error");
          }
          return operation.run();
        }
      };

  @Test
  void read_whatAnotherCouldNotForce_isDurableBeforeItIsShown() {
    try (FileSecretStore store = open(disk);
        FileSecretStore failed = open(new HookedDisk(disk, failingForces))) {
      failing.set(true);
      assertThatThrownBy(() -> commit(failed, put("a", 0, "alpha")))
          .isInstanceOfSatisfying(
              StoreException.class, e -> assertThat(e.outcome()).isEqualTo(Outcome.UNKNOWN));
      assertThat(stateOf(disk.afterPowerLoss())).isEmpty();
      assertThat(state(store)).isEqualTo(Map.of("a", "1 alpha"));
      assertThat(stateOf(disk.afterPowerLoss())).isEqualTo(Map.of("a", "1 alpha"));
    }
  }

  @Test
  void commit_anotherLeftATornTail_cutsItAndGoesOn() throws Exception {
    try (FileSecretStore store = open(disk);
        FileSecretStore other = open(disk)) {
      commit(store, put("a", 0, "alpha"));
      int end = disk.content("log.1").length;
      try (DiskFile log = disk.open("log.1")) {
        log.writeAt(end, LogText.bytes("0123abcd {\"n\":2,\"c\":[{\"k\":\"b\""));
      }
      commit(other, put("c", 0, "gamma"));
      assertThat(other.recovery().keptIn()).hasFileName("torn-1-" + end);
      assertThat(state(store)).isEqualTo(Map.of("a", "1 alpha", "c", "1 gamma"));
      assertThat(store.recovery()).isEqualTo(Recovery.NONE);
    }
    assertThat(stateOf(disk.afterPowerLoss())).containsOnlyKeys("a", "c");
  }

  @Test
  void anyCall_logIsDamagedMeanwhile_isRefusedForGood() throws Exception {
    try (FileSecretStore store = open(disk);
        FileSecretStore other = open(disk)) {
      commit(other, put("a", 0, "alpha"));
      commit(other, put("b", 0, "beta"));
      String log = new String(disk.content("log.1"), ISO_8859_1);
      try (DiskFile file = disk.open("log.1")) {
        file.writeAt(log.indexOf("\"n\":1"), new byte[] {'!'});
      }
      assertThatThrownBy(() -> store.read(key("a"))).isInstanceOf(StoreCorruptException.class);
      for (int round = 0; round < 2; round++) {
        assertThatThrownBy(() -> store.read(key("a")))
            .isInstanceOf(StoreException.class)
            .hasMessageContaining("damage was met");
      }
      assertThat(state(other)).as("read before it was damaged").hasSize(2);
    }
  }

  /** Flips a bit of a value, wherever it is in the newest log. */
  private void damage(String value) throws IOException {
    String name = Names.log(Names.newestGeneration(disk.list()));
    int at = new String(disk.content(name), ISO_8859_1).indexOf(LogText.base64(value));
    try (DiskFile file = disk.open(name)) {
      file.writeAt(at, new byte[] {(byte) (disk.content(name)[at] ^ 1)});
    }
  }

  /** So much that it is read before the lock is taken. */
  private static void writeMuch(FileSecretStore store) {
    for (int i = 0; i < 2; i++) {
      commit(store, put("much" + i, 0, "x".repeat((int) SharedLog.NEAR)));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anyCall_valueIsDamagedInMuchThatWasWrittenMeanwhile_isRefusedForGood(boolean compacted)
      throws Exception {
    try (FileSecretStore store = open(disk);
        FileSecretStore other = open(disk)) {
      commit(other, put("a", 0, "alpha"));
      writeMuch(other);
      if (compacted) {
        other.compact();
      }
      damage("alpha");
      assertThatThrownBy(() -> commit(store, put("b", 0, "beta")))
          .isInstanceOf(StoreCorruptException.class)
          .hasMessageContaining("does not match its checksum");
      assertThatThrownBy(() -> store.read(key("much0")))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("damage was met");
      assertThat(other.read(key("b"))).isEmpty();
    }
  }

  /** What nobody wants any more may be damaged, be that known to the same look or to the next. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anyCall_deletedValueIsDamagedInMuchThatWasWrittenMeanwhile_meansNothing(boolean late)
      throws Exception {
    AtomicBoolean deletes = new AtomicBoolean();
    try (FileSecretStore other = open(disk)) {
      Hook meanwhile =
          new Hook() {
            @Override
            public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
              T result = operation.run();
              if (call == Call.READ && !disk.isHeld() && deletes.getAndSet(false)) {
                // What was just read is damaged, and the log has it deleted only behind the note.
                commit(other, delete("a", 1));
              }
              return result;
            }
          };
      try (FileSecretStore store = open(new HookedDisk(disk, meanwhile))) {
        commit(other, put("a", 0, "alpha"));
        writeMuch(other);
        damage("alpha");
        if (!late) {
          commit(other, delete("a", 1));
        }
        deletes.set(late);
        commit(store, put("b", 0, "beta"));
        assertThat(deletes).isFalse();
        assertThat(store.read(key("a"))).isEmpty();
        assertThat(other.read(key("b"))).isPresent();
      }
    }
  }

  /** The note spares work, and is not to be trusted with more. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "garbage",
        "0000000000000000001 0000000000000000000\n",
        "0000000000000000002 0000000000000000100\n",
        "0000000000000000001 0000000000000000100\n",
        "0000000000000000001 0999999999999999999\n",
        "9999999999999999999 9999999999999999999\n",
        "-000000000000000001 0000000000000000100\n"
      })
  void commit_noteIsWrong_isRightAllTheSame(String note) throws Exception {
    try (FileSecretStore store = open(disk);
        FileSecretStore other = open(disk)) {
      for (int i = 0; i < 3; i++) {
        commit(store, put("a", i, "value " + i), put("b" + i, 0, ""));
        try (DiskFile file = disk.open("settled")) {
          file.truncate(0);
          file.writeAt(0, LogText.bytes(note));
        }
        assertThat(state(other)).isEqualTo(state(store)).hasSize(i + 2);
        assertThatThrownBy(() -> commit(other, delete("b" + i(other), 7)))
            .isInstanceOf(RevisionConflictException.class);
      }
    }
    assertThat(stateOf(disk.afterPowerLoss())).hasSize(4);
  }

  private static int i(FileSecretStore store) {
    return state(store).size() - 2;
  }

  @Test
  void commit_noteIsInFreeSpace_isRightAllTheSame() throws Exception {
    try (FileSecretStore store = open(disk);
        FileSecretStore other = open(disk)) {
      commit(store, put("pad", 0, "x".repeat(25_000)));
      int end = LogText.withoutFreeSpace(disk.content("log.1")).length;
      for (int beyond : new int[] {1, 50, 4_000}) {
        try (DiskFile file = disk.open("settled")) {
          file.writeAt(0, LogText.bytes(String.format("%019d %019d%n", 1, end + beyond)));
        }
        commit(other, put("b" + beyond, 0, ""));
        assertThat(state(store)).isEqualTo(state(other));
        end = LogText.withoutFreeSpace(disk.content("log.1")).length;
      }
    }
    assertThat(stateOf(disk.afterPowerLoss())).hasSize(4);
  }

  @Test
  void read_nobodyWroteMeanwhile_neitherLocksNorWaits() {
    AtomicInteger locks = new AtomicInteger();
    Hook hook =
        new Hook() {
          @Override
          public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
            locks.addAndGet(call == Call.LOCK ? 1 : 0);
            return operation.run();
          }
        };
    try (FileSecretStore store = open(new HookedDisk(disk, hook));
        FileSecretStore other = open(disk)) {
      commit(store, put("a", 0, "alpha"));
      int before = locks.get();
      for (int i = 0; i < 10; i++) {
        assertThat(store.read(key("a"))).isPresent();
        assertThat(store.scan(null, 10)).hasSize(1);
      }
      assertThat(locks).hasValue(before);
      commit(other, put("b", 0, "beta"));
      assertThat(store.scan(null, 10)).hasSize(2);
      assertThat(store.read(key("b"))).isPresent();
      assertThat(locks).hasValue(before + 1);
    }
  }
}
