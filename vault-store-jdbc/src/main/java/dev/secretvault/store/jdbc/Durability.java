package dev.secretvault.store.jdbc;

import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Whether a server keeps what it has committed. */
final class Durability {

  private Durability() {}

  /** Refuses a server that loses commits with the power, and warns of one that may. */
  static boolean check(Connection connection) throws SQLException {
    if (!isOn(connection, "fsync")) {
      throw new StoreException(
          "the database runs with fsync off: what it commits is lost when the power is",
          Outcome.NOT_WRITTEN,
          false,
          null);
    }
    if (!isOn(connection, "full_page_writes")) {
      System.getLogger(JdbcSecretStore.class.getName())
          .log(
              System.Logger.Level.WARNING,
              "the database runs with full_page_writes off: unless its disk never writes half a"
                  + " page, it is damaged when the power is lost");
    }
    return true;
  }

  private static boolean isOn(Connection connection, String setting) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW " + setting)) {
      row.next();
      return row.getString(1).equals("on");
    }
  }
}
