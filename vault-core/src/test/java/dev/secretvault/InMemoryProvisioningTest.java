package dev.secretvault;

class InMemoryProvisioningTest extends ProvisioningContract {
  @Override
  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }
}
