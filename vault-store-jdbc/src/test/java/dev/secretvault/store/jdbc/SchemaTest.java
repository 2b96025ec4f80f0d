package dev.secretvault.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.zaxxer.hikari.HikariDataSource;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreFormatException;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who makes the tables, under which names, and on what terms a database is accepted. */
class SchemaTest {

  private static final RecordKey KEY = new RecordKey("key");
  private static final List<Change> CREATE = List.of(Change.put(KEY, 0, new byte[1]));

  private final JdbcOptions options = JdbcOptions.defaults().schema(Server.newSchema());

  private static JdbcSecretStore open(JdbcOptions options) {
    return JdbcSecretStore.open(Mode.READ_COMMITTED.pool(), options);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void open_manyNodesAtOnce_makeTheTablesTogether(Mode mode) throws Exception {
    JdbcOptions shared = mode.newOptions();
    CountDownLatch start = new CountDownLatch(1);
    List<FutureTask<JdbcSecretStore>> nodes = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      FutureTask<JdbcSecretStore> node =
          new FutureTask<>(
              () -> {
                start.await();
                return JdbcSecretStore.open(mode.pool(), shared);
              });
      new Thread(node).start();
      nodes.add(node);
    }
    start.countDown();
    nodes.get(0).get().commit(CREATE);
    for (FutureTask<JdbcSecretStore> node : nodes) {
      assertThat(node.get().read(KEY)).isPresent();
      node.get().close();
    }
    assertThat(Server.query("SELECT count(*) FROM " + shared.schema + ".secretvault_version"))
        .containsExactly("1");
  }

  @Test
  void open_tablesMadeByTheScript_needsNoRightToMakeThem() {
    Server.execute(JdbcSecretStore.script(options));
    String schema = options.schema;
    Server.execute("CREATE ROLE " + schema + " LOGIN PASSWORD 'test'");
    Server.execute("GRANT USAGE ON SCHEMA " + schema + " TO " + schema);
    for (String grant :
        List.of(
            "SELECT, INSERT, UPDATE, DELETE ON %s.secretvault_record",
            "SELECT, INSERT, UPDATE, DELETE ON %s.secretvault_log",
            "SELECT ON %s.secretvault_version")) {
      Server.execute("GRANT " + grant.formatted(schema) + " TO " + schema);
    }
    try (HikariDataSource pool = Server.pool(schema, "test");
        JdbcSecretStore store = JdbcSecretStore.open(pool, options.existingTables())) {
      store.watch(new NoListener()).close();
      store.commit(CREATE);
      store.commit(List.of(Change.put(KEY, 1, new byte[2])));
      store.commit(List.of(Change.delete(KEY, 2)));
      assertThat(store.scan(null, 10)).isEmpty();
    }
  }

  @Test
  void open_tablesMissingAndNotToBeMade_isRefused() {
    StoreException refused =
        catchThrowableOfType(StoreException.class, () -> open(options.existingTables()));
    assertThat(refused).hasMessageContaining("version 0");
    assertThat(refused.retryable()).isFalse();
  }

  @Test
  void open_anotherScriptWasRun_isRefused() {
    open(options).close();
    Server.execute("UPDATE " + options.schema + ".secretvault_version SET checksum = 'other'");
    assertThatThrownBy(() -> open(options)).isInstanceOf(StoreCorruptException.class);
  }

  @Test
  void open_tablesOfANewerRelease_isRefused() {
    open(options).close();
    Server.execute(
        "INSERT INTO "
            + options.schema
            + ".secretvault_version VALUES (2, 'of the future', false)");
    assertThatThrownBy(() -> open(options)).isInstanceOf(StoreFormatException.class);
  }

  @Test
  void open_tablesOfTheOtherMode_isRefused() {
    open(options).close();
    StoreException refused =
        catchThrowableOfType(StoreException.class, () -> open(options.portable()));
    assertThat(refused).hasMessageContaining("not portable");
    assertThat(refused.retryable()).isFalse();
    JdbcOptions portable = options.tablePrefix("portable_").portable();
    Server.execute(JdbcSecretStore.script(portable));
    open(portable).close();
    assertThatThrownBy(() -> open(options.tablePrefix("portable_")))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("are portable");
  }

  @Test
  void open_otherPrefix_isAnotherStore() {
    try (JdbcSecretStore store = open(options);
        JdbcSecretStore other = open(options.tablePrefix("x"))) {
      store.commit(CREATE);
      assertThat(other.read(KEY)).isEmpty();
      other.commit(CREATE);
      assertThat(Server.query("SELECT key FROM " + options.schema + ".xrecord"))
          .containsExactly("key");
    }
  }

