package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.Change;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** Four processes with four threads each race for what exists once. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class SeveralProcessesTest {

  private static final int RECORDS = 2_000;

  @TempDir Path parent;

  private static void create(FileSecretStore store) {
    for (int from = 0; from < RECORDS; from += 500) {
      List<Change> changes = new ArrayList<>();
      for (int i = from; i < from + 500; i++) {
        changes.add(put("once-%05d".formatted(i), 0, "value " + i));
      }
      store.commit(changes);
    }
  }

  @Test
  void commit_fourProcessesOfFourThreads_eachRecordIsConsumedOnce() throws Exception {
    Path directory = parent.resolve("store");
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      create(store);
      List<String> consumed = new ArrayList<>();
      List<ChildJvm> children = new ArrayList<>();
      try {
        for (int i = 0; i < 4; i++) {
          children.add(ChildJvm.consuming(directory));
        }
        for (ChildJvm child : children) {
          for (String line = child.line(); !"end".equals(line); line = child.line()) {
            consumed.add(line);
          }
        }
      } finally {
        children.forEach(ChildJvm::close);
      }
      assertThat(consumed).hasSize(RECORDS).doesNotHaveDuplicates();
      assertThat(consumed).allMatch(line -> line.matches("once-[0-9]{5}"));
      assertThat(state(store)).isEqualTo(Map.of("counter", RECORDS + " " + RECORDS));
    }
  }
}
