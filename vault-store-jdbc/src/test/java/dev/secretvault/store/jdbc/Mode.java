package dev.secretvault.store.jdbc;

import com.zaxxer.hikari.HikariDataSource;

/** The ways to use a database in which everything must hold. */
public enum Mode {
  READ_COMMITTED,
  SERIALIZABLE,
  /** As on another engine: no advisory lock, no NOTIFY, and no statement that is not simple. */
  PORTABLE;

  /** One for all tests. */
  public HikariDataSource pool() {
    return Server.pool(
        this == READ_COMMITTED ? "TRANSACTION_READ_COMMITTED" : "TRANSACTION_SERIALIZABLE");
  }

  /** For a schema of its own. */
  public JdbcOptions newOptions() {
    JdbcOptions options = JdbcOptions.defaults().schema(Server.newSchema());
    return this == PORTABLE ? options.portable() : options;
  }
}
