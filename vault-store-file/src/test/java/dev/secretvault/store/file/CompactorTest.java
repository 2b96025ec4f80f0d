package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.put;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.Change;
import dev.secretvault.store.StoreListeners;
import dev.secretvault.store.file.HookedDisk.Call;
import dev.secretvault.store.file.HookedDisk.Hook;
import dev.secretvault.store.file.HookedDisk.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When a log is compacted, and what is done before others have to wait for it. */
@Timeout(60)
class CompactorTest {

  private static final String LARGE = "x".repeat(100_000);

  private final SimulatedDisk disk = new SimulatedDisk();

  private static SharedLog shared(Disk disk) throws IOException {
    return disk.exclusively(() -> SharedLog.open(disk, new Announcer(new StoreListeners())));
  }

  /** Replaces the one record, so that the log grows. */
  private void replace(SharedLog log) {
    log.refresh();
    Change change = put("k", log.current().index().revision(key("k")), LARGE);
    log.commit(List.of(new Commit(List.of(change)))).settle();
  }

  private void growTo(SharedLog log, long length) {
    while (disk.content("log.1").length < length) {
      replace(log);
    }
  }

  @Test
  void compact_anotherSpoiltIt_isNotDueBeforeTheLogHasGrownByAQuarter() throws Exception {
    // No stores, which would also compact by themselves.
    SharedLog[] other = new SharedLog[1];
    Hook spoiling =
        new Hook() {
          @Override
          public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
            if (call == Call.LOCK && disk.list().contains("log.2.tmp")) {
              replace(other[0]);
            }
            return operation.run();
          }
        };
    try (FileSecretStore store = open(disk)) {
      // More than a piece, or it would be done at once.
      for (int i = 0; i < 5; i++) {
        commit(store, put("a" + i, 0, LARGE));
      }
    }
    try (SharedLog spoiler = shared(disk);
        SharedLog log = shared(new HookedDisk(disk, spoiling))) {
      other[0] = spoiler;
      growTo(spoiler, 4 << 20);
      log.refresh();
      assertThat(log.compactor().isDue()).isTrue();
      log.compactor().compact();
      assertThat(disk.list()).containsExactlyInAnyOrder("log.1", "settled");
      assertThat(log.compactor().isDue()).isFalse();
      long spoilt = disk.content("log.1").length;
      replace(log);
      assertThat(log.compactor().isDue()).isFalse();
      growTo(log, spoilt / 4 * 5 + 1);
      assertThat(log.compactor().isDue()).isTrue();
    }
  }

  @Test
  void compact_anotherHasCompactedMeanwhile_sortsBeforeOthersHaveToWait() throws Exception {
    List<Boolean> sorted = new ArrayList<>();
    SharedLog[] compacted = new SharedLog[1];
    Hook looking =
        new Hook() {
          @Override
          public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
            if (call == Call.CREATE && name.equals("log.3.tmp")) {
              sorted.add(compacted[0].current().index().isPreparedToList());
            }
            return operation.run();
          }
        };
    try (FileSecretStore other = open(disk);
        SharedLog log = shared(new HookedDisk(disk, looking))) {
      compacted[0] = log;
      commit(other, put("a", 0, "alpha"), put("b", 0, "beta"));
      log.refresh();
      log.current().index().prepareToList();
      other.compact();
      log.compactor().compact();
      assertThat(sorted).containsExactly(true);
      assertThat(disk.list()).containsExactlyInAnyOrder("log.3", "settled");
    }
  }
}
