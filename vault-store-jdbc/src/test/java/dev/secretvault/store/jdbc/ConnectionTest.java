package dev.secretvault.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections that are not what one hopes for. */
@Timeout(60)
class ConnectionTest {

  private static final RecordKey KEY = new RecordKey("key");

  private final DataSource pool = Mode.READ_COMMITTED.pool();
  private final JdbcOptions options = Mode.READ_COMMITTED.newOptions();

  private static List<Change> put(long expected) {
    return List.of(Change.put(KEY, expected, new byte[1]));
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Test
  void commit_serverIsGoneWithoutAWord_callsEnd() throws Exception {
    try (Wire wire = new Wire()) {
      HikariConfig config = new HikariConfig();
      config.setDataSource(wire.source());
      config.setConnectionTimeout(500);
      try (HikariDataSource far = new HikariDataSource(config);
          JdbcSecretStore store =
              JdbcSecretStore.open(
                  far, options.timeouts(Duration.ofSeconds(1), Duration.ofSeconds(1)))) {
        wire.cut();
        FutureTask<StoreException> failed =
            new FutureTask<>(
                () -> catchThrowableOfType(StoreException.class, () -> store.commit(put(0))));
        new Thread(failed).start();
        try {
          assertThat(failed.get().outcome()).isEqualTo(Outcome.UNKNOWN);
        } finally {
          wire.end();
        }
      }
    }
  }

  /** As after the loss of a machine, when another one is there already. */
  @Test
  void anyCall_connectionIsDead_isMadeOnAnother() throws Exception {
    try (Wire wire = new Wire()) {
      Queue<Connection> dead = new ConcurrentLinkedQueue<>();
      DataSource source =
          Sources.of(
              () -> {
                Connection first = dead.poll();
                return first == null ? pool.getConnection() : first;
              });
      try (JdbcSecretStore store =
          JdbcSecretStore.open(
              source, options.timeouts(Duration.ofSeconds(1), Duration.ofSeconds(1)))) {
        store.commit(put(0));
        dead.add(wire.source().getConnection());
        dead.add(wire.source().getConnection());
        wire.cut();
        FutureTask<Boolean> commit = new FutureTask<>(() -> store.commit(put(1)), true);
        FutureTask<Long> read = new FutureTask<>(() -> store.read(KEY).orElseThrow().revision());
        new Thread(commit).start();
        new Thread(read).start();
        assertThat(commit.get()).isTrue();
        assertThat(read.get()).isBetween(1L, 2L);
        assertThat(dead).isEmpty();
      }
    }
  }

  /** A pool that shares the caller's connection, as those do that know of transactions. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void anyCall_connectionIsInATransaction_leavesItToItsOwner(Mode mode) throws SQLException {
    JdbcOptions shared = mode.newOptions();
    JdbcSecretStore.open(mode.pool(), shared).close();
    String table = shared.schema + ".work";
    Server.execute("CREATE TABLE " + table + " (n integer)");
    try (Connection connection = Server.superuser().getConnection();
        JdbcSecretStore store = JdbcSecretStore.open(new OneConnection(connection), shared)) {
      connection.setAutoCommit(false);
      List<Consumer<JdbcSecretStore>> calls =
          List.of(
              one -> one.commit(put(0)), one -> one.read(KEY), one -> one.watch(new NoListener()));
      for (Consumer<JdbcSecretStore> call : calls) {
        execute(connection, "INSERT INTO " + table + " VALUES (1)");
        StoreException refused =
            catchThrowableOfType(StoreException.class, () -> call.accept(store));
        assertThat(refused).hasMessageContaining("in a transaction");
        assertThat(refused.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
        assertThat(refused.retryable()).isFalse();
        connection.rollback();
      }
      assertThat(Server.query("SELECT * FROM " + table)).isEmpty();
    }
  }

  /** Like triggers that talk, or a server that is asked to. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void commit_serverHasSomethingToSay_isDone(Mode mode) {
    JdbcOptions noisy = mode.newOptions().timeouts(Duration.ofSeconds(1), Duration.ofSeconds(1));
    try (JdbcSecretStore store = JdbcSecretStore.open(mode.pool(), noisy)) {
      Server.execute(
          "CREATE FUNCTION %1$s.talk() RETURNS trigger LANGUAGE plpgsql AS".formatted(noisy.schema)
              + " $$ BEGIN RAISE NOTICE 'good morning'; RETURN NEW; END $$");
      Server.execute(
          "CREATE TRIGGER talk AFTER INSERT OR UPDATE ON %1$s.secretvault_log FOR EACH ROW"
                  .formatted(noisy.schema)
              + " EXECUTE FUNCTION %s.talk()".formatted(noisy.schema));
      store.commit(put(0));
      assertThat(store.read(KEY)).isPresent();
    }
  }

  /** Whether there is a record or none, what such a server says of it may be of yesterday. */
  @Test
  void anyCall_serverOnlyReads_isNotBelieved() {
    AtomicBoolean standby = new AtomicBoolean();
    DataSource source =
        Sources.of(
            () -> {
              Connection connection = Server.superuser().getConnection();
              if (standby.get()) {
                execute(connection, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY");
              }
              return connection;
            });
    try (JdbcSecretStore store =
        JdbcSecretStore.open(
            source, options.timeouts(Duration.ofSeconds(1), Duration.ofSeconds(1)))) {
      standby.set(true);
      List<Consumer<JdbcSecretStore>> calls =
          List.of(
              one -> one.read(KEY),
              one -> one.scan(null, 1),
              one -> one.expired(Instant.MAX, 1),
              one -> one.commit(put(0)));
      for (Consumer<JdbcSecretStore> call : calls) {
        StoreException refused =
            catchThrowableOfType(StoreException.class, () -> call.accept(store));
        assertThat(refused).hasMessageContaining("25006");
        assertThat(refused.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
      }
    }
  }

  @Test
  void anyCall_poolKeepsConnectionsToAServerThatOnlyReads_getsOthers() throws SQLException {
    try (HikariDataSource own = Server.smallPool(1);
        JdbcSecretStore store = JdbcSecretStore.open(own, options)) {
      demote(own);
      store.commit(put(0));
      demote(own);
      assertThat(store.read(KEY)).isPresent();
      demote(own);
      assertThat(store.scan(null, 1)).hasSize(1);
    }
  }

  private static void demote(DataSource source) throws SQLException {
    try (Connection connection = source.getConnection()) {
      execute(connection, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY");
    }
  }

  /** The watcher, too: what it is told there is as old. */
  @Test
  void watch_serverOnlyReads_saysMissed() throws InterruptedException {
    DataSource source =
        Sources.of(
            () -> {
              Connection connection = pool.getConnection();
              if (Thread.currentThread().getName().equals("secretvault-store-jdbc")) {
                connection.close();
                connection = Server.superuser().getConnection();
                execute(connection, "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY");
              }
              return connection;
            });
    Heard heard = new Heard();
    try (JdbcSecretStore store = JdbcSecretStore.open(source, options)) {
      store.watch(heard);
      heard.awaitMissed(3);
    }
  }

  @Test
  void anyCall_dataSourceThrowsWhatItLikes_isAStoreException() {
    AtomicBoolean broken = new AtomicBoolean();
    DataSource source =
        Sources.of(
            () -> {
              if (broken.get()) {
                throw new IllegalArgumentException("on purpose");
              }
              return pool.getConnection();
            });
    try (JdbcSecretStore store = JdbcSecretStore.open(source, options)) {
      broken.set(true);
      assertThat(catchThrowableOfType(StoreException.class, () -> store.read(KEY))).isNotNull();
      StoreException failed =
          catchThrowableOfType(StoreException.class, () -> store.commit(put(0)));
      assertThat(failed.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
      assertThat(
              catchThrowableOfType(
                  StoreException.class, () -> JdbcSecretStore.open(source, options)))
          .isNotNull();
    }
  }

  @Test
  void anyCall_sameWouldBeRefusedAgain_isNotToBeTriedAgain() {
    AtomicReference<String> state = new AtomicReference<>();
    DataSource source =
        Sources.of(
            () -> {
              if (state.get() != null) {
                throw new SQLException("on purpose", state.get());
              }
              return pool.getConnection();
            });
    try (JdbcSecretStore store = JdbcSecretStore.open(source, options)) {
      for (String one : List.of("08001", "53300", "57P03", "28P01", "3D000", "3F000", "42501")) {
        state.set(one);
        StoreException failed =
            catchThrowableOfType(StoreException.class, () -> store.commit(put(0)));
        assertThat(failed).hasMessageContaining(one);
        assertThat(failed.retryable()).isEqualTo(one.matches("08.*|5.*"));
      }
    }
  }

  /** To give the connection back in its former mode would commit half of it. */
  @Test
  void commit_failsAndIsNotRolledBack_isNotThereByHalf() {
    AtomicBoolean broken = new AtomicBoolean();
    DataSource source =
        Sources.of(
            () -> broken.get() ? withoutEnd(pool.getConnection(), broken) : pool.getConnection());
    JdbcOptions portable = Mode.PORTABLE.newOptions();
    try (JdbcSecretStore store = JdbcSecretStore.open(source, portable)) {
      broken.set(true);
      store.commit(put(0));
      assertThat(broken).isFalse();
      assertThat(Server.query("SELECT step FROM " + portable.schema + ".secretvault_log"))
          .hasSize(1);
    }
  }

  /** A connection on which a transaction neither comes to its last statement nor is rolled back. */
  private static Connection withoutEnd(Connection connection, AtomicBoolean broken) {
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (self, method, arguments) -> {
              if (method.getName().equals("rollback")) {
                broken.set(false);
                throw new IllegalStateException("on purpose");
              }
              if (method.getName().equals("prepareStatement")
                  && arguments[0].toString().contains("_log (stream, step, keys")) {
                throw new SQLException("on purpose", "08006");
              }
              try {
                return method.invoke(connection, arguments);
              } catch (InvocationTargetException failed) {
                throw failed.getCause();
              }
            });
  }

  /** However that came about, the next step of the stream is not free. */
  @ParameterizedTest
  @EnumSource(Mode.class)
  void commit_itsPlaceInTheLogIsTaken_takesAnother(Mode mode) {
    JdbcOptions shared = mode.newOptions().timeouts(Duration.ofSeconds(1), Duration.ofSeconds(5));
    try (JdbcSecretStore store = JdbcSecretStore.open(mode.pool(), shared)) {
      store.commit(put(0));
      Server.execute(
          "INSERT INTO %1$s.secretvault_log (stream, step) SELECT stream, step + 1 FROM %1$s.secretvault_log"
              .formatted(shared.schema));
      store.commit(put(1));
      assertThat(store.read(KEY).orElseThrow().revision()).isEqualTo(2);
    }
  }
}