  /** As where each customer of an application has a schema, and connections change between them. */
  @Test
  void anyCall_connectionFindsAnotherSchemaFirst_staysWithItsTables() {
    AtomicReference<String> first = new AtomicReference<>(Server.newSchema());
    DataSource source =
        Sources.of(
            () -> {
              Connection connection = Server.superuser().getConnection();
              connection.setSchema(first.get());
              return connection;
            });
    try (JdbcSecretStore store = JdbcSecretStore.open(source)) {
      store.commit(CREATE);
      String other = Server.newSchema();
      first.set(other);
      JdbcSecretStore.open(source).close();
      assertThat(store.read(KEY)).isPresent();
      store.commit(List.of(Change.put(KEY, 1, new byte[1])));
      assertThat(Server.query("SELECT key FROM " + other + ".secretvault_record")).isEmpty();
    }
  }

  @Test
  void open_longestNames_work() {
    String longest = "n".repeat(40);
    Server.execute("CREATE SCHEMA " + longest);
    try (JdbcSecretStore store = open(options.schema(longest).tablePrefix(longest))) {
      store.watch(new NoListener());
      store.commit(CREATE);
      assertThat(store.read(KEY)).isPresent();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "A", "1a", "a-b", "a.b", "a\"b", "a b", "a;b", "ä"})
  void options_nameThatIsNoIdentifier_throws(String name) {
    assertThatIllegalArgumentException().isThrownBy(() -> options.schema(name));
    assertThatIllegalArgumentException().isThrownBy(() -> options.tablePrefix(name));
    assertThatIllegalArgumentException().isThrownBy(() -> options.schema("n".repeat(41)));
  }

