package dev.secretvault;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import dev.secretvault.store.testkit.FakeClock;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.function.Supplier;

/** A vault on one medium that can be closed and opened again, with a clock that stands still. */
final class VaultFixture implements AutoCloseable {

  static final Instant START = Instant.parse("2026-01-02T03:04:05.678Z");

  final FakeClock clock = new FakeClock(START);
  final byte[] masterKey = new byte[MasterKey.BYTES];
  private final Supplier<SecretStore> stores;
  SecretVault vault;

  VaultFixture(Supplier<SecretStore> stores) {
    this.stores = stores;
    new SecureRandom().nextBytes(masterKey);
    vault = open();
  }

  static VaultFixture inMemory() {
    InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
    return new VaultFixture(() -> InMemorySecretStore.open(medium));
  }

  static VaultFixture onFiles(Path directory) {
    return new VaultFixture(() -> FileSecretStore.open(directory));
  }

  static String textOf(SecretValue value) {
    return value.useChars(String::new);
  }

  SecretStore newStore() {
    return stores.get();
  }

  SecretVault open() {
    return SecretVault.builder()
        .store(newStore())
        .masterKey(MasterKey.fromBytes(masterKey))
        .clock(clock)
        .open();
  }

  /** Closes the vault and opens it again. */
  SecretVault reopen() {
    vault.close();
    vault = open();
    return vault;
  }

  @Override
  public void close() {
    vault.close();
  }
}
