package dev.secretvault;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.jdbc.InModes;
import dev.secretvault.store.jdbc.Mode;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

/** What a vault does on any store, it does on PostgreSQL. */
@InModes(Mode.SERIALIZABLE)
class JdbcVaultTest {
  @Parameter private Mode mode;

  /** For tests of what one vault does as soon as it knows what another one did. */
  private Supplier<SecretStore> newToldMedium() {
    return new ToldMedium(mode.newMedium());
  }

  @AfterEach
  void allIsClosed() {
    mode.checkClosed();
  }

  @Nested
  class AuditRetention extends AuditRetentionTest {
    @Override
    Supplier<SecretStore> newMedium() {
      return mode.newMedium();
    }
  }

  @Nested
  class AuditTampering extends AuditTamperingTest {
    @Override
    Supplier<SecretStore> newMedium() {
      return mode.newMedium();
    }
  }

  @Nested
  class AuditTrail extends AuditTrailTest {
    private boolean told;

    @Override
    Supplier<SecretStore> newMedium() {
      return told ? newToldMedium() : mode.newMedium();
    }

    @Test
    @Override
    void vaultThatWasNotToldTo_keepsNone_untilThereIsOne() {
      close();
      told = true;
      open();
      super.vaultThatWasNotToldTo_keepsNone_untilThereIsOne();
    }
  }

  @Nested
  class Epochs extends EpochsContract {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class FreshnessInUse extends FreshnessInUseTest {
    @Override
    SecretStore newStore() {
      return mode.newMedium().get();
    }
  }

  @Nested
  class HostedServices extends HostedServicesTest {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class HostedUse extends HostedUseTest {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class LifeRules extends LifeRulesTest {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(newToldMedium());
    }
  }

  @Nested
  class Namespaces extends NamespacesTest {
    @Override
    Supplier<SecretStore> newMedium() {
      return mode.newMedium();
    }
  }

  @Nested
  class OneTime extends OneTimeContract {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class OneTimeAudit extends OneTimeAuditTest {
    @Override
    Supplier<SecretStore> newMedium() {
      return mode.newMedium();
    }
  }

  @Nested
  class OneTimeEnd extends OneTimeEndContract {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class OneTimeReach extends OneTimeReachContract {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class OneTimeServices extends OneTimeServicesTest {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class PassphraseAttempts extends PassphraseAttemptsTest {
    @Override
    Supplier<SecretStore> newMedium() {
      return mode.newMedium();
    }
  }

  @Nested
  class PassphraseSecret extends PassphraseSecretContract {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class Provisioning extends ProvisioningContract {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class RateLimit extends RateLimitTest {
    @Override
    SecretStore newStore() {
      return mode.newMedium().get();
    }
  }

  @Nested
  class SecretLife extends SecretLifeContract {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class ShareServices extends ShareServicesTest {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(newToldMedium());
    }
  }

  @Nested
  class Sweep extends SweepContract {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class UnlockSlots extends UnlockSlotsContract {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class Update extends UpdateContract {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class UseRules extends UseRulesTest {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(newToldMedium());
    }
  }

  @Nested
  class Versions extends VersionsContract {
    @Override
    VaultFixture newFixture() {
      return new VaultFixture(mode.newMedium());
    }
  }

  @Nested
  class HighWaterMark extends HighWaterMarkTest {
    @Override
    Supplier<SecretStore> newMedium() {
      return newToldMedium();
    }
  }

  @Nested
  class Reencrypt extends ReencryptTest {
    @Override
    Supplier<SecretStore> newMedium() {
      return mode.newMedium();
    }
  }

  @Nested
  class VaultFaults extends VaultFaultTest {
    @Override
    Supplier<SecretStore> newMedium() {
      return newToldMedium();
    }
  }
}
