package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.secretvault.Linearizability.Call;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.jdbc.JdbcOptions;
import dev.secretvault.store.jdbc.JdbcSecretStore;
import dev.secretvault.store.jdbc.Mode;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients of several nodes see one order, whatever happens to their connections and to the server.
 * What is counted are histories in which something did happen: 300, in all modes together. {@code
 * -Dsecretvault.histories=10000} is the full size, in each mode, {@code
 * -Dsecretvault.histories.seed=} repeats what clients and cuts do.
 */
@ParameterizedClass
@EnumSource(Mode.class)
@Timeout(value = 60, unit = TimeUnit.MINUTES, threadMode = ThreadMode.SEPARATE_THREAD)
class JdbcHistoriesTest {

  private static final long SEED =
      Long.getLong("secretvault.histories.seed", new Random().nextLong());
  private static final int HISTORIES_PER_CRASH = 50;
  private static final int NODES = 3;
  private static final int CLIENTS = 6;
  private static final int CALLS = 8;
  private static final int ONE_CUT_IN = 150;
  private static final long LONGEST_PEACE = TimeUnit.MILLISECONDS.toNanos(200);
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  @Parameter private Mode mode;
  private int histories;

  private final AtomicInteger begun = new AtomicInteger();
  private final AtomicInteger crashes = new AtomicInteger();
  private final AtomicInteger terminated = new AtomicInteger();
  private final List<CuttingDataSource> sources = new ArrayList<>();
  private volatile boolean done;

  @BeforeEach
  void count() {
    histories = Integer.getInteger("secretvault.histories", mode == Mode.READ_COMMITTED ? 200 : 50);
  }

  @Test
  void withFaults_historiesAreLinearizable(@TempDir Path parent) throws Exception {
    System.out.println(
        histories + " histories on PostgreSQL, " + mode + ": -Dsecretvault.histories.seed=" + SEED);
    Map<String, Integer> answers = new TreeMap<>();
    long unknown = 0;
    List<HikariDataSource> pools = new ArrayList<>();
    try (MortalServer server = MortalServer.start(parent.resolve("server"))) {
      for (int node = 0; node < NODES; node++) {
        sources.add(
            new CuttingDataSource(
                server.dataSource().getUrl(), new Random(SEED + node), ONE_CUT_IN));
        pools.add(pool(sources.get(node)));
      }
      JdbcOptions options = mode.of(JdbcOptions.defaults().timeouts(PATIENCE, PATIENCE));
      List<SecretStore> stores = new ArrayList<>();
      for (HikariDataSource pool : pools) {
        stores.add(JdbcSecretStore.open(pool, options));
      }
      Thread faults = new Thread(() -> makeFaults(server, new Random(SEED)));
      try (HistoryRecorder recorder = new HistoryRecorder(stores)) {
        pools.forEach(pool -> pool.getHikariConfigMXBean().setConnectionTimeout(1_000));
        sources.forEach(CuttingDataSource::begin);
        faults.start();
        int hit = 0;
        for (int number = 0; hit < histories; number++) {
          assertThat(number)
              .as("histories, of which %s met a fault", hit)
              .isLessThan(3 * histories);
          begun.set(number);
          int before = faults();
          List<Call> seen =
              recorder.record("history-" + number, SEED + 100L * number, CLIENTS, CALLS);
          hit += faults() > before ? 1 : 0;
          assertThat(Linearizability.unexplained(seen)).as("seed %s, %s", SEED, number).isEmpty();
          seen.forEach(call -> answers.merge(word(call), 1, Integer::sum));
          unknown += seen.stream().filter(call -> call.answer() == null).count();
        }
      } finally {
        done = true;
        faults.join();
        pools.forEach(HikariDataSource::close);
      }
    }
    System.out.printf(
        "%d of %d histories met a fault: %d crashes, %d connections terminated, %d cut after a"
            + " commit; %d calls of unknown outcome; %s%n",
        histories, begun.get() + 1, crashes.get(), terminated.get(), cuts(), unknown, answers);
    assertThat(crashes).hasValueGreaterThanOrEqualTo(histories / HISTORIES_PER_CRASH);
    assertThat(terminated).hasPositiveValue();
    assertThat(cuts()).isPositive();
    assertThat(answers.get("Reveal: String")).as("reveals").isGreaterThan(histories / 2);
    assertThat(answers.values().stream().mapToInt(Integer::intValue).sum())
        .as("calls that were answered, or may have done something")
        .isGreaterThan(histories * CLIENTS * CALLS / 2);
  }

  private int faults() {
    return crashes.get() + terminated.get() + cuts();
  }

  private int cuts() {
    return sources.stream().mapToInt(CuttingDataSource::cuts).sum();
  }

  private static String word(Call call) {
    Object answer = call.answer();
    String kind =
        answer == null
            ? "unknown"
            : (answer instanceof Class<?> refusal ? refusal : answer.getClass()).getSimpleName();
    return call.question().getClass().getSimpleName() + ": " + kind;
  }

  private HikariDataSource pool(CuttingDataSource source) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(source);
    config.setTransactionIsolation(mode.isolation());
    config.setMaximumPoolSize(4);
    return new HikariDataSource(config);
  }

  private void makeFaults(MortalServer server, Random random) {
    while (!done) {
      LockSupport.parkNanos(random.nextLong(LONGEST_PEACE));
      int before = crashes.get();
      if (begun.get() >= before * HISTORIES_PER_CRASH + HISTORIES_PER_CRASH / 2) {
        crashes.incrementAndGet();
        // Every other time for longer than a call waits for it.
        server.crashAndRecover(before % 2 == 0 ? PATIENCE.multipliedBy(2) : Duration.ZERO);
      } else {
        try {
          terminated.addAndGet(server.terminateAny() ? 1 : 0);
        } catch (SQLException refused) {
          // Then there are faults enough.
        }
      }
    }
  }
}
