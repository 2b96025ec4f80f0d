package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.jdbc.InModes;
import dev.secretvault.store.jdbc.JdbcOptions;
import dev.secretvault.store.jdbc.JdbcSecretStore;
import dev.secretvault.store.jdbc.Mode;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;

/**
 * Processes want the same secrets that are revealed once, while connections are terminated and the
 * server crashes. {@code -Dsecretvault.once=2000 -Dsecretvault.faults=24} is the full size.
 */
@InModes(Mode.READ_COMMITTED)
@Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class OnceUnderFaultsTest {

  private static final int SECRETS = Integer.getInteger("secretvault.once", 200);
  private static final int FAULTS = Integer.getInteger("secretvault.faults", 6);
  private static final int FAULTS_PER_CRASH = 3;
  private static final int PROCESSES = 4;
  private static final int CONNECTIONS = 4;

  @Parameter private Mode mode;
  private final byte[] masterKey = new byte[MasterKey.BYTES];
  private final Map<Integer, Integer> got = new ConcurrentHashMap<>();
  private final Set<Integer> unknown = ConcurrentHashMap.newKeySet();
  private final List<String> strange = new CopyOnWriteArrayList<>();
  private final AtomicInteger finished = new AtomicInteger();

  @Test
  void eachIsRevealedOnce_orIsLostWhereNobodyCouldKnow(@TempDir Path parent) throws Exception {
    new SecureRandom().nextBytes(masterKey);
    try (MortalServer server = MortalServer.start(parent.resolve("server"));
        HikariDataSource pool = OnceClient.pool(server.dataSource().getUrl(), CONNECTIONS, mode);
        SecretVault vault = open(pool)) {
      create(vault);
      int crashes = reveal(server);
      System.out.printf(
          "%d processes, %d connections each, %d secrets, %d faults at most, %d crashes:"
              + " %d revealed, %d lost of %d of unknown outcome%n",
          PROCESSES,
          CONNECTIONS,
          SECRETS,
          FAULTS,
          crashes,
          got.size(),
          SECRETS - got.size(),
          unknown.size());
      assertThat(strange).as("what else the processes said").isEmpty();
      assertThat(got.values()).as("reveals of a secret").containsOnly(1);
      for (int number = 0; number < SECRETS; number++) {
        assertThat(got.containsKey(number) || unknown.contains(number))
            .as("%s was revealed, or may have been", number)
            .isTrue();
        assertThat(vault.find(OnceClient.nameOf(number)).orElseThrow().state())
            .isEqualTo(SecretState.REVEALED);
      }
      assertThat(got.size()).as("revealed").isGreaterThan(SECRETS * 9 / 10);
    }
  }

  private SecretVault open(HikariDataSource pool) {
    return SecretVault.builder()
        .store(JdbcSecretStore.open(pool, mode.of(JdbcOptions.defaults())))
        .masterKey(MasterKey.fromBytes(masterKey))
        .threads(VaultFixture.IDLE)
        .open();
  }

  private static void create(SecretVault vault) {
    AtomicInteger next = new AtomicInteger();
    Racers.run(
        CONNECTIONS,
        racer -> {
          for (int number = next.getAndIncrement();
              number < SECRETS;
              number = next.getAndIncrement()) {
            VaultFixture.create(
                vault,
                SecretSpec.named(OnceClient.nameOf(number))
                    .value(OnceClient.valueOf(number).toCharArray())
                    .active()
                    .disclosure(Disclosure.ONCE));
          }
        });
  }

  /** Lets all processes loose, and makes a fault whenever so many secrets more are revealed. */
  private int reveal(MortalServer server) throws Exception {
    List<ChildJvm> children = new ArrayList<>();
    List<Thread> readers = new ArrayList<>();
    int crashes = 0;
    try {
      for (int process = 0; process < PROCESSES; process++) {
        ChildJvm child =
            ChildJvm.start(
                OnceClient.class,
                List.of("-XX:TieredStopAtLevel=1", "-Xmx256m"),
                Map.of(OnceClient.KEY, HexFormat.of().formatHex(masterKey)),
                server.dataSource().getUrl(),
                CONNECTIONS,
                SECRETS,
                mode);
        children.add(child);
      }
      for (ChildJvm child : children) {
        awaitReady(child);
      }
      for (ChildJvm child : children) {
        child.say("go");
        Thread reader = new Thread(() -> listen(child));
        readers.add(reader);
        reader.start();
      }
      int faults = 0;
      for (int fault = 1; fault <= FAULTS; fault++) {
        while (got.size() < fault * SECRETS / (FAULTS + 1) && finished.get() == 0) {
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        if (got.size() == SECRETS || finished.get() > 0) {
          break; // A fault that nobody meets is none.
        }
        faults++;
        if (fault % FAULTS_PER_CRASH == 0) {
          server.crashAndRecover(Duration.ofSeconds(fault % 2 == 0 ? 0 : 4));
          crashes++;
        } else {
          terminateAny(server);
        }
      }
      assertThat(faults).as("faults while there was work").isGreaterThanOrEqualTo(FAULTS / 2);
      for (Thread reader : readers) {
        reader.join();
      }
      for (ChildJvm child : children) {
        assertThat(child.exitCode()).isZero();
      }
      return crashes;
    } finally {
      children.forEach(ChildJvm::close);
    }
  }

  private static void awaitReady(ChildJvm child) throws IOException {
    String line = child.line();
    while (!"ready".equals(line)) {
      assertThat(line).as("what a process says before it is ready").startsWith("SLF4J");
      line = child.line();
    }
  }

  private void listen(ChildJvm child) {
    try {
      for (String line = child.line(); line != null; line = child.line()) {
        String[] words = line.split(" ", 2);
        switch (words[0]) {
          case "got" -> got.merge(Integer.valueOf(words[1]), 1, Integer::sum);
          case "unknown" -> unknown.add(Integer.valueOf(words[1]));
          case "finished" -> finished.incrementAndGet();
          default -> strange.add(line);
        }
      }
    } catch (IOException | NumberFormatException broken) {
      strange.add(broken.toString());
    }
  }

  /** As soon as the server has recovered from what was done to it before. */
  private static void terminateAny(MortalServer server) {
    boolean done = false;
    while (!done) {
      try {
        done = server.terminateAny();
      } catch (SQLException recovering) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
      }
    }
  }
}
