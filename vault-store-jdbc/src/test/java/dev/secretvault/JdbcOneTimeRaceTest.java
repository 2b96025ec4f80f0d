package dev.secretvault;

import dev.secretvault.store.jdbc.InModes;
import dev.secretvault.store.jdbc.Mode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/** Many threads want the same one-time secrets, through two vaults on one database. */
@InModes({Mode.READ_COMMITTED, Mode.SERIALIZABLE, Mode.PORTABLE})
class JdbcOneTimeRaceTest {
  @Parameter private Mode mode;

  @Test
  void eachSecretGivesOnePlaintext() {
    OneTimeRaceTest.race(JdbcFixtures.newFixture(mode), 100);
  }

  @Test
  void generatedValue_isShownToOneOfMany() {
    OneTimeRaceTest.takeGenerated(JdbcFixtures.newFixture(mode), 20);
  }

  @Test
  void burnAndReveal_haveOneWinner() {
    OneTimeRaceTest.burnAndReveal(JdbcFixtures.newFixture(mode), 20);
  }
}
