package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.file.FileSecretStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several processes use a vault with an anchor. {@code -Dsecretvault.seed} repeats the kills. */
class FreshnessProcessesTest {

  private static final int PROCESSES = 3;
  private static final int SECRETS = 90;

  @TempDir Path directory;

  private final byte[] masterKey = new byte[MasterKey.BYTES];
  private final List<SharedSecret> shared = new ArrayList<>();
  private FreshnessAnchor anchor;

  @BeforeEach
  void share() throws IOException {
    new SecureRandom().nextBytes(masterKey);
    anchor = FreshnessAnchor.inFile(directory.resolve("anchor"));
    try (SecretVault vault = open()) {
      for (int i = 0; i < SECRETS; i++) {
        shared.add(vault.oneTime().share(OneTimeSpec.of("value".toCharArray())));
      }
    }
    Files.write(directory.resolve("links"), shared.stream().map(SharedSecret::link).toList());
  }

  private SecretVault open() {
    return SecretVault.builder()
        .store(FileSecretStore.open(directory.resolve("vault")))
        .masterKey(MasterKey.fromBytes(masterKey))
        .freshness(anchor)
        .open();
  }

  private List<ChildJvm> start() throws IOException {
    List<ChildJvm> children = new ArrayList<>();
    for (int i = 0; i < PROCESSES; i++) {
      children.add(
          ChildJvm.start(
              FreshnessChild.class,
              List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1"),
              Map.of(FreshnessChild.KEY, HexFormat.of().formatHex(masterKey)),
              directory.resolve("vault"),
              directory.resolve("anchor"),
              directory.resolve("links")));
    }
    for (ChildJvm child : children) {
      assertThat(child.line()).isEqualTo("ready");
    }
    for (ChildJvm child : children) {
      child.say("go");
    }
    return children;
  }

  private long counter() {
    return anchor.read().orElseThrow().counter();
  }

  @Test
  void processes_giveEachSecretOutOnce_andCountTogether() throws IOException {
    long before = counter();
    List<ChildJvm> children = start();
    try {
      List<String> lines = new ArrayList<>();
      children.forEach(child -> lines.addAll(child.rest()));
      assertThat(lines).filteredOn("finished"::equals).hasSize(PROCESSES);
      assertThat(lines).hasSize(PROCESSES + SECRETS).noneMatch(line -> line.startsWith("FAILED"));
      assertThat(lines.stream().filter(line -> line.startsWith("given ")).distinct())
          .hasSize(SECRETS);
    } finally {
      children.forEach(ChildJvm::close);
    }
    assertThat(counter()).isEqualTo(before + SECRETS);
    open().close();
  }

  /** Some die between a commit and its note: the others note it, and nothing is refused. */
  @Test
  void killedProcesses_leaveAGoodStore() throws IOException {
    long seed = Long.getLong("secretvault.seed", new SplittableRandom().nextLong());
    System.out.printf("freshness: kills, -Dsecretvault.seed=%d%n", seed);
    SplittableRandom random = new SplittableRandom(seed);
    List<ChildJvm> children = start();
    try {
      List<String> lines = new ArrayList<>();
      for (ChildJvm killed : children.subList(1, PROCESSES)) {
        String line = "";
        for (int i = random.nextInt(10); i > 0 && line != null; i--) {
          line = killed.line();
          lines.add(String.valueOf(line));
        }
        killed.kill();
        lines.addAll(killed.rest());
      }
      lines.addAll(children.get(0).rest());
      assertThat(lines).contains("finished").noneMatch(line -> line.startsWith("FAILED"));
      assertThat(lines.stream().filter(line -> line.matches("given \\d+\\.")))
          .doesNotHaveDuplicates()
          .hasSizeBetween(SECRETS - (PROCESSES - 1), SECRETS);
    } finally {
      children.forEach(ChildJvm::close);
    }
    try (SecretVault vault = open()) {
      for (SharedSecret each : shared) {
        assertThat(vault.oneTime().receipt(each.receipt()).state())
            .isEqualTo(OneTimeState.REVEALED);
      }
    }
  }
}
