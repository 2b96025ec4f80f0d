package dev.secretvault.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.secretvault.store.SecretStore;
import java.util.function.Supplier;

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

  /** Opens stores on the same schema, which is new. */
  public Supplier<SecretStore> newMedium() {
    JdbcOptions options = newOptions();
    return () -> JdbcSecretStore.open(pool(), options);
  }

  /** For a schema of its own. */
  JdbcOptions newOptions() {
    return of(JdbcOptions.defaults().schema(Server.newSchema()));
  }

  /** These, for this mode. */
  public JdbcOptions of(JdbcOptions options) {
    return this == PORTABLE ? options.portable() : options;
  }

  /** Fails if a store was left open. */
  public void checkClosed() {
    assertThat(pool().getHikariPoolMXBean().getActiveConnections()).as("connections kept").isZero();
    assertThat(Thread.getAllStackTraces().keySet())
        .as("threads left")
        .noneMatch(thread -> thread.getName().equals("secretvault-store-jdbc"));
  }
}
