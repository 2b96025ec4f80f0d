package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.file.FileSecretStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Several processes want the same one-time secrets. {@code -Dsecretvault.onetime.secrets} sets how
 * many there are, {@code -Dsecretvault.seed} repeats when processes are killed.
 */
class OneTimeProcessesTest {

  private static final int SECRETS = Integer.getInteger("secretvault.onetime.secrets", 1_000);
  private static final int PROCESSES = 4;
  private static final int THREADS = 4;

  @TempDir Path directory;

  private final byte[] masterKey = new byte[MasterKey.BYTES];
  private final List<SharedSecret> shared = new ArrayList<>();
  private Path links;

  @BeforeEach
  void share() throws IOException {
    new SecureRandom().nextBytes(masterKey);
    try (SecretVault vault = open()) {
      for (int i = 0; i < SECRETS; i++) {
        shared.add(vault.oneTime().share(OneTimeSpec.of(("value-" + i).toCharArray())));
      }
    }
    links = directory.resolve("links");
    Files.write(links, shared.stream().map(SharedSecret::link).toList());
  }

  private SecretVault open() {
    return SecretVault.builder()
        .store(FileSecretStore.open(directory.resolve("vault")))
        .masterKey(MasterKey.fromBytes(masterKey))
        .open();
  }

  private ChildJvm start() throws IOException {
    ChildJvm child =
        ChildJvm.start(
            OneTimeChild.class,
            List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1"),
            Map.of(OneTimeChild.KEY, HexFormat.of().formatHex(masterKey)),
            directory.resolve("vault"),
            links,
            THREADS);
    assertThat(child.line()).isEqualTo("ready");
    return child;
  }

  /** How often each secret was given out, by what processes printed. */
  private static Map<String, Long> given(List<String> lines) {
    assertThat(lines).noneMatch(line -> line.startsWith("FAILED"));
    return lines.stream()
        .filter(line -> line.startsWith("given "))
        .collect(Collectors.groupingBy(line -> line, Collectors.counting()));
  }

  @Test
  void eachSecret_isGivenOutOnce_amongFourProcesses() throws Exception {
    List<ChildJvm> children = new ArrayList<>();
    ExecutorService readers = Executors.newFixedThreadPool(PROCESSES);
    try {
      for (int i = 0; i < PROCESSES; i++) {
        children.add(start());
      }
      List<Future<List<String>>> outputs = new ArrayList<>();
      for (ChildJvm child : children) {
        outputs.add(readers.submit(child::rest));
      }
      for (ChildJvm child : children) {
        child.say("go");
      }
      List<String> lines = linesOf(outputs);
      assertThat(lines).filteredOn("finished"::equals).hasSize(PROCESSES);
      Map<String, Long> given = given(lines);
      assertThat(given).hasSize(SECRETS);
      assertThat(given.values()).containsOnly(1L);
    } finally {
      children.forEach(ChildJvm::close);
      readers.shutdownNow();
    }
  }

  private static List<String> linesOf(List<Future<List<String>>> outputs)
      throws InterruptedException, ExecutionException {
    List<String> lines = new ArrayList<>();
    for (Future<List<String>> output : outputs) {
      lines.addAll(output.get());
    }
    return lines;
  }

  /**
   * Processes are killed while they reveal. What was given out was given once; what was not, though
   * it is revealed, was lost with a process that died between the two.
   */
  @Test
  void killedProcesses_giveNothingTwice_andWhatIsLostWasUsedUp() throws Exception {
    long seed = Long.getLong("secretvault.seed", new SplittableRandom().nextLong());
    System.out.printf("one-time secrets: kills, -Dsecretvault.seed=%d%n", seed);
    SplittableRandom random = new SplittableRandom(seed);
    List<String> lines = new ArrayList<>();
    int kills = 0;
    int seen = 0;
    while (seen < SECRETS / 2) {
      try (ChildJvm killed = start();
          ChildJvm beside = start()) {
        killed.say("go");
        beside.say("go");
        int until = 1 + random.nextInt(SECRETS / 20);
        for (int i = 0; i < until; i++) {
          String line = killed.line();
          if (line == null) {
            break;
          }
          lines.add(line);
        }
        killed.kill();
        lines.addAll(completeLines(killed));
        beside.kill();
        lines.addAll(completeLines(beside));
        kills += 2;
      }
      seen = given(lines).size();
    }
    Map<String, Long> given = given(lines);
    assertThat(given.values()).containsOnly(1L);
    try (SecretVault vault = open()) {
      int lost = 0;
      for (int i = 0; i < SECRETS; i++) {
        OneTimeState state = vault.oneTime().receipt(shared.get(i).receipt()).state();
        if (given.containsKey("given " + i + ".")) {
          assertThat(state).isEqualTo(OneTimeState.REVEALED);
        } else if (state == OneTimeState.NEW) {
          try (SecretValue value = vault.oneTime().reveal(shared.get(i).link())) {
            assertThat(VaultFixture.textOf(value)).isEqualTo("value-" + i);
          }
        } else {
          assertThat(state).isEqualTo(OneTimeState.REVEALED);
          lost++;
        }
      }
      System.out.printf(
          "one-time secrets: %d kills, %d given, %d used up and lost%n", kills, given.size(), lost);
      assertThat(lost).isLessThanOrEqualTo(kills * THREADS);
    }
    Arrays.fill(masterKey, (byte) 0);
  }

  /** The last line may be cut off by the kill. */
  private static List<String> completeLines(ChildJvm killed) {
    return killed.rest().stream().filter(line -> line.matches("given \\d+\\.|FAILED.*")).toList();
  }
}
