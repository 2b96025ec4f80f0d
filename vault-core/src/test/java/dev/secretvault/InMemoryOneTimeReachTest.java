package dev.secretvault;

class InMemoryOneTimeReachTest extends OneTimeReachContract {
  @Override
  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }
}
