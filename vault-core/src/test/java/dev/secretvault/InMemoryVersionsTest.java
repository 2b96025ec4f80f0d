package dev.secretvault;

class InMemoryVersionsTest extends VersionsContract {
  @Override
  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }
}
