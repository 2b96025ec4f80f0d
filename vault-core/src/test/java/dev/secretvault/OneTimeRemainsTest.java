package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.PasswordPolicy;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A value does not stay for good because what belongs to it is damaged or gone. */
class OneTimeRemainsTest {

  private static final Duration MINUTES = Duration.ofMinutes(5);
  private static final char[] RIGHT = "right".toCharArray();

  private final VaultFixture fixture = VaultFixture.inMemory();

  @AfterEach
  void close() {
    fixture.close();
  }

  /** One of which there is a record of each kind. */
  private SharedSecret share(OneTimeSecrets oneTime) {
    SharedSecret shared =
        oneTime.generate(
            OneTimeSpec.generated(PasswordPolicy.ofLength(9))
                .shownOnReceipt()
                .passphrase(RIGHT.clone())
                .expiresAfter(MINUTES));
    assertThatThrownBy(() -> oneTime.reveal(shared.link(), "wrong".toCharArray()))
        .isInstanceOf(WrongPassphraseException.class);
    return shared;
  }

  /** The kinds of the records that belong to one-time secrets. */
  private String kinds() {
    return fixture.stored().keySet().stream()
        .map(RecordKey::text)
        .filter(key -> key.contains("."))
        .map(key -> key.substring(key.indexOf('.') + 1, key.indexOf('.') + 2))
        .filter("agloprs"::contains)
        .sorted()
        .reduce("", String::concat);
  }

  private RecordKey keyOf(char kind) {
    return fixture.stored().keySet().stream()
        .filter(key -> key.text().contains("." + kind + "."))
        .findFirst()
        .orElseThrow();
  }

  private void damage(RecordKey key) {
    try (SecretStore store = fixture.newStore()) {
      StoredRecord stored = store.read(key).orElseThrow();
      byte[] bytes = stored.bytes();
      bytes[bytes.length - 1] ^= 1;
      store.commit(List.of(new Change.Put(key, stored.revision(), bytes, stored.expiresAt())));
    }
    fixture.reopen();
  }

  @Test
  void discardingADamagedOne_deletesAllThatServesIt_andNothingOfOthers() {
    for (String namespace : List.of("", "red")) {
      share(fixture.vault.namespace(namespace).oneTime());
      assertThat(kinds()).isEqualTo("aglopr");
      RecordKey damaged = keyOf('o');
      damage(damaged);
      SharedSecret other = share(fixture.vault.namespace(namespace).oneTime());
      assertThat(fixture.vault.keys().discard(damaged.text())).isTrue();
      assertThat(kinds()).isEqualTo("aglloprr");
      assertThat(fixture.vault.keys().discard(damaged.text())).isFalse();
      OneTimeSecrets oneTime = fixture.vault.namespace(namespace).oneTime();
      oneTime.reveal(other.link(), RIGHT).close();
      assertThat(kinds()).isEqualTo("llorr");
      fixture.clock.advance(MINUTES.multipliedBy(2));
      fixture.vault.sweep();
      assertThat(kinds()).isEmpty();
    }
  }

  /** Whoever can write to the store can put anything under a key that looks like one. */
  @Test
  void discardingWhatNeverWasOne_deletesJustThat() {
    share(fixture.vault.oneTime());
    String own = keyOf('o').text();
    RecordKey junk = new RecordKey(own.substring(0, own.lastIndexOf('.') + 1) + "junk");
    try (SecretStore store = fixture.newStore()) {
      store.commit(List.of(Change.put(junk, 0, new byte[9])));
    }
    fixture.reopen();
    assertThat(fixture.vault.keys().discard(junk.text())).isTrue();
    assertThat(kinds()).isEqualTo("aglopr");
  }

  @Test
  void valueOfADamagedOne_isSweptWithItsReceipt() {
    share(fixture.vault.oneTime());
    RecordKey damaged = keyOf('o');
    damage(damaged);
    fixture.clock.advance(MINUTES.multipliedBy(2).minusMillis(1));
    assertThat(fixture.vault.sweep()).isZero();
    assertThat(kinds()).isEqualTo("alopr");
    fixture.clock.advance(Duration.ofMillis(1));
    assertThat(fixture.vault.sweep()).as("none that could be told").isZero();
    assertThat(kinds()).isEqualTo("o");
    assertThat(fixture.vault.keys().discard(damaged.text())).isTrue();
    assertThat(kinds()).isEmpty();
  }

  @Test
  void valueThatStandsAlone_isSweptWithItsReceipt() {
    share(fixture.vault.oneTime());
    RecordKey own = keyOf('o');
    try (SecretStore store = fixture.newStore()) {
      store.commit(List.of(Change.delete(own, 1)));
    }
    fixture.reopen();
    fixture.clock.advance(MINUTES.multipliedBy(2));
    fixture.vault.sweep();
    assertThat(kinds()).isEmpty();
  }

  /** Its value is swept by itself then, which is not the theft that "orphaned" stands for. */
  @Test
  void oneThatNobodySweptInTime_hasExpired() {
    try (SecretVault vault =
        fixture.builder(fixture.newStore()).audit(AuditPolicy.keep(10)).open()) {
      for (int i = 0; i < 3; i++) {
        vault.oneTime().share(OneTimeSpec.of("v".toCharArray()).expiresAfter(MINUTES));
      }
      fixture.clock.advance(MINUTES.multipliedBy(2));
      assertThat(vault.sweep()).isEqualTo(3);
      assertThat(vault.audit().list(AuditQuery.all()).items())
          .extracting(AuditEvent::kind)
          .containsOnly(AuditEvent.Kind.SHARED, AuditEvent.Kind.EXPIRED)
          .hasSize(6);
    }
    assertThat(kinds()).isEmpty();
  }
}
