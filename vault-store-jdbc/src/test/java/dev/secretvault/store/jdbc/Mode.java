package dev.secretvault.store.jdbc;

import com.zaxxer.hikari.HikariDataSource;
import org.jspecify.annotations.Nullable;

/** The ways to use a database in which everything must hold. */
public enum Mode {
  READ_COMMITTED("TRANSACTION_READ_COMMITTED", JdbcOptions.defaults()),
  SERIALIZABLE("TRANSACTION_SERIALIZABLE", JdbcOptions.defaults()),
  /**
   * As on another engine: no advisory lock, no NOTIFY, no statement that is not simple; who has the
   * level of isolation that it needs from nobody but the store.
   */
  PORTABLE("TRANSACTION_READ_COMMITTED", JdbcOptions.defaults().portable());

  private final String isolation;
  private final JdbcOptions options;
  private @Nullable HikariDataSource pool;

  Mode(String isolation, JdbcOptions options) {
    this.isolation = isolation;
    this.options = options;
  }

  /** One for all tests. */
  public synchronized HikariDataSource pool() {
    if (pool == null) {
      pool = Server.pool(isolation, 20);
    }
    return pool;
  }

  /** For a schema of its own. */
  public JdbcOptions newOptions() {
    return options.schema(Server.newSchema());
  }
}
