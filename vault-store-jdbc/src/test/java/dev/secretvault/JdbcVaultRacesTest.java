package dev.secretvault;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.jdbc.InModes;
import dev.secretvault.store.jdbc.Mode;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/** What holds on any store however many are at it at once, holds on PostgreSQL. */
@InModes(Mode.READ_COMMITTED)
class JdbcVaultRacesTest {
  @Parameter private Mode mode;

  @AfterEach
  void allIsClosed() {
    mode.checkClosed();
  }

  @Test
  void oneTimeSecrets_giveOnePlaintextEach() {
    OneTimeRaceTest.race(new VaultFixture(mode.newMedium()), 100);
  }

  @Test
  void generatedValue_isShownToOneOfMany() {
    OneTimeRaceTest.takeGenerated(new VaultFixture(mode.newMedium()), 20);
  }

  @Test
  void burnAndReveal_haveOneWinner() {
    OneTimeRaceTest.burnAndReveal(new VaultFixture(mode.newMedium()), 20);
  }

  /** {@code -Dsecretvault.life.seed=} repeats it. */
  @Test
  void aRandomLife_isWhatTheModelSays() {
    long seed = Long.getLong("secretvault.life.seed", new Random().nextLong());
    int operations = Integer.getInteger("secretvault.life.operations", 1_000);
    RandomLifeTest.run(seed, 1, mode.newMedium(), operations);
  }

  @Nested
  class AuditRace extends AuditRaceTest {
    @Override
    Supplier<SecretStore> newMedium() {
      return mode.newMedium();
    }
  }

  @Nested
  class KeyRace extends KeyRaceTest {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class NoStaleAnswer extends NoStaleAnswerTest {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(new ToldMedium(mode.newMedium()));
    }

    @Override
    int changes() {
      return 60;
    }
  }

  @Nested
  class PassphraseAttemptsRace extends PassphraseAttemptsRaceTest {
    @Override
    Supplier<SecretStore> newMedium() {
      return mode.newMedium();
    }
  }

  @Nested
  class Quota extends QuotaTest {
    @Override
    Supplier<SecretStore> newMedium() {
      return mode.newMedium();
    }
  }

  @Nested
  class ProvisioningRace extends ProvisioningRaceTest {
    @Override
    Supplier<SecretStore> newMedium() {
      return mode.newMedium();
    }
  }
}
