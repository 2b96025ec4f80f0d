package dev.secretvault.store.jdbc;

import dev.secretvault.store.Change;
import dev.secretvault.store.jdbc.Batch.Held;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Commits by one statement, see {@link Tables#commit}: right at any level of isolation. */
final class StatementWriter implements Writer {

  private static final int SECONDS_TO_ANSWER = 5;

  private final Sessions sessions;
  private final Tables tables;
  private final String lockTimeout;

  StatementWriter(Sessions sessions, Tables tables, Duration lockTimeout) {
    this.sessions = sessions;
    this.tables = tables;
    this.lockTimeout = Long.toString(lockTimeout.toMillis());
  }

  @Override
  public Map<String, Held> write(Batch batch, Supplier<Position> position) throws SQLException {
    return sessions.use(connection -> write(connection, batch, position.get()));
  }

  private Map<String, Held> write(Connection connection, Batch batch, Position position)
      throws SQLException {
    try (PreparedStatement commit = prepare(connection, batch, position)) {
      try (ResultSet rows = commit.executeQuery()) {
        Map<String, Held> held = held(rows);
        SqlStates.requireNoWarning(commit.getWarnings());
        return held;
      } catch (SQLException failed) {
        if (SqlStates.isExhausted(failed) && connection.isValid(SECONDS_TO_ANSWER)) {
          // A server that lacks room for its log while it commits ends, and may have done it.
          throw new Sessions.UncommittedException(failed, true);
        }
        throw failed;
      }
    }
  }

  private PreparedStatement prepare(Connection connection, Batch batch, Position position)
      throws SQLException {
    List<Change> changes = batch.byKey();
    try {
      PreparedStatement commit = sessions.prepare(connection, tables.commit);
      commit.setString(1, lockTimeout);
      commit.setArray(2, connection.createArrayOf("text", Batch.keys(changes)));
      commit.setArray(3, connection.createArrayOf("bigint", Batch.expected(changes)));
      commit.setArray(4, connection.createArrayOf("text", Batch.kinds(changes)));
      commit.setArray(5, connection.createArrayOf("bytea", Batch.values(changes)));
      commit.setArray(6, connection.createArrayOf("bigint", Batch.expiries(changes)));
      commit.setArray(7, connection.createArrayOf("bigint", Batch.revisions(changes)));
      for (int first = 8; first <= 12; first += 2) {
        commit.setLong(first, position.stream());
        commit.setLong(first + 1, position.step());
      }
      return commit;
    } catch (SQLException failed) {
      throw new Sessions.UncommittedException(failed, true);
    }
  }

  static Map<String, Held> held(ResultSet rows) throws SQLException {
    Map<String, Held> held = new HashMap<>();
    while (rows.next()) {
      Position writer = new Position(rows.getLong(3), rows.getLong(4));
      held.put(rows.getString(1), new Held(rows.getLong(2), writer));
    }
    return held;
  }
}
