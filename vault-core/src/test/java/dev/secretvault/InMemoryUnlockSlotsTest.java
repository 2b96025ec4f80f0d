package dev.secretvault;

class InMemoryUnlockSlotsTest extends UnlockSlotsContract {
  @Override
  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }
}
