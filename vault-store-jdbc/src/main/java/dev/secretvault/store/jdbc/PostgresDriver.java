package dev.secretvault.store.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;

/** What JDBC has no words for, and this driver has. Others work, too. */
final class PostgresDriver {

  private PostgresDriver() {}

  static boolean isThere() {
    try {
      Class.forName("org.postgresql.PGConnection", false, Sessions.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException otherDriver) {
      return false;
    }
  }

  static boolean isInTransaction(Connection connection) throws SQLException {
    return connection.isWrapperFor(BaseConnection.class)
        && connection.unwrap(BaseConnection.class).getTransactionState() != TransactionState.IDLE;
  }
}
