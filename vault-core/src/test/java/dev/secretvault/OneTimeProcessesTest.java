package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.OneTimeChild.Order;
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
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Several processes want the same one-time secrets. {@code -Dsecretvault.onetime.secrets} sets how
 * many there are, {@code -Dsecretvault.onetime.threads} how many threads each process has, {@code
 * -Dsecretvault.seed} repeats when processes are killed.
 */
class OneTimeProcessesTest {

  private static final int SECRETS = Integer.getInteger("secretvault.onetime.secrets", 1_000);
  private static final int PROCESSES = 4;
  private static final int THREADS = Integer.getInteger("secretvault.onetime.threads", 4);

  @TempDir Path directory;

  private final byte[] masterKey = new byte[MasterKey.BYTES];
  private final List<SharedSecret> shared = new ArrayList<>();
  private Path links;

  private void share(int secrets) throws IOException {
    new SecureRandom().nextBytes(masterKey);
    try (SecretVault vault = open()) {
      for (int i = 0; i < secrets; i++) {
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
    return start(THREADS, Order.AS_IT_SHOULD);
  }

  private ChildJvm start(int threads, Order order) throws IOException {
    ChildJvm child =
        ChildJvm.start(
            OneTimeChild.class,
            List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1"),
            Map.of(OneTimeChild.KEY, HexFormat.of().formatHex(masterKey)),
            directory.resolve("vault"),
            links,
            threads,
            order);
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

  private static void assertGivenOnce(Map<String, Long> given) {
    assertThat(given.values()).containsOnly(1L);
  }

  /**
   * What was given out is used up, and what is new opens.
   *
   * @return how many are used up and were given to nobody
   */
  private int lostBesides(Set<String> given) {
    int lost = 0;
    try (SecretVault vault = open()) {
      for (int i = 0; i < shared.size(); i++) {
        OneTimeState state = vault.oneTime().receipt(shared.get(i).receipt()).state();
        if (given.contains("given " + i + ".")) {
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
    }
    return lost;
  }

  @Test
  void eachSecret_isGivenOutOnce_amongFourProcesses() throws Exception {
    share(SECRETS);
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
      assertGivenOnce(given);
      System.out.printf(
          "one-time secrets: %d given once by %d processes of %d threads%n",
          SECRETS, PROCESSES, THREADS);
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
    share(SECRETS);
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
    assertGivenOnce(given);
    int lost = lostBesides(given.keySet());
    System.out.printf(
        "one-time secrets: %d kills, %d given once, %d used up and lost%n",
        kills, given.size(), lost);
    assertThat(lost).isLessThanOrEqualTo(kills * THREADS);
  }

  /** A kill between the two loses what is used up: that is seen. */
  @Test
  void processKilledBeforeItSaysWhatItGot_losesThat() throws Exception {
    share(2);
    try (ChildJvm killed = start(1, Order.REVEALS_AND_WAITS)) {
      killed.say("go");
      assertThat(killed.line()).isEqualTo("revealed");
      killed.kill();
      assertThat(given(completeLines(killed))).isEmpty();
    }
    assertThat(lostBesides(Set.of())).isEqualTo(1);
  }

  /** Processes that say what they have not revealed yet are found out, killed or not. */
  @Test
  void processesThatSayTooEarly_areFoundOut() throws Exception {
    share(1);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      try (ChildJvm child = start(1, Order.PRINTS_AND_WAITS)) {
        child.say("go");
        lines.add(child.line());
        child.kill();
      }
    }
    Map<String, Long> given = given(lines);
    assertThat(given).containsOnlyKeys("given 0.");
    assertThatThrownBy(() -> assertGivenOnce(given)).isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> lostBesides(given.keySet())).isInstanceOf(AssertionError.class);
  }

  /** The last line may be cut off by the kill. */
  private static List<String> completeLines(ChildJvm killed) {
    return killed.rest().stream().filter(line -> line.matches("given \\d+\\.|FAILED.*")).toList();
  }
}
