package dev.secretvault;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.jdbc.InModes;
import dev.secretvault.store.jdbc.Mode;
import java.util.function.Supplier;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.params.Parameter;

@InModes(Mode.PORTABLE)
class JdbcAuditTrailTest extends AuditTrailTest {
  @Parameter private Mode mode;

  @Override
  Supplier<SecretStore> newMedium() {
    return JdbcFixtures.newMedium(mode);
  }

  @Override
  @Disabled(
      "of a trail that another vault begins, this store tells within a second, and not at once")
  void vaultThatWasNotToldTo_keepsNone_untilThereIsOne() {}
}
