package dev.secretvault;

import dev.secretvault.store.SecretStore;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What tests of the rules have in common, on any store. */
abstract class VaultContract {

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

  final SecretVault vault() {
    return fixture.vault;
  }

  final SecretInfo create(SecretSpec spec) {
    try (CreatedSecret created = vault().create(spec)) {
      return created.info();
    }
  }

  static SecretSpec text(String name, String value) {
    return SecretSpec.named(name).value(value.toCharArray());
  }

  final SecretInfo rotate(SecretId id, String value) {
    try (CreatedSecret rotated = vault().rotate(id, NewValue.of(value.toCharArray()))) {
      return rotated.info();
    }
  }

  final String reveal(SecretId id) {
    try (SecretValue value = vault().reveal(id)) {
      return VaultFixture.textOf(value);
    }
  }

  /** The numbers of the versions whose values are in the store; opens the vault anew. */
  final SortedSet<Integer> storedVersions(SecretId id) {
    String values = ".v." + id.text() + ".";
    return storedKeys().stream()
        .filter(key -> key.contains(values))
        .map(key -> Integer.valueOf(key.substring(key.indexOf(values) + values.length())))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** How many name records are in the store; opens the vault anew. */
  final long storedNames() {
    return storedKeys().stream().filter(key -> key.contains(".n.")).count();
  }

  private List<String> storedKeys() {
    vault().close();
    try (SecretStore store = fixture.newStore()) {
      return store.scan(null, SecretStore.MAX_PAGE).stream()
          .map(stored -> stored.key().text())
          .toList();
    } finally {
      fixture.vault = fixture.open();
    }
  }
}
