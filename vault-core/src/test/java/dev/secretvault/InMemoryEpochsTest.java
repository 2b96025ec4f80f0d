package dev.secretvault;

class InMemoryEpochsTest extends EpochsContract {
  @Override
  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }
}
