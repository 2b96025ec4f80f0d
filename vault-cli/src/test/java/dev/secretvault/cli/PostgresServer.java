package dev.secretvault.cli;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;

/** A PostgreSQL server for the tests of this JVM, as durable as a real one. */
final class PostgresServer {

  /** Has to give a password, unlike the server's owner. */
  static final String USER = "operator";

  static final String PASSWORD = "password-that-must-not-show";

  private static final AtomicInteger DATABASES = new AtomicInteger();
  private static final EmbeddedPostgres POSTGRES = start();

  private PostgresServer() {}

  private static EmbeddedPostgres start() {
    try {
      EmbeddedPostgres started =
          EmbeddedPostgres.builder()
              .setServerConfig("fsync", "on")
              .setServerConfig("full_page_writes", "on")
              .setServerConfig("synchronous_commit", "on")
              .start();
      try (Connection connection = started.getPostgresDatabase().getConnection();
          Statement statement = connection.createStatement()) {
        statement.execute("CREATE ROLE " + USER + " LOGIN PASSWORD '" + PASSWORD + "'");
        try (ResultSet row = statement.executeQuery("SHOW hba_file")) {
          row.next();
          Path rules = Path.of(row.getString(1));
          Files.writeString(
              rules, "host all " + USER + " all scram-sha-256\n" + Files.readString(rules));
        }
        statement.execute("SELECT pg_reload_conf()");
      }
      return started;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (SQLException failed) {
      throw new IllegalStateException(failed);
    }
  }

  /** The name of a database of its own, which belongs to {@link #USER}. */
  static String newDatabase() {
    String name = "test_" + DATABASES.incrementAndGet();
    execute("postgres", "CREATE DATABASE " + name + " OWNER " + USER);
    return name;
  }

  /** Executes a statement as the server's owner. */
  static void execute(String database, String sql) {
    try (Connection connection = POSTGRES.getDatabase("postgres", database).getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException failed) {
      throw new IllegalStateException(failed);
    }
  }

  /** Where a database is. */
  static String place(String database) {
    return "jdbc:postgresql://localhost:" + POSTGRES.getPort() + "/" + database;
  }

  /** The URL of a database with all that it takes to use it. */
  static String url(String database) {
    return place(database) + "?user=" + USER + "&password=" + PASSWORD;
  }
}
