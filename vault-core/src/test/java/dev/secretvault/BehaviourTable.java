package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** A table of behaviours, each named by a sentence and shown on a vault of its own. */
abstract class BehaviourTable {

  static final SecretId UNKNOWN = SecretId.of("0".repeat(26));
  static final Duration SECOND = Duration.ofSeconds(1);

  private final Map<String, Shown> rows = new LinkedHashMap<>();

  /** Shows a behaviour. */
  interface Shown {
    void on(VaultFixture fixture, SecretVault vault) throws Exception;
  }

  final void row(String behaviour, Shown shown) {
    assertThat(rows.put(behaviour, shown)).as("named twice: %s", behaviour).isNull();
  }

  @TestFactory
  final Stream<DynamicTest> behaviours() {
    return rows.entrySet().stream()
        .map(row -> DynamicTest.dynamicTest(row.getKey(), () -> show(row.getValue())));
  }

  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }

  private void show(Shown shown) throws Exception {
    try (VaultFixture fixture = newFixture()) {
      shown.on(fixture, fixture.vault);
    }
  }

  static SecretSpec text(String name, String value) {
    return SecretSpec.named(name).value(value.toCharArray());
  }

  static SecretId create(SecretVault vault, SecretSpec spec) {
    return VaultFixture.create(vault, spec);
  }

  /** An active secret. */
  static SecretId active(SecretVault vault, String name, String value) {
    return create(vault, text(name, value).active());
  }

  static SecretId once(SecretVault vault, String name) {
    return create(vault, text(name, "v").active().disclosure(Disclosure.ONCE));
  }

  static void rotate(SecretVault vault, SecretId id, String value) {
    vault.rotate(id, NewValue.of(value.toCharArray())).close();
  }

  static String reveal(SecretVault vault, String name) {
    return VaultFixture.reveal(vault, name);
  }

  static String reveal(SecretVault vault, String name, String passphrase) {
    try (SecretValue value = vault.reveal(name, passphrase.toCharArray())) {
      return VaultFixture.textOf(value);
    }
  }

  static String digest(SecretVault vault, SecretId id) {
    return vault.hmac(id, "u").hex();
  }

  /** What {@link #digest} is of an active secret with this value. */
  static String genuine(String value) {
    return LifeModel.hmac(value.getBytes(StandardCharsets.UTF_8), "u");
  }

  /** The records of a secret's values. */
  static List<StoredRecord> valueRecords(Map<RecordKey, StoredRecord> all, SecretId id) {
    return all.values().stream()
        .filter(stored -> stored.key().text().contains(".v." + id + "."))
        .toList();
  }

  /** Another vault on the same medium. */
  static SecretVault limited(VaultFixture fixture, VaultLimits limits) {
    return fixture.builder(fixture.newStore()).limits(limits).open();
  }

  static void refused(Class<? extends Throwable> with, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(with);
  }

  static void refused(String message, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }
}
