package dev.secretvault;

class InMemorySweepTest extends SweepContract {
  @Override
  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }
}
