package dev.secretvault;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.jdbc.InModes;
import dev.secretvault.store.jdbc.Mode;
import org.junit.jupiter.params.Parameter;

@InModes(Mode.READ_COMMITTED)
class JdbcRateLimitTest extends RateLimitTest {
  @Parameter private Mode mode;

  @Override
  SecretStore newStore() {
    return JdbcFixtures.newMedium(mode).get();
  }
}
