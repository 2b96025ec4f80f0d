package dev.secretvault.store.jdbc;

import dev.secretvault.store.Change;
import dev.secretvault.store.jdbc.Batch.Held;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Commits by simple statements in one transaction, which has to be serializable: what was read is
 * so at the moment of the commit.
 */
final class TransactionWriter implements Writer {

  private final Sessions sessions;
  private final Tables tables;

  TransactionWriter(Sessions sessions, Tables tables) {
    this.sessions = sessions;
    this.tables = tables;
  }

  @Override
  public Map<String, Held> write(Batch batch, Supplier<Position> position) throws SQLException {
    return sessions.transact(
        "SERIALIZABLE",
        connection -> {
          Map<String, Held> stored = new HashMap<>();
          look(connection, tables.look, batch.byKey(Change.Require.class::isInstance), stored);
          // Locked in the order of their keys, so that no two commits wait for each other.
          look(
              connection,
              tables.lock,
              batch.byKey(change -> !(change instanceof Change.Require)),
              stored);
          if (batch.conflict(stored) == null) {
            write(connection, batch, stored, position.get());
          }
          return stored;
        });
  }

  private void look(
      Connection connection, String sql, List<Change> changes, Map<String, Held> stored)
      throws SQLException {
    if (changes.isEmpty()) {
      return;
    }
    try (PreparedStatement look = sessions.prepare(connection, sql)) {
      look.setArray(1, connection.createArrayOf("text", Batch.keys(changes)));
      try (ResultSet rows = look.executeQuery()) {
        stored.putAll(StatementWriter.held(rows));
      }
    }
  }

  private void write(
      Connection connection, Batch batch, Map<String, Held> stored, Position position)
      throws SQLException {
    List<Change> puts = batch.byKey(Change.Put.class::isInstance);
    put(
        connection,
        tables.create,
        position,
        puts.stream().filter(put -> !stored.containsKey(put.key().text())).toList());
    put(
        connection,
        tables.replace,
        position,
        puts.stream().filter(put -> stored.containsKey(put.key().text())).toList());
    List<Change> deletions = batch.byKey(Change.Delete.class::isInstance);
    if (!deletions.isEmpty()) {
      try (PreparedStatement delete = sessions.prepare(connection, tables.delete)) {
        delete.setLong(1, position.stream());
        delete.setLong(2, position.step());
        delete.setArray(3, connection.createArrayOf("text", Batch.keys(deletions)));
        delete.executeUpdate();
      }
    }
    try (PreparedStatement log = sessions.prepare(connection, tables.log)) {
      log.setLong(1, position.stream());
      log.setLong(2, position.step());
      log.setArray(
          3,
          connection.createArrayOf("text", batch.written.stream().map(Object::toString).toArray()));
      log.setArray(4, connection.createArrayOf("text", Batch.keys(deletions)));
      log.executeUpdate();
    }
  }

  private void put(Connection connection, String sql, Position position, List<Change> puts)
      throws SQLException {
    if (puts.isEmpty()) {
      return;
    }
    try (PreparedStatement put = sessions.prepare(connection, sql)) {
      put.setLong(1, position.stream());
      put.setLong(2, position.step());
      put.setArray(3, connection.createArrayOf("text", Batch.keys(puts)));
      put.setArray(4, connection.createArrayOf("bytea", Batch.values(puts)));
      put.setArray(5, connection.createArrayOf("bigint", Batch.expiries(puts)));
      put.setArray(6, connection.createArrayOf("bigint", Batch.revisions(puts)));
      put.executeUpdate();
    }
  }
}
