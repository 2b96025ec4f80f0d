package dev.secretvault.benchmarks;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.ForkJoinPool;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * One PostgreSQL server out of a jar, as durable as a real one, and one pool of connections to it,
 * for all that take turns. It runs as long as anybody uses it, with its files in the default
 * temporary directory.
 */
final class Postgres {

  private static final int THREADS = 32;

  /** For as many threads, and for each store one that watches. */
  private static final int CONNECTIONS = 48;

  private static @Nullable Postgres running;

  private final EmbeddedPostgres server;
  private final HikariDataSource pool;
  private final ForkJoinPool threads = new ForkJoinPool(THREADS);
  private int users;
  private int schemas;

  private Postgres() throws IOException {
    server =
        EmbeddedPostgres.builder()
            .setServerConfig("fsync", "on")
            .setServerConfig("full_page_writes", "on")
            .setServerConfig("synchronous_commit", "on")
            .start();
    HikariConfig config = new HikariConfig();
    config.setDataSource(server.getPostgresDatabase());
    config.setMaximumPoolSize(CONNECTIONS);
    pool = new HikariDataSource(config);
  }

  /** Starts it unless it runs; to be left. */
  static synchronized Postgres use() throws IOException {
    if (running == null) {
      running = new Postgres();
    }
    running.users++;
    return running;
  }

  void leave() throws IOException {
    synchronized (Postgres.class) {
      users--;
      if (users == 0) {
        running = null;
        threads.shutdown();
        pool.close();
        server.close();
      }
    }
  }

  DataSource pool() {
    return pool;
  }

  /** A schema of its own. */
  String newSchema() throws SQLException {
    String name;
    synchronized (this) {
      schemas++;
      name = "peer_" + schemas;
    }
    execute("CREATE SCHEMA " + name);
    return name;
  }

  void execute(String sql) throws SQLException {
    try (Connection connection = pool.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Does something for each of some numbers, many at a time. */
  void each(int from, int to, IntConsumer action) {
    threads.submit(() -> IntStream.range(from, to).parallel().forEach(action)).join();
  }
}
