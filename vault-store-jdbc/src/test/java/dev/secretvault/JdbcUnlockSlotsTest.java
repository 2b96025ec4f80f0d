package dev.secretvault;

import dev.secretvault.store.jdbc.InModes;
import dev.secretvault.store.jdbc.Mode;
import org.junit.jupiter.params.Parameter;

@InModes(Mode.SERIALIZABLE)
class JdbcUnlockSlotsTest extends UnlockSlotsContract {
  @Parameter private Mode mode;

  @Override
  VaultFixture newFixture() {
    return JdbcFixtures.newFixture(mode);
  }
}
