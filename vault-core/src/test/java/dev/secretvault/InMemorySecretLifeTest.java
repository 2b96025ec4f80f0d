package dev.secretvault;

class InMemorySecretLifeTest extends SecretLifeContract {
  @Override
  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }
}
