package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.Linearizability.Call;
import dev.secretvault.store.file.FileSecretStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients of two stores on one directory see one order. */
class FileHistoriesTest {

  private static final long SEED =
      Long.getLong("secretvault.histories.seed", new Random().nextLong());
  private static final int HISTORIES = Integer.getInteger("secretvault.fileHistories", 10);

  @Test
  void historiesOnFiles_areLinearizable(@TempDir Path parent) {
    System.out.println("histories on files: -Dsecretvault.histories.seed=" + SEED);
    Path directory = parent.resolve("vault");
    try (HistoryRecorder recorder =
        new HistoryRecorder(
            List.of(FileSecretStore.open(directory), FileSecretStore.open(directory)))) {
      for (int number = 0; number < HISTORIES; number++) {
        List<Call> seen = recorder.record("history-" + number, SEED + 100L * number, 4, 20);
        assertThat(seen).as("without failures").hasSize(80);
        assertThat(Linearizability.unexplained(seen)).as("seed %s, %s", SEED, number).isEmpty();
      }
    }
  }
}
