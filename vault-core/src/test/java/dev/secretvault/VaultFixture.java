package dev.secretvault;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.file.FileSecretStore;
import dev.secretvault.store.testkit.FakeClock;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** A vault on one medium that can be closed and opened again, with a clock that stands still. */
final class VaultFixture implements AutoCloseable {

  static final Instant START = Instant.parse("2026-01-02T03:04:05.678Z");

  /** Nobody sweeps but the test: threads that end at once. */
  static final ThreadFactory IDLE = work -> new Thread(() -> {});

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
    return new VaultFixture(newMemory());
  }

  /** Opens stores on the same memory. */
  static Supplier<SecretStore> newMemory() {
    InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
    return () -> InMemorySecretStore.open(medium);
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
    return open(MasterKey.fromBytes(masterKey));
  }

  SecretVault open(MasterKey key) {
    return open(newStore(), key);
  }

  /** Opens another vault on a store, which has to be of the same medium to be of any use. */
  SecretVault open(SecretStore store) {
    return open(store, MasterKey.fromBytes(masterKey));
  }

  private SecretVault open(SecretStore store, MasterKey key) {
    return builder(store, key).open();
  }

  /** For another vault on a store, with the same key and clock. */
  VaultBuilder builder(SecretStore store) {
    return builder(store, MasterKey.fromBytes(masterKey));
  }

  private VaultBuilder builder(SecretStore store, MasterKey key) {
    return SecretVault.builder().store(store).masterKey(key).clock(clock).threads(IDLE);
  }

  /** Creates an active secret whose value is its name once more. */
  static SecretId create(SecretVault vault, String name) {
    return create(vault, SecretSpec.named(name).value(name.toCharArray()).active());
  }

  static SecretId create(SecretVault vault, SecretSpec spec) {
    try (CreatedSecret created = vault.create(spec)) {
      return created.info().id();
    }
  }

  static String reveal(SecretVault vault, String name) {
    try (SecretValue value = vault.reveal(name)) {
      return textOf(value);
    }
  }

  /** Closes the vault and opens it again. */
  SecretVault reopen() {
    return reopen(MasterKey.fromBytes(masterKey));
  }

  /**
   * Closes the vault and opens it with another master key, or, if that fails, once more with its
   * own.
   */
  SecretVault reopen(MasterKey key) {
    vault.close();
    try {
      vault = open(key);
    } catch (VaultException e) {
      vault = open();
      throw e;
    }
    return vault;
  }

  /** All records as they are stored, while the vault is closed. */
  Map<RecordKey, StoredRecord> stored() {
    vault.close();
    try (SecretStore store = newStore()) {
      return stored(store);
    } finally {
      vault = open();
    }
  }

  static Map<RecordKey, StoredRecord> stored(SecretStore store) {
    Map<RecordKey, StoredRecord> all = new TreeMap<>();
    List<StoredRecord> page = store.scan(null, SecretStore.MAX_PAGE);
    while (!page.isEmpty()) {
      page.forEach(record -> all.put(record.key(), record));
      page = store.scan(page.get(page.size() - 1).key(), SecretStore.MAX_PAGE);
    }
    return all;
  }

  /** How many records are sealed under each epoch, the header left aside. */
  static Map<Integer, Long> epochs(Map<RecordKey, StoredRecord> stored) {
    return stored.values().stream()
        .filter(record -> !record.key().equals(HeaderRecord.KEY))
        .collect(Collectors.groupingBy(VaultRecords::epochOf, TreeMap::new, Collectors.counting()));
  }

  @Override
  public void close() {
    vault.close();
  }
}
