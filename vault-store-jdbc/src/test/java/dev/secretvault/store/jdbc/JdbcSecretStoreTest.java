package dev.secretvault.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.SecretStoreContract;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Mode.class)
class JdbcSecretStoreTest extends SecretStoreContract {

  @Parameter private Mode mode;
  private JdbcOptions options;

  @Override
  protected SecretStore openStore() {
    if (options == null) {
      options = mode.newOptions();
    }
    return JdbcSecretStore.open(mode.pool(), options);
  }

  @Override
  protected boolean severalOpen() {
    return true;
  }

  @Override
  protected int rounds() {
    return 40;
  }

  @Override
  protected void checkMedium() {
    assertThat(mode.pool().getHikariPoolMXBean().getActiveConnections())
        .as("connections kept")
        .isZero();
    assertThat(Thread.getAllStackTraces().keySet())
        .as("threads left")
        .noneMatch(thread -> thread.getName().equals("secretvault-store-jdbc"));
  }
}
