package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.Change;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** Four processes with four threads each race for what exists once. */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class SeveralProcessesTest {

  private static final int RECORDS = 2_000;

  @TempDir Path parent;

  private void create(FileSecretStore store, int count) {
    for (int from = 0; from < count; from += 500) {
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
      create(store, RECORDS);
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

  @Test
  void commit_oneOfTheProcessesIsKilledAgainAndAgain_nothingIsConsumedTwice() throws Exception {
    Path directory = parent.resolve("store");
    Set<String> consumed = new HashSet<>();
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      create(store, 1_000);
      try (ChildJvm survivor = ChildJvm.consuming(directory)) {
        for (int round = 0; round < 5; round++) {
          try (ChildJvm victim = ChildJvm.consuming(directory)) {
            String line = victim.line();
            for (int i = 0; i < 20 && !"end".equals(line); i++) {
              assertThat(consumed.add(line)).as(line).isTrue();
              line = victim.line();
            }
            victim.kill();
            // What it said before it died counts too; a line cut off by the kill is no whole key.
            for (; line != null; line = victim.line()) {
              if (line.length() == "once-00000".length()) {
                assertThat(consumed.add(line)).as(line).isTrue();
              }
            }
          }
          commit(store, put("by-round" + round, 0, "the lock is free, and the log in order"));
        }
        for (String line = survivor.line(); !"end".equals(line); line = survivor.line()) {
          assertThat(consumed.add(line)).as(line).isTrue();
        }
      }
      assertThat(state(store).keySet()).noneMatch(key -> key.startsWith("once"));
      // A victim may have died between its commit and its line.
      assertThat(consumed).hasSizeBetween(1_000 - 5 * 4, 1_000);
    }
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      assertThat(store.recovery()).isEqualTo(Recovery.NONE);
    }
  }
}
