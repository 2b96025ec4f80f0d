package dev.secretvault;

import dev.secretvault.store.jdbc.InModes;
import dev.secretvault.store.jdbc.Mode;
import org.junit.jupiter.params.Parameter;

@InModes({Mode.READ_COMMITTED, Mode.SERIALIZABLE, Mode.PORTABLE})
class JdbcSecretLifeTest extends SecretLifeContract {
  @Parameter private Mode mode;

  @Override
  VaultFixture newFixture() {
    return JdbcFixtures.newFixture(mode);
  }
}
