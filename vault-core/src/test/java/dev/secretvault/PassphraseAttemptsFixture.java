package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FakeClock;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;

/** Guesses at a passphrase without the cost of making them. */
abstract class PassphraseAttemptsFixture {

  static final Duration MILLISECOND = Duration.ofMillis(1);
  static final Duration WINDOW = Duration.ofMinutes(10);
  static final Duration LOCK = Duration.ofMinutes(30);

  final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  final FaultyStore faults = new FaultyStore(InMemorySecretStore.open(medium));
  final HeaderRecord header = unlock();
  final VaultRecords records = new VaultRecords(faults, header, "", () -> {});
  final FakeClock clock = new FakeClock(VaultFixture.START);
  final PassphraseAttempts attempts = attemptsOn(records);
  final AtomicInteger looks = new AtomicInteger();
  final SecretInfo secret = createSecret();
  final SecretId id = secret.id();

  final PassphraseAttempts attemptsOn(VaultRecords on) {
    return new PassphraseAttempts(on, new Auditor(on.auditChain(null, clock), null), clock);
  }

  private HeaderRecord unlock() {
    byte[] key = new byte[MasterKey.BYTES];
    key[0] = 1;
    return HeaderRecord.unlock(faults, MasterKey.fromBytes(key), true);
  }

  SecretInfo createSecret() {
    SecretInfo info = SecretSpec.named("n").toInfo(clock.instant(), true);
    records.commit(() -> List.of(records.putSecret(info)));
    return info;
  }

  @AfterEach
  void close() {
    header.close();
    faults.close();
  }

  Optional<byte[]> wrong() {
    looks.incrementAndGet();
    return Optional.empty();
  }

  Optional<byte[]> right() {
    looks.incrementAndGet();
    return Optional.of(new byte[] {42});
  }

  int guessWrong(PassphraseAttempts at, String caller) {
    return catchThrowableOfType(
            WrongPassphraseException.class, () -> at.attempt(id, caller, this::wrong))
        .attemptsLeft();
  }

  int guessWrong(String caller) {
    return guessWrong(attempts, caller);
  }

  void guessRight(String caller) {
    assertThat(attempts.attempt(id, caller, this::right)).containsExactly(42);
  }

  void assertLocked(String caller, Duration retryAfter) {
    int before = looks.get();
    assertThatThrownBy(() -> attempts.attempt(id, caller, this::right))
        .isInstanceOfSatisfying(
            PassphraseLockedException.class,
            e -> {
              assertThat(e.retryAfter()).isEqualTo(retryAfter);
              assertThat(e.retryable()).isTrue();
            });
    assertThat(looks).as("not even looked at").hasValue(before);
  }

  Optional<StoredRecord> stored() {
    return faults.scan(null, 100).stream()
        .filter(record -> record.key().text().contains(".a."))
        .findFirst();
  }
}
