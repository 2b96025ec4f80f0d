package dev.secretvault.store.jdbc;

import com.zaxxer.hikari.HikariDataSource;

/** The ways to use a database in which everything must hold. */
public enum Mode {
  READ_COMMITTED,
  SERIALIZABLE,
  /**
   * As on another engine: no advisory lock, no NOTIFY, no statement that is not simple; who has the
   * level of isolation that it needs from nobody but the store.
   */
  PORTABLE;

  /** One for all tests. */
  public HikariDataSource pool() {
    return Server.pool(isolation());
  }

  /** What connections begin with. */
  public String isolation() {
    return this == SERIALIZABLE ? "TRANSACTION_SERIALIZABLE" : "TRANSACTION_READ_COMMITTED";
  }

  /** For a schema of its own. */
  public JdbcOptions newOptions() {
    return of(JdbcOptions.defaults().schema(Server.newSchema()));
  }

  /** These, for this mode. */
  public JdbcOptions of(JdbcOptions options) {
    return this == PORTABLE ? options.portable() : options;
  }
}
