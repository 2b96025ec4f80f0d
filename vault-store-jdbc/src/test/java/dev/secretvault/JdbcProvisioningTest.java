package dev.secretvault;

import dev.secretvault.store.jdbc.InModes;
import dev.secretvault.store.jdbc.Mode;
import org.junit.jupiter.params.Parameter;

@InModes(Mode.READ_COMMITTED)
class JdbcProvisioningTest extends ProvisioningContract {
  @Parameter private Mode mode;

  @Override
  VaultFixture newFixture() {
    return JdbcFixtures.newFixture(mode);
  }
}
