package dev.secretvault;

class InMemoryOneTimeTest extends OneTimeContract {
  @Override
  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }
}
