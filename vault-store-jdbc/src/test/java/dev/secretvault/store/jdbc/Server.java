package dev.secretvault.store.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;

/**
 * A PostgreSQL server for the tests of this JVM, set up as a durable one; but its files are in
 * memory where there is a place for that, so that nobody waits for a disk. What crashes leave is
 * tested elsewhere, on disk.
 */
public final class Server {

  private static final Path MEMORY = Path.of("/dev/shm");

  private static final AtomicInteger SCHEMAS = new AtomicInteger();
  private static final EmbeddedPostgres POSTGRES = start();
  private static final Map<String, HikariDataSource> POOLS = new ConcurrentHashMap<>();

  private Server() {}

  private static EmbeddedPostgres start() {
    try {
      EmbeddedPostgres.Builder builder =
          EmbeddedPostgres.builder()
              .setServerConfig("fsync", "on")
              .setServerConfig("full_page_writes", "on")
              .setServerConfig("synchronous_commit", "on")
              .setServerConfig("max_wal_size", "128MB")
              .setServerConfig("max_connections", "200");
      if (Files.isWritable(MEMORY)) {
        builder.setDataDirectory(Files.createTempDirectory(MEMORY, "secretvault-test"));
      }
      return builder.start();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** A schema of its own. */
  static String newSchema() {
    String name = "test_" + SCHEMAS.incrementAndGet();
    execute("CREATE SCHEMA " + name);
    return name;
  }

  /** What leads to a schema of its own. */
  public static String urlOfNewSchema() {
    return POSTGRES.getJdbcUrl("postgres", "postgres") + "&currentSchema=" + newSchema();
  }

  static DataSource superuser() {
    return POSTGRES.getPostgresDatabase();
  }

  static void execute(String sql) {
    try (Connection connection = superuser().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException failed) {
      throw new IllegalStateException(failed);
    }
  }

  /** The first column of all rows. */
  static List<String> query(String sql) {
    try (Connection connection = superuser().getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> column = new ArrayList<>();
      while (rows.next()) {
        column.add(rows.getString(1));
      }
      return column;
    } catch (SQLException failed) {
      throw new IllegalStateException(failed);
    }
  }

  /** The one pool of this isolation. */
  static HikariDataSource pool(String isolation) {
    return POOLS.computeIfAbsent(
        isolation,
        level -> {
          HikariConfig config = new HikariConfig();
          config.setDataSource(superuser());
          config.setTransactionIsolation(level);
          config.setMaximumPoolSize(20);
          return new HikariDataSource(config);
        });
  }

  /** Of so few connections, at READ COMMITTED; the caller's to close. */
  static HikariDataSource smallPool(int size) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(superuser());
    config.setMaximumPoolSize(size);
    return new HikariDataSource(config);
  }

  /** As another user. */
  static HikariDataSource pool(String user, String password) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(POSTGRES.getDatabase(user, "postgres"));
    config.setUsername(user);
    config.setPassword(password);
    config.setMaximumPoolSize(4);
    return new HikariDataSource(config);
  }

  /** Waits until so many connections wait for a lock on a table of the store. */
  static void awaitWaiting(JdbcOptions options, int count) {
    String waiting =
        "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%"
            + options.schema
            + ".%'";
    while (query(waiting).size() < count) {
      Thread.onSpinWait();
    }
  }
}
