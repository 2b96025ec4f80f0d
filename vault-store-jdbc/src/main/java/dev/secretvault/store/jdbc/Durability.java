package dev.secretvault.store.jdbc;

import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;

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
      log(
          Level.WARNING,
          "the database runs with full_page_writes off: unless its disk never writes half a page,"
              + " it is damaged when the power is lost");
    }
    String waits = setting(connection, "synchronous_commit");
    if (waits.equals("off")) {
      log(Level.INFO, "synchronous_commit is off: it is turned on for the commits of this store");
    } else if (Set.of("local", "remote_write").contains(waits)
        && !setting(connection, "synchronous_standby_names").isEmpty()) {
      log(
          Level.WARNING,
          "the database runs with synchronous_commit "
              + waits
              + ": what its standby does not have on its disk is lost when that takes over");
    }
    return true;
  }

  private static void log(Level level, String message) {
    System.getLogger(JdbcSecretStore.class.getName()).log(level, message);
  }

  private static boolean isOn(Connection connection, String name) throws SQLException {
    return setting(connection, name).equals("on");
  }

  private static String setting(Connection connection, String name) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery("SHOW " + name)) {
      row.next();
      return row.getString(1);
    }
  }
}
