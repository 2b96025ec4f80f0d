package dev.secretvault;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.jdbc.JdbcOptions;
import dev.secretvault.store.jdbc.JdbcSecretStore;
import dev.secretvault.store.jdbc.Mode;
import java.util.function.Supplier;

/** Vaults on a schema of their own. */
final class JdbcFixtures {

  private JdbcFixtures() {}

  static VaultFixture newFixture(Mode mode) {
    return new VaultFixture(newMedium(mode));
  }

  /** Opens stores on the same schema. */
  static Supplier<SecretStore> newMedium(Mode mode) {
    JdbcOptions options = mode.newOptions();
    return () -> JdbcSecretStore.open(mode.pool(), options);
  }
}
