package dev.secretvault.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Watching goes on when its connection is lost, and says so when it cannot tell. */
@Timeout(60)
class WatchTest {

  private static final RecordKey KEY = new RecordKey("key");

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
              + " AND query LIKE '%AS known (stream, step)%"
              + options.schema
              + ".%'";
      while (Server.query(watching).isEmpty()) {
        Thread.onSpinWait();
      }
      heard.awaitMissed(1);
      // Not by way of what is missed, but by name: so there is a connection again.
      there.commit(put(0));
      heard.awaitChanged(KEY);
    }
  }

  @Test
  void look_stepsThatWereKept_areNamed() throws Exception {
    Heard heard = behind(200);
    assertThat(heard.changedSoFar()).containsExactly(KEY);
    assertThat(heard.missedSoFar()).isZero();
  }

  @Test
  void look_stepsThatAreGone_areMissed() throws Exception {
    assertThat(behind(400).missedSoFar()).isEqualTo(1);
  }

  @Test
  void look_moreStepsThanAreNamed_areMissed() throws Exception {
    JdbcOptions options = Mode.READ_COMMITTED.newOptions();
    try (JdbcSecretStore store = JdbcSecretStore.open(Mode.READ_COMMITTED.pool(), options)) {
      Sessions sessions = new Sessions(Mode.READ_COMMITTED.pool(), options.statementTimeout);
      Announcer announcer = new Announcer(sessions, new Tables(options));
      Heard heard = new Heard();
      announcer.add(heard);
      Server.execute(
          "INSERT INTO %s.secretvault_log (stream, step, keys) SELECT 1, n, ARRAY['a', 'b']"
                  .formatted(options.schema)
              + " FROM generate_series(1, 10001) AS n");
      sessions.use(announcer::look);
      assertThat(heard.missedSoFar()).isEqualTo(1);
      assertThat(heard.changedSoFar()).isEmpty();
      store.commit(put(0));
      sessions.use(announcer::look);
      assertThat(heard.changedSoFar()).containsExactly(KEY);
      // Of what was forgotten, the next step is told as if the others had been missed.
      Server.execute("DELETE FROM " + options.schema + ".secretvault_log WHERE stream = 1");
      sessions.use(
          connection -> {
            announcer.tidy(connection);
            return true;
          });
      Server.execute(
          "INSERT INTO %s.secretvault_log (stream, step, keys) VALUES (1, 10002, ARRAY['c'])"
              .formatted(options.schema));
      sessions.use(announcer::look);
      assertThat(heard.missedSoFar()).isEqualTo(2);
    }
  }

  /** What somebody hears that looks once, after so many commits of one stream. */
  private static Heard behind(int commits) throws Exception {
    JdbcOptions options = Mode.READ_COMMITTED.newOptions();
    try (JdbcSecretStore store = JdbcSecretStore.open(Mode.READ_COMMITTED.pool(), options)) {
      store.commit(put(0));
      Sessions sessions = new Sessions(Mode.READ_COMMITTED.pool(), options.statementTimeout);
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
