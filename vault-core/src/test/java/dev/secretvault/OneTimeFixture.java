package dev.secretvault;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What tests of one-time secrets have in common, on any store. */
abstract class OneTimeFixture {

  static final String VALUE = "seen once, or never";

  VaultFixture fixture;

  abstract VaultFixture newFixture();

  @BeforeEach
  void open() {
    fixture = newFixture();
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  final OneTimeSecrets oneTime() {
    return fixture.vault.oneTime();
  }

  static OneTimeSpec spec() {
    return OneTimeSpec.of(VALUE.toCharArray());
  }

  static char[] right() {
    return "correct horse".toCharArray();
  }

  static char[] wrong() {
    return "correct hors".toCharArray();
  }

  final String reveal(String link) {
    try (SecretValue value = oneTime().reveal(link)) {
      return VaultFixture.textOf(value);
    }
  }

  final String reveal(String link, char[] passphrase, String caller) {
    try (SecretValue value = oneTime().reveal(link, passphrase, caller)) {
      return VaultFixture.textOf(value);
    }
  }

  /** The kinds of the records that are stored, besides the vault's own. */
  final List<Character> kinds() {
    return fixture.stored().keySet().stream()
        .map(RecordKey::text)
        .filter(key -> key.contains("."))
        .map(key -> key.charAt(key.indexOf('.') + 1))
        .sorted()
        .toList();
  }

  final void replace(StoredRecord record, byte[] bytes) {
    fixture.vault.close();
    try (var store = fixture.newStore()) {
      long stored = store.read(record.key()).orElseThrow().revision();
      store.commit(List.of(Change.delete(record.key(), stored)));
      store.commit(List.of(Change.put(record.key(), 0, bytes)));
    }
    fixture.vault = fixture.open();
  }
}
