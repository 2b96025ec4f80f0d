package dev.secretvault;

class InMemoryPassphraseSecretTest extends PassphraseSecretContract {
  @Override
  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }
}