  @Test
  void options_timeoutOutOfRange_throws() {
    Duration second = Duration.ofSeconds(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.timeouts(second.minusNanos(1), second));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> options.timeouts(second, Duration.ofHours(1).plusNanos(1)));
  }

  @Test
  void open_fsyncOff_isRefused() throws Exception {
    // What this server is started with unless told otherwise.
    try (EmbeddedPostgres careless = EmbeddedPostgres.start()) {
      assertThatThrownBy(() -> JdbcSecretStore.open(careless.getPostgresDatabase()))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("fsync");
    }
  }

  /** What the store has to say while it is opened. */
  private static List<LogRecord> logged(DataSource source, JdbcOptions options) {
    List<LogRecord> all = new ArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord said) {
            all.add(said);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(JdbcSecretStore.class.getName());
    logger.addHandler(handler);
    try {
      JdbcSecretStore.open(source, options).close();
    } finally {
      logger.removeHandler(handler);
    }
    return all;
  }

  @Test
  void open_commitsWaitForNoStandbyThoughThereIsOne_isWarnedOf() throws Exception {
    try (EmbeddedPostgres server =
        EmbeddedPostgres.builder()
            .setServerConfig("fsync", "on")
            .setServerConfig("full_page_writes", "off")
            .setServerConfig("synchronous_commit", "local")
            .setServerConfig("synchronous_standby_names", "'*'")
            .start()) {
      assertThat(logged(server.getPostgresDatabase(), JdbcOptions.defaults()))
          .allSatisfy(said -> assertThat(said.getLevel()).isEqualTo(Level.WARNING))
          .extracting(LogRecord::getMessage)
          .satisfiesExactly(
              said -> assertThat(said).contains("full_page_writes off"),
              said -> assertThat(said).contains("synchronous_commit local"));
    }
    try (Connection alone = Server.superuser().getConnection()) {
      alone.createStatement().execute("SET synchronous_commit = local");
      assertThat(logged(new OneConnection(alone), options)).isEmpty();
    }
  }

  /** A commit that is not forced takes no part of this: the setting is the connection's own. */
  @Test
  void commit_synchronousCommitOff_isForcedAllTheSame() throws Exception {
    open(options).close();
    Server.execute(
        "CREATE FUNCTION %s.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                .formatted(options.schema)
            + " PERFORM set_config('test.seen', current_setting('synchronous_commit'), false);"
            + " RETURN NEW; END $$");
    Server.execute(
        "CREATE TRIGGER note AFTER INSERT OR UPDATE ON %1$s.secretvault_log FOR EACH ROW EXECUTE FUNCTION %1$s.note()"
            .formatted(options.schema));
    try (Connection connection = Server.superuser().getConnection()) {
      connection.createStatement().execute("SET synchronous_commit = off");
      assertThat(logged(new OneConnection(connection), options))
          .extracting(LogRecord::getMessage)
          .singleElement()
          .asString()
          .contains("synchronous_commit is off");
      try (JdbcSecretStore store = JdbcSecretStore.open(new OneConnection(connection), options)) {
        store.commit(CREATE);
      }
      try (var row =
          connection
              .createStatement()
              .executeQuery(
                  "SELECT current_setting('test.seen'), current_setting('synchronous_commit')")) {
        row.next();
        assertThat(row.getString(1)).isEqualTo("on");
        assertThat(row.getString(2)).as("afterwards").isEqualTo("off");
      }
      // So is the question whether it has happened: the answer is not to be lost, either.
      connection.createStatement().execute("SELECT set_config('test.seen', 'nothing', false)");
      try (var fence = connection.prepareStatement(new Tables(options).fence)) {
        fence.setLong(1, 1);
        fence.setLong(2, 1);
        try (var row = fence.executeQuery()) {
          row.next();
          assertThat(row.getBoolean(1)).as("happened").isFalse();
        }
      }
      try (var row =
          connection.createStatement().executeQuery("SELECT current_setting('test.seen')")) {
        row.next();
        assertThat(row.getString(1)).isEqualTo("on");
      }
    }
  }

  @Test
  void commit_connectionInOtherModes_isGivenBackAsItWas() throws Exception {
    for (Mode mode : Mode.values()) {
      try (Connection connection = Server.superuser().getConnection()) {
        connection.setAutoCommit(false);
        connection.setReadOnly(true);
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        try (JdbcSecretStore store =
            JdbcSecretStore.open(new OneConnection(connection), mode.newOptions())) {
          store.commit(CREATE);
          assertThat(store.read(KEY)).isPresent();
        }
        assertThat(connection.getAutoCommit()).isFalse();
        assertThat(connection.isReadOnly()).isTrue();
        assertThat(connection.getTransactionIsolation())
            .isEqualTo(Connection.TRANSACTION_REPEATABLE_READ);
      }
    }
  }

  /** Deleted, or required to be absent: neither leaves a row for good. */
  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"READ_COMMITTED", "PORTABLE"})
  void commit_rowsOfAbsentRecords_goWithTheirLog(Mode mode) {
    JdbcOptions shared = mode.newOptions();
    RecordKey absent = new RecordKey("absent");
    RecordKey other = new RecordKey("other");
    String rows = "SELECT key FROM " + shared.schema + ".secretvault_record ORDER BY key";
    try (JdbcSecretStore store = JdbcSecretStore.open(mode.pool(), shared)) {
      store.commit(CREATE);
      store.commit(List.of(Change.delete(KEY, 1), Change.require(absent, 0)));
      store.commit(List.of(Change.put(other, 0, new byte[1])));
      assertThat(Server.query(rows)).contains("key", "other");
      assertThat(store.scan(null, 10)).hasSize(1);
      for (int i = 1; i < 320; i++) {
        store.commit(List.of(Change.put(other, i, new byte[1])));
      }
      assertThat(Server.query(rows)).containsExactly("other");
      store.commit(CREATE);
      store.commit(List.of(Change.delete(KEY, 1), Change.require(absent, 0)));
    }
    JdbcSecretStore.open(mode.pool(), shared).close();
    assertThat(Server.query(rows)).contains("key", "other");
    Server.execute("UPDATE " + shared.schema + ".secretvault_log SET at = at - interval '2 days'");
    JdbcSecretStore.open(mode.pool(), shared).close();
    assertThat(Server.query(rows)).containsExactly("other");
    assertThat(Server.query("SELECT step FROM " + shared.schema + ".secretvault_log")).isEmpty();
  }

  @Test
  void open_tidyingFails_opensAllTheSame() {
    open(options).close();
    String schema = options.schema;
    Server.execute(
        "CREATE FUNCTION %s.refuse() RETURNS trigger LANGUAGE plpgsql AS".formatted(schema)
            + " $$ BEGIN RAISE EXCEPTION 'on purpose'; END $$");
    Server.execute(
        "CREATE TRIGGER refuse BEFORE DELETE ON %1$s.secretvault_log FOR EACH ROW EXECUTE FUNCTION %1$s.refuse()"
            .formatted(schema));
    Server.execute(
        "INSERT INTO %s.secretvault_log (stream, step, at) VALUES (1, 1, now() - interval '2 days')"
            .formatted(schema));
    try (JdbcSecretStore store = open(options)) {
      store.commit(CREATE);
      assertThat(store.read(KEY)).isPresent();
    }
    Server.execute("DROP TRIGGER refuse ON %s.secretvault_log".formatted(schema));
    open(options).close();
    assertThat(Server.query("SELECT stream FROM " + schema + ".secretvault_log"))
        .hasSize(1)
        .doesNotContain("1");
  }
}
