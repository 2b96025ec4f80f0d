package dev.secretvault;

class InMemoryUpdateTest extends UpdateContract {
  @Override
  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }
}
