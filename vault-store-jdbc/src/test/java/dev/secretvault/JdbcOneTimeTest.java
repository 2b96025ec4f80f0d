package dev.secretvault;

import dev.secretvault.store.jdbc.InModes;
import dev.secretvault.store.jdbc.Mode;
import org.junit.jupiter.params.Parameter;

@InModes(Mode.PORTABLE)
class JdbcOneTimeTest extends OneTimeContract {
  @Parameter private Mode mode;

  @Override
  VaultFixture newFixture() {
    return JdbcFixtures.newFixture(mode);
  }
}
