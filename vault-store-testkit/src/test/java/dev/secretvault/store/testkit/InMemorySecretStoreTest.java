package dev.secretvault.store.testkit;

import dev.secretvault.store.SecretStore;

class InMemorySecretStoreTest extends SecretStoreContract {

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();

  @Override
  protected SecretStore openStore() {
    return InMemorySecretStore.open(medium);
  }

  @Override
  protected void checkMedium() {}

  @Override
  protected boolean severalOpen() {
    return true;
  }
}
