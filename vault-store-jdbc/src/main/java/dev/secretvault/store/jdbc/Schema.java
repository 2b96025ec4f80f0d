package dev.secretvault.store.jdbc;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoreFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.Objects;

/** The numbered scripts that make the tables, and which of them were run on a database. */
final class Schema {

  /** How many scripts there are. */
  private static final int NEWEST = 1;

  private static final String VERSIONS =
      "CREATE TABLE IF NOT EXISTS {version} (version integer PRIMARY KEY, checksum text NOT NULL,"
          + " portable boolean NOT NULL, at timestamptz NOT NULL DEFAULT now())";

  private final Tables tables;
  private final Sessions sessions;
  private final JdbcOptions options;

  Schema(Tables tables, Sessions sessions, JdbcOptions options) {
    this.tables = tables;
    this.sessions = sessions;
    this.options = options;
  }

  /** All that makes the tables, as text. */
  static String text(Tables tables, boolean portable) {
    StringBuilder text = new StringBuilder(tables.named(VERSIONS)).append(";\n\n");
    for (int number = 1; number <= NEWEST; number++) {
      text.append(tables.named(script(number)))
          .append(tables.named("\nINSERT INTO {version} (version, checksum, portable) VALUES ("))
          .append(number)
          .append(", '")
          .append(checksum(number))
          .append("', ")
          .append(portable)
          .append(");\n");
    }
    return text.toString();
  }

  /** The schema in which a connection looks and creates; empty for none. */
  static String firstFound(Connection connection) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement("SELECT coalesce(quote_ident(current_schema()), '')");
        ResultSet row = select.executeQuery()) {
      row.next();
      return row.getString(1);
    }
  }

  /** Brings the tables up to date, or finds them so. */
  void prepare() throws SQLException {
    int version = Sessions.again(() -> sessions.use(this::version));
    if (version == NEWEST) {
      return;
    }
    if (!options.createTables) {
      throw new StoreException(
          "the tables are of version " + version + ", but " + NEWEST + " is needed: run the script",
          Outcome.NOT_WRITTEN,
          false,
          null);
    }
    Patience patience = new Patience(options.statementTimeout);
    while (true) {
      try {
        // At a higher level, what is read after the wait for the lock is from before it.
        sessions.transact(options.portable ? "SERIALIZABLE" : "READ COMMITTED", this::upgrade);
        return;
      } catch (SQLException lostRace) {
        // Another node may have created the same meanwhile, which shows in many ways.
        if (!isRace(lostRace) || !patience.pause()) {
          throw lostRace;
        }
      }
    }
  }

  private static boolean isRace(SQLException failed) {
    return SqlStates.isLostRace(failed) || String.valueOf(failed.getSQLState()).startsWith("42P0");
  }

  private boolean upgrade(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      if (!options.portable) {
        try (PreparedStatement lock =
            connection.prepareStatement("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))")) {
          lock.setString(1, tables.named("{version}"));
          lock.execute();
        }
      }
      statement.execute(tables.named(VERSIONS));
      for (int number = version(connection) + 1; number <= NEWEST; number++) {
        statement.execute(tables.named(script(number)));
        try (PreparedStatement note =
            connection.prepareStatement(
                tables.named(
                    "INSERT INTO {version} (version, checksum, portable) VALUES (?, ?, ?)"))) {
          note.setInt(1, number);
          note.setString(2, checksum(number));
          note.setBoolean(3, options.portable);
          note.executeUpdate();
        }
      }
    }
    return true;
  }

  /** The number of the last script that was run, 0 for none; checks all that were. */
  private int version(Connection connection) throws SQLException {
    int version = 0;
    try (PreparedStatement select =
            connection.prepareStatement(
                tables.named(
                    "SELECT version, checksum, portable FROM {version} ORDER BY version"));
        ResultSet rows = select.executeQuery()) {
      while (rows.next()) {
        version++;
        if (rows.getInt(1) > NEWEST) {
          throw new StoreFormatException(
              "the tables are of version " + rows.getInt(1) + ", this release knows " + NEWEST);
        }
        if (rows.getInt(1) != version || !rows.getString(2).equals(checksum(version))) {
          throw new StoreCorruptException(
              "script " + version + " was not run on the tables as it is", null);
        }
        if (rows.getBoolean(3) != options.portable) {
          // Each way to commit heeds locks that the other one does not take.
          throw new StoreException(
              "the tables are for stores that are " + (options.portable ? "not " : "") + "portable",
              Outcome.NOT_WRITTEN,
              false,
              null);
        }
      }
    } catch (SQLException failed) {
      if (SqlStates.isMissingTable(failed)) {
        return 0;
      }
      throw failed;
    }
    return version;
  }

  private static String script(int number) {
    try (InputStream in = Schema.class.getResourceAsStream(number + ".sql")) {
      return new String(Objects.requireNonNull(in, "script").readAllBytes(), UTF_8);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static String checksum(int number) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(script(number).getBytes(UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new AssertionError(everyJdkHasIt);
    }
  }
}
