package dev.secretvault;

import dev.secretvault.store.jdbc.JdbcOptions;
import dev.secretvault.store.jdbc.JdbcSecretStore;
import dev.secretvault.store.jdbc.Mode;

/** Vaults on a schema of their own. */
final class JdbcFixtures {

  private JdbcFixtures() {}

  static VaultFixture newFixture(Mode mode) {
    JdbcOptions options = mode.newOptions();
    return new VaultFixture(() -> JdbcSecretStore.open(mode.pool(), options));
  }
}
