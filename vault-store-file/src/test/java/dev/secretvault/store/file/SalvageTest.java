package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.put;
import static dev.secretvault.store.file.Records.state;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is intact of a damaged store gets into a new one, and the rest is listed. */
@Timeout(60)
class SalvageTest {

  private static final String REVEALED = "was revealed, and must not come back";

  @TempDir Path parent;

  private Path source;
  private Path log;
  private Map<String, String> before;

  @BeforeEach
  void createStore() throws IOException {
    source = parent.resolve("source");
    try (FileSecretStore store = FileSecretStore.open(source)) {
      commit(store, put("a", 0, "alpha"), put("once", 0, REVEALED));
      commit(store, put("b", 0, "beta", 1_700_000_000_000L));
      commit(store, put("a", 1, "alpha again"), delete("once", 1));
      commit(store, put("c", 0, ""), put("d", 0, "delta"));
      before = state(store);
    }
    log = source.resolve("log.1");
  }

  private Salvage salvage(Path target) {
    return FileSecretStore.salvage(source, target);
  }

  private Map<String, String> salvaged(Path target) {
    try (FileSecretStore store = FileSecretStore.openExisting(target)) {
      Map<String, String> state = state(store);
      commit(store, put("later", 0, "writable"));
      return state;
    }
  }

  @Test
  void salvage_wholeStore_copiesItAndChangesNothing() throws Exception {
    byte[] content = Files.readAllBytes(log);
    Salvage salvage = salvage(parent.resolve("target"));
    assertThat(salvage.lost()).isEmpty();
    assertThat(salvage.records()).isEqualTo(4);
    assertThat(salvaged(parent.resolve("target"))).isEqualTo(before);
    assertThat(log).hasBinaryContent(content);
  }

  @Test
  void salvage_storeThatWasCompacted_copiesIt() throws Exception {
    try (FileSecretStore store = FileSecretStore.open(source)) {
      store.compact();
      commit(store, put("b", 1, "beta again"));
      before = state(store);
    }
    assertThat(salvage(parent.resolve("target")).lost()).isEmpty();
    assertThat(salvaged(parent.resolve("target"))).isEqualTo(before);
  }

  /**
   * Whatever byte is damaged, the new store opens, holds nothing false, and something is listed.
   */
  @Test
  void salvage_anyByteDamaged_keepsTheRestAndListsTheLoss() throws Exception {
    byte[] content = Files.readAllBytes(log);
    int refused = 0;
    for (int i = 0; i < content.length; i++) {
      byte[] damaged = content.clone();
      damaged[i] ^= 0x11;
      Files.write(log, damaged);
      try {
        FileSecretStore.open(source).close();
        // It meant nothing, or was in the last frame, which is cut off.
        Files.write(log, content);
        continue;
      } catch (StoreCorruptException expected) {
        refused++;
      }
      Path target = parent.resolve("target" + i);
      Salvage salvage = salvage(target);
      assertThat(salvage.lost()).as("byte %d", i).isNotEmpty();
      Map<String, String> found = salvaged(target);
      assertThat(found).as("byte %d", i).hasSize((int) salvage.records());
      assertThat(found).doesNotContainKey("once");
      found.forEach(
          (key, text) -> {
            if (!text.equals(before.get(key))) {
              assertThat(Map.of("a", "1 alpha")).containsEntry(key, text);
            }
          });
      assertThat(found.size()).as("byte %d", i).isGreaterThanOrEqualTo(before.size() - 2);
      assertThat(log).hasBinaryContent(damaged);
    }
    assertThat(refused).isGreaterThan(300);
  }

  @Test
  void salvage_framesAreMissing_namesTheCommits() throws Exception {
    String[] lines = Files.readString(log).split("(?<=\n)", -1);
    Files.writeString(log, lines[0] + lines[1] + lines[4]);
    Path target = parent.resolve("target");
    assertThat(salvage(target).lost())
        .anyMatch(line -> line.startsWith("commits 2 to 3: "))
        .anyMatch(line -> line.startsWith("record a, revision 1: "))
        .anyMatch(line -> line.startsWith("record once, revision 1: "));
    assertThat(salvaged(target)).containsOnlyKeys("c", "d");
  }

  static List<Path> damagedBases() throws IOException {
    try (Stream<Path> vectors = Files.list(FormatVectorsTest.VECTORS)) {
      return vectors.filter(v -> v.getFileName().toString().startsWith("base-")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("damagedBases")
  void salvage_baseIsDamaged_listsTheLoss(Path vector) throws Exception {
    Files.delete(log);
    Files.copy(vector.resolve("log.2"), source.resolve("log.2"));
    String loss =
        switch (vector.getFileName().toString()) {
          // All lines that the base was written with are there, so nothing is lost.
          case "base-deletion-of-missing-record",
              "base-deletion-of-other-revision",
              "base-missing",
              "base-number-0",
              "base-previous",
              "base-record-twice",
              "base-too-old" ->
              "";
          case "base-number-gap" -> "commit 8: ";
          case "base-value-damaged" -> "record c, revision 2: its value";
          default -> "lines of the base of " + source.resolve("log.2") + ": ";
        };
    Path target = parent.resolve("target");
    Salvage salvage = salvage(target);
    if (loss.isEmpty()) {
      assertThat(salvage.lost()).isEmpty();
    } else {
      assertThat(salvage.lost()).anyMatch(line -> line.startsWith(loss));
    }
    assertThat(salvaged(target)).hasSize((int) salvage.records());
  }

  @Test
  void salvage_garbage_opensEmpty() throws Exception {
    byte[] garbage = new byte[10_000];
    Arrays.fill(garbage, (byte) '\n');
    Files.write(log, garbage);
    Path target = parent.resolve("target");
    assertThat(salvage(target).records()).isZero();
    assertThat(salvaged(target)).isEmpty();
  }

  @Test
  void salvage_targetIsNotEmpty_isRefused() throws Exception {
    assertThatThrownBy(() -> salvage(source))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("not empty");
    Path target = Files.createDirectory(parent.resolve("target"));
    Files.writeString(target.resolve("notes.txt"), "notes");
    assertThatThrownBy(() -> salvage(target))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("not empty");
    assertThatThrownBy(() -> FileSecretStore.salvage(parent.resolve("nothing"), target))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("no directory");
  }
}
