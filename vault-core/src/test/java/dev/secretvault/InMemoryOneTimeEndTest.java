package dev.secretvault;

class InMemoryOneTimeEndTest extends OneTimeEndContract {
  @Override
  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }
}
