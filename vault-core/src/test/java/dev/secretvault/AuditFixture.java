package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.AuditVerification.Break;
import dev.secretvault.AuditVerification.Fault;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FakeClock;
import dev.secretvault.store.testkit.FaultyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A vault that keeps an audit trail, and somebody who can write its store. */
abstract class AuditFixture {

  final FakeClock clock = new FakeClock(VaultFixture.START);
  Supplier<SecretStore> medium;
  FaultyStore store;
  SecretStore attacker;
  SecretVault vault;
  private int acts;
  private final List<SecretVault> others = new ArrayList<>();

  /** Where the vaults of a test are: each store it gives is on the same records. */
  Supplier<SecretStore> newMedium() {
    return VaultFixture.newMemory();
  }

  @BeforeEach
  void open() {
    medium = newMedium();
    store = new FaultyStore(medium.get());
    attacker = medium.get();
    vault = open(store, AuditPolicy.keep(1_000));
  }

  static MasterKey key() {
    byte[] key = new byte[MasterKey.BYTES];
    key[0] = 1;
    return MasterKey.fromBytes(key);
  }

  private VaultBuilder builder(SecretStore on) {
    return SecretVault.builder().store(on).masterKey(key()).clock(clock);
  }

  final SecretVault open(SecretStore on, AuditPolicy policy) {
    return builder(on).audit(policy).open();
  }

  final SecretVault another(AuditPolicy policy) {
    return kept(open(medium.get(), policy));
  }

  /** One that was not told to keep a trail. */
  final SecretVault unaudited() {
    return kept(builder(medium.get()).open());
  }

  private SecretVault kept(SecretVault opened) {
    others.add(opened);
    return opened;
  }

  @AfterEach
  void close() {
    others.forEach(SecretVault::close);
    vault.close();
    attacker.close();
  }

  static SecretSpec text(String name) {
    return SecretSpec.named(name).value("value".toCharArray()).active();
  }

  final SecretId create(String name) {
    return VaultFixture.create(vault, text(name));
  }

  /** Writes some events. */
  final void act(int times) {
    for (int i = 0; i < times; i++) {
      create("secret " + acts++);
    }
  }

  static List<AuditEvent> events(SecretVault of, AuditQuery query) {
    List<AuditEvent> events = new ArrayList<>();
    Page<AuditEvent> page = of.audit().list(query);
    events.addAll(page.items());
    while (page.next().isPresent()) {
      page = of.audit().list(query.after(page.next().get()));
      events.addAll(page.items());
    }
    return events;
  }

  final List<AuditEvent> events() {
    return events(vault, AuditQuery.all());
  }

  final List<AuditEvent.Kind> kinds() {
    return events().stream().map(AuditEvent::kind).toList();
  }

  final AuditVerification intact() {
    AuditVerification verified = vault.audit().verify();
    assertThat(verified.broken()).isEmpty();
    assertThat(verified.intact()).isTrue();
    return verified;
  }

  final void assertBroken(long sequence, Fault fault) {
    AuditVerification verified = vault.audit().verify();
    assertThat(verified.broken()).contains(new Break(sequence, fault));
    assertThat(verified.intact()).isFalse();
  }

  /** The records of the trail's events, in their order. */
  final List<StoredRecord> storedEvents() {
    return VaultFixture.stored(attacker).values().stream()
        .filter(stored -> stored.key().text().contains(".e."))
        .toList();
  }

  final StoredRecord storedEvent(long sequence) {
    return storedEvents().stream()
        .filter(stored -> stored.key().text().endsWith(digits(sequence)))
        .findFirst()
        .orElseThrow();
  }

  static String digits(long sequence) {
    return String.format(".e.%016x", sequence);
  }

  final StoredRecord storedHead() {
    return VaultFixture.stored(attacker).values().stream()
        .filter(stored -> stored.key().text().endsWith(".h.e"))
        .findFirst()
        .orElseThrow();
  }

  /** Puts bytes in place of a record, at the revision that they were sealed for. */
  final void replace(RecordKey key, long revision, byte[] bytes) {
    remove(key);
    for (long before = 0; before < revision; before++) {
      attacker.commit(List.of(Change.put(key, before, bytes)));
    }
  }

  final void restore(StoredRecord stored) {
    replace(stored.key(), stored.revision(), stored.bytes());
  }

  final void remove(RecordKey key) {
    Optional<StoredRecord> stored = attacker.read(key);
    stored.ifPresent(record -> attacker.commit(List.of(Change.delete(key, record.revision()))));
  }
}
