package dev.secretvault.store.testkit;

import dev.secretvault.store.SecretStore;

/** Without a plan, a faulty store is a store. */
class FaultyStoreContractTest extends SecretStoreContract {

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();

  @Override
  protected SecretStore openStore() {
    return new FaultyStore(InMemorySecretStore.open(medium));
  }

  @Override
  protected void checkMedium() {}
}
