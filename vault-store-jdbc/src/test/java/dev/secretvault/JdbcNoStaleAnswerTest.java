package dev.secretvault;

import dev.secretvault.store.jdbc.InModes;
import dev.secretvault.store.jdbc.Mode;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.params.Parameter;

@InModes(Mode.READ_COMMITTED)
class JdbcNoStaleAnswerTest extends NoStaleAnswerTest {
  @Parameter private Mode mode;

  @Override
  VaultFixture newFixture() {
    return JdbcFixtures.newFixture(mode);
  }

  @Override
  @Disabled("this store reports what others commit within a second, and not at once")
  void ofAnotherVault_everyAnswerIsOneOfThatTime() {}
}
