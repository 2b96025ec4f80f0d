package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FakeClock;
import dev.secretvault.store.testkit.FaultyStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Guesses at a passphrase without the cost of making them. */
abstract class PassphraseAttemptsFixture {

  static final Duration MILLISECOND = Duration.ofMillis(1);
  static final Duration WINDOW = Duration.ofMinutes(10);
  static final Duration LOCK = Duration.ofMinutes(30);

  final FakeClock clock = new FakeClock(VaultFixture.START);
  final AtomicInteger looks = new AtomicInteger();
  Supplier<SecretStore> medium;
  FaultyStore faults;
  HeaderRecord header;
  VaultRecords records;
  PassphraseAttempts attempts;
  SecretInfo secret;
  SecretId id;

  /** Where the vaults of a test are: each store it gives is on the same records. */
  Supplier<SecretStore> newMedium() {
    return VaultFixture.newMemory();
  }

  @BeforeEach
  void open() {
    medium = newMedium();
    faults = new FaultyStore(medium.get());
    header = unlock();
    records = new VaultRecords(faults, header, "", () -> {});
    attempts = attemptsOn(records);
    secret = createSecret();
    id = secret.id();
  }

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
