package dev.secretvault.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreListener;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Watching goes on when its connection is lost, and says so when it cannot tell. */
@Timeout(60)
class WatchTest {

  private static final RecordKey KEY = new RecordKey("key");

  /** Remembers what it heard. */
  private static final class Heard implements StoreListener {
    private final Set<RecordKey> keys = new HashSet<>();
    private int missed;

    @Override
    public synchronized void changed(Set<RecordKey> changed) {
      keys.addAll(changed);
      notifyAll();
    }

    @Override
    public synchronized void missed() {
      missed++;
      notifyAll();
    }

    synchronized void awaitKey(RecordKey key) throws InterruptedException {
      while (!keys.contains(key)) {
        wait();
      }
    }

    synchronized void awaitMissed() throws InterruptedException {
      while (missed == 0) {
        wait();
      }
    }
  }

  private static List<Change> put(long expected) {
    return List.of(Change.put(KEY, expected, new byte[1]));
  }

  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"READ_COMMITTED", "PORTABLE"})
  void watch_connectionIsLost_saysSoAndHealsItself(Mode mode) throws Exception {
    JdbcOptions options = mode.newOptions();
    try (JdbcSecretStore here = JdbcSecretStore.open(mode.pool(), options);
        JdbcSecretStore there = JdbcSecretStore.open(mode.pool(), options)) {
      Heard heard = new Heard();
      here.watch(heard);
      String watching =
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
              + " AND query LIKE 'WITH RECURSIVE streams%"
              + options.schema
              + ".%'";
      while (Server.query(watching).isEmpty()) {
        Thread.onSpinWait();
      }
      heard.awaitMissed();
      // Not by way of what is missed, but by name: so there is a connection again.
      there.commit(put(0));
      heard.awaitKey(KEY);
    }
  }

  @Test
  void look_stepsThatWereKept_areNamed() throws Exception {
    Heard heard = behind(200);
    assertThat(heard.keys).containsExactly(KEY);
    assertThat(heard.missed).isZero();
  }

  @Test
  void look_stepsThatAreGone_areMissed() throws Exception {
    assertThat(behind(400).missed).isEqualTo(1);
  }

  /** What somebody hears that looks once, after so many commits of one stream. */
  private static Heard behind(int commits) throws Exception {
    JdbcOptions options = Mode.READ_COMMITTED.newOptions();
    try (JdbcSecretStore store = JdbcSecretStore.open(Mode.READ_COMMITTED.pool(), options)) {
      store.commit(put(0));
      Sessions sessions = new Sessions(Mode.READ_COMMITTED.pool(), false, options.statementTimeout);
      Announcer announcer = new Announcer(sessions, new Tables(options));
      Heard heard = new Heard();
      announcer.add(heard);
      for (int i = 1; i <= commits; i++) {
        store.commit(put(i));
      }
      sessions.use(announcer::look);
      return heard;
    }
  }

  @Test
  void commit_anyChanges_isOneStatementThatIsPlannedOnce() throws Exception {
    JdbcOptions options = Mode.READ_COMMITTED.newOptions();
    try (var connection = Server.superuser().getConnection()) {
      FaultySource source = new FaultySource(new OneConnection(connection));
      try (JdbcSecretStore store = JdbcSecretStore.open(source, options)) {
        for (int i = 0; i < 50; i++) {
          source.failAt(Integer.MAX_VALUE, FaultySource.When.BEFORE, false);
          RecordKey other = new RecordKey("other-" + i);
          store.commit(List.of(Change.put(KEY, i, new byte[1]), Change.put(other, 0, new byte[i])));
          assertThat(source.heal()).filteredOn(call -> call.startsWith("execute")).hasSize(1);
        }
      }
      try (var plans =
          connection
              .createStatement()
              .executeQuery(
                  "SELECT custom_plans, generic_plans FROM pg_prepared_statements"
                      + " WHERE statement LIKE 'WITH given%'")) {
        assertThat(plans.next()).isTrue();
        assertThat(plans.getInt(1)).as("plans for one execution").isLessThanOrEqualTo(5);
        assertThat(plans.getInt(2)).as("executions of the plan for all").isGreaterThan(30);
      }
    }
  }
}
