package dev.secretvault.store.jdbc;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.SecretStoreContract;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Mode.class)
class JdbcSecretStoreTest extends SecretStoreContract {

  @Parameter private Mode mode;
  private @Nullable Supplier<SecretStore> medium;

  @Override
  protected SecretStore openStore() {
    if (medium == null) {
      medium = mode.newMedium();
    }
    return medium.get();
  }

  @Override
  protected boolean severalOpen() {
    return true;
  }

  @Override
  protected int rounds() {
    return 40;
  }

  @Override
  protected void checkMedium() {
    mode.checkClosed();
  }
}
