package dev.secretvault.store.testkit;

import dev.secretvault.store.SecretStore;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** The contract, to be run against the store with the flaw named in the configuration. */
@ExtendWith(FlawedStore.FromConfiguration.class)
class FlawedStore extends SecretStoreContract {

  static final String PARAMETER = "flaw";

  private final Flaw flaw;
  private final Flaw.World world = new Flaw.World();

  FlawedStore(Flaw flaw) {
    this.flaw = flaw;
  }

  @Override
  protected SecretStore openStore() {
    return flaw.opener().apply(world);
  }

  @Override
  protected void checkMedium() {}

  @Override
  protected boolean severalOpen() {
    return true;
  }

  static final class FromConfiguration implements ParameterResolver {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == Flaw.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return context.getConfigurationParameter(PARAMETER).map(Flaw::named).orElse(Flaw.NONE);
    }
  }
}
