package dev.secretvault.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.SecretStoreContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;

/** The contract on a schema of its own for each test, and one pool for all of them. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class JdbcStoreContract extends SecretStoreContract {

  private final HikariDataSource pool;
  private JdbcOptions options;

  JdbcStoreContract(String isolation, JdbcOptions options) {
    pool = Server.pool(isolation, 20);
    this.options = options.schema(Server.newSchema());
  }

  @AfterAll
  void closePool() {
    pool.close();
  }

  @Override
  protected final SecretStore openStore() {
    return JdbcSecretStore.open(pool, options);
  }

  @Override
  protected final boolean severalOpen() {
    return true;
  }

  @Override
  protected final void checkMedium() {
    assertThat(pool.getHikariPoolMXBean().getActiveConnections()).as("connections kept").isZero();
    assertThat(Thread.getAllStackTraces().keySet())
        .as("threads left")
        .noneMatch(thread -> thread.getName().equals("secretvault-store-jdbc"));
    options = options.schema(Server.newSchema());
  }
}
