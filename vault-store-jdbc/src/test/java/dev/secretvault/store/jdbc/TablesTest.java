package dev.secretvault.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the tables take, and what of the log stays in them. */
@Timeout(60)
class TablesTest {

  private static final RecordKey A = new RecordKey("a");
  private static final RecordKey B = new RecordKey("b");

  private static List<Change> putIfAbsent(long expected) {
    return List.of(Change.put(A, expected, new byte[1]), Change.require(B, 0));
  }

  private static List<String> streams(JdbcOptions options) {
    return Server.query("SELECT DISTINCT stream FROM " + options.schema + ".secretvault_log");
  }

  /** All that require that a record is absent race to say so, again and again. */
  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"READ_COMMITTED", "SERIALIZABLE"})
  void commit_rowOfAbsenceIsMadeMeanwhile_staysWithItsStream(Mode mode) throws Exception {
    JdbcOptions options = mode.newOptions();
    try (JdbcSecretStore store = JdbcSecretStore.open(mode.pool(), options);
        Connection other = Server.superuser().getConnection();
        Statement statement = other.createStatement()) {
      store.commit(List.of(Change.put(A, 0, new byte[1])));
      other.setAutoCommit(false);
      statement.execute(
          "INSERT INTO "
              + options.schema
              + ".secretvault_record (key, revision, stream, step) VALUES ('b', 0, 1, 1)");
      FutureTask<Boolean> commit = new FutureTask<>(() -> store.commit(putIfAbsent(1)), true);
      new Thread(commit).start();
      Server.awaitWaiting(options, 1);
      other.commit();
      assertThat(commit.get()).isTrue();
      assertThat(streams(options)).hasSize(1);
    }
  }

  /** Who stands on a step that was not told of has to ask the log, which costs as much again. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void commit_oneBeforeIsNotToldOf_takesAnotherStream(Mode mode) {
    JdbcOptions options = mode.newOptions();
    Tables tables = new Tables(options);
    Sessions sessions = new Sessions(mode.pool(), options.statementTimeout);
    JdbcSecretStore.open(mode.pool(), options).close();
    Writer writer =
        mode == Mode.PORTABLE
            ? new TransactionWriter(sessions, tables)
            : new StatementWriter(sessions, tables, options.lockTimeout);
    Commits commits = new Commits(sessions, tables, writer, options.statementTimeout);
    Commits.Done first = commits.commit(new Batch(List.of(Change.put(A, 0, new byte[1]))));
    Commits.Done second = commits.commit(new Batch(List.of(Change.put(A, 1, new byte[1]))));
    assertThat(second.position().stream()).isNotEqualTo(first.position().stream());
    commits.release(first);
    Commits.Done third = commits.commit(new Batch(List.of(Change.put(A, 2, new byte[1]))));
    assertThat(third.position()).isEqualTo(first.position().next());
  }

  /** Its steps are of use as long as it goes on: who watches may not have been told of any. */
  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"READ_COMMITTED", "PORTABLE"})
  void tidy_streamNotUsedForADay_goesWithAllItsSteps(Mode mode) throws Exception {
    JdbcOptions options = mode.newOptions();
    Tables tables = new Tables(options);
    Sessions sessions = new Sessions(mode.pool(), options.statementTimeout);
    JdbcSecretStore.open(mode.pool(), options).close();
    Server.execute(
        """
        INSERT INTO %1$s.secretvault_log (stream, step, keys, absent, at) VALUES
          (-1, 1, ARRAY['a'], ARRAY['gone'], now() - interval '30 hours'),
          (-1, 2, ARRAY['a'], null, now() - interval '25 hours'),
          (2, 1, ARRAY['b'], ARRAY['kept'], now() - interval '30 hours'),
          (2, 2, ARRAY['b'], null, now() - interval '23.5 hours'),
          (3, 1, ARRAY['c'], ARRAY['too'], now() - interval '30 hours'),
          (3, 2, ARRAY['c'], null, now());
        INSERT INTO %1$s.secretvault_record (key, revision, stream, step)
          VALUES ('gone', 0, -1, 1), ('kept', 0, 2, 1), ('too', 0, 3, 1);
        """
            .formatted(options.schema));
    sessions.use(new Announcer(sessions, tables)::tidy);
    assertThat(streams(options)).containsExactlyInAnyOrder("2", "3");
    assertThat(Server.query("SELECT step FROM " + options.schema + ".secretvault_log")).hasSize(4);
    assertThat(Server.query("SELECT key FROM " + options.schema + ".secretvault_record"))
        .containsExactlyInAnyOrder("kept", "too");
  }

  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"READ_COMMITTED", "PORTABLE"})
  void record_keyThatIsNone_isRefused(Mode mode) {
    JdbcOptions options = mode.newOptions();
    JdbcSecretStore.open(mode.pool(), options).close();
    String longest = "Az09._-".repeat(18) + "xy";
    insert(options, longest);
    insert(options, "-");
    for (String none : List.of(longest + "z", "", "a b", "a\n", "\na", "\u00e9", "a/b", "a:")) {
      assertThatThrownBy(() -> insert(options, none))
          .as(none)
          .hasStackTraceContaining("violates check constraint");
    }
    assertThat(Server.query("SELECT key FROM " + options.schema + ".secretvault_record"))
        .containsExactlyInAnyOrder(longest, "-");
  }

  private static void insert(JdbcOptions options, String key) {
    Server.execute(
        "INSERT INTO %s.secretvault_record (key, revision, value, stream, step) VALUES ('%s', 1, '', 1, 1)"
            .formatted(options.schema, key));
  }
}
