package dev.secretvault;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.jdbc.InModes;
import dev.secretvault.store.jdbc.Mode;
import java.util.function.Supplier;
import org.junit.jupiter.params.Parameter;

@InModes(Mode.SERIALIZABLE)
class JdbcAuditRetentionTest extends AuditRetentionTest {
  @Parameter private Mode mode;

  @Override
  Supplier<SecretStore> newMedium() {
    return JdbcFixtures.newMedium(mode);
  }
}
