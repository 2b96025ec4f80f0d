package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariDataSource;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.jdbc.JdbcOptions;
import dev.secretvault.store.jdbc.JdbcSecretStore;
import dev.secretvault.store.jdbc.Mode;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;

/** The primary is killed under load, and its synchronous standby becomes the primary. */
@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class FailoverTest {

  private static final int NODES = 2;
  private static final int CLIENTS = 4;
  private static final int SECRETS_BEFORE = 100;
  private static final int SECRETS_AFTER = 100;

  /** A secret that a client created, to be revealed once, and how often anybody got it. */
  private record Created(String name, AtomicLong reveals) {}

  private final byte[] masterKey = new byte[MasterKey.BYTES];
  private final Queue<Created> acknowledged = new ConcurrentLinkedQueue<>();
  private final Map<String, Boolean> unknownReveals = new ConcurrentHashMap<>();
  private final AtomicLong killedAt = new AtomicLong();
  private final AtomicLong recoveredAt = new AtomicLong();
  private final AtomicLong after = new AtomicLong();
  private final List<HikariDataSource> pools = new ArrayList<>();
  private final List<SecretVault> nodes = new ArrayList<>();

  @Test
  void afterAFailover_allThatWasAcknowledgedIsThere_andNothingIsRevealedAgain(@TempDir Path parent)
      throws Exception {
    try (MortalServer primary = MortalServer.start(parent.resolve("primary"));
        MortalServer standby = primary.standby(parent.resolve("standby"), freePort(), "standby")) {
      makeSynchronous(primary);
      openNodes(primary, standby);
      Thread failover = new Thread(() -> failOver(primary, standby));
      failover.start();
      Racers.run(CLIENTS, client -> work(nodes.get(client % NODES), client));
      failover.join();
      System.out.printf(
          "failover: %d secrets acknowledged, %d reveals of unknown outcome, answers again after"
              + " %d ms%n",
          acknowledged.size(),
          unknownReveals.size(),
          TimeUnit.NANOSECONDS.toMillis(recoveredAt.get() - killedAt.get()));
      nodes.forEach(this::check);
    }
  }

  /** The negative control: what a standby has not got is missing. */
  @Test
  void afterAFailoverToAStandbyThatIsBehind_secretsAreMissing(@TempDir Path parent)
      throws Exception {
    try (MortalServer primary = MortalServer.start(parent.resolve("primary"));
        MortalServer standby = primary.standby(parent.resolve("standby"), freePort(), "standby")) {
      makeSynchronous(primary);
      openNodes(primary, standby);
      create(nodes.get(0), "early");
      nodes.forEach(this::check);
      primary.query("ALTER SYSTEM RESET synchronous_standby_names");
      primary.query("SELECT pg_reload_conf()");
      standby.crash();
      create(nodes.get(0), "late");
      primary.kill();
      standby.start();
      standby.promote();
      assertThatThrownBy(() -> nodes.forEach(this::check))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("late");
    }
  }

  private void openNodes(MortalServer primary, MortalServer standby) {
    new SecureRandom().nextBytes(masterKey);
    String url =
        "jdbc:postgresql://localhost:%d,localhost:%d/postgres"
                .formatted(primary.port(), standby.port())
            + "?targetServerType=primary&hostRecheckSeconds=1";
    for (int node = 0; node < NODES; node++) {
      pools.add(OnceClient.pool(url, CLIENTS, Mode.READ_COMMITTED));
      nodes.add(open(pools.get(node)));
      pools.get(node).getHikariConfigMXBean().setConnectionTimeout(1_000);
    }
  }

  @AfterEach
  void closeNodes() {
    nodes.forEach(SecretVault::close);
    pools.forEach(HikariDataSource::close);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void makeSynchronous(MortalServer primary) throws SQLException {
    primary.query("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
    primary.query("SELECT pg_reload_conf()");
    while (!primary.query("SELECT sync_state FROM pg_stat_replication").equals("sync")) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
  }

  private SecretVault open(HikariDataSource pool) {
    return SecretVault.builder()
        .store(
            JdbcSecretStore.open(
                pool,
                JdbcOptions.defaults().timeouts(Duration.ofSeconds(10), Duration.ofSeconds(10))))
        .masterKey(MasterKey.fromBytes(masterKey))
        .threads(VaultFixture.IDLE)
        .open();
  }

  private void failOver(MortalServer primary, MortalServer standby) {
    while (acknowledged.size() < SECRETS_BEFORE) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
    primary.kill();
    // What begins from here on is not answered by the primary that was.
    killedAt.set(System.nanoTime());
    standby.promote();
  }

  /** Creates secrets and reveals most of them, until there are enough after the failover. */
  private void work(SecretVault vault, int client) {
    for (int number = 0; after.get() < SECRETS_AFTER; number++) {
      boolean begunAfter = killedAt.get() != 0;
      Created created;
      try {
        created = create(vault, client + "-" + number);
      } catch (StoreFailedException failed) {
        continue;
      }
      if (begunAfter) {
        recoveredAt.compareAndSet(0, System.nanoTime());
        after.incrementAndGet();
      }
      if (number % 4 != 0) {
        reveal(vault, created);
      }
    }
  }

  private Created create(SecretVault vault, String name) {
    VaultFixture.create(
        vault,
        SecretSpec.named(name).value(name.toCharArray()).active().disclosure(Disclosure.ONCE));
    Created created = new Created(name, new AtomicLong());
    acknowledged.add(created);
    return created;
  }

  private void reveal(SecretVault vault, Created created) {
    try (SecretValue value = vault.reveal(created.name())) {
      assertThat(VaultFixture.textOf(value)).isEqualTo(created.name());
      created.reveals().incrementAndGet();
    } catch (StoreFailedException failed) {
      if (!failed.outcomeKnown()) {
        unknownReveals.put(created.name(), true);
      }
    } catch (AlreadyRevealedException gone) {
      assertThat(created.reveals().get() == 1 || unknownReveals.containsKey(created.name()))
          .as("%s is gone and somebody got it, or may have", created.name())
          .isTrue();
    }
  }

  /** Once for each node: what is there still is revealed to the first one. */
  private void check(SecretVault node) {
    for (Created created : acknowledged) {
      assertThat(node.find(created.name())).as(created.name()).isPresent();
      reveal(node, created);
      assertThat(created.reveals().get() == 1 || unknownReveals.containsKey(created.name()))
          .as("%s was revealed once", created.name())
          .isTrue();
      assertThat(created.reveals()).hasValueLessThan(2);
    }
  }
}
