package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The store fails, or answers late, at the worst moment. */
class VaultFaultTest {

  private final Supplier<SecretStore> medium = newMedium();
  private final FaultyStore faults = new FaultyStore(medium.get());
  private final SecretVault vault = open(faults);

  Supplier<SecretStore> newMedium() {
    return VaultFixture.newMemory();
  }

  private static SecretVault open(SecretStore store) {
    byte[] key = new byte[MasterKey.BYTES];
    key[0] = 1;
    return SecretVault.builder().store(store).masterKey(MasterKey.fromBytes(key)).open();
  }

  @AfterEach
  void close() {
    vault.close();
  }

  private static SecretSpec spec(String name) {
    return SecretSpec.named(name).value("value".toCharArray()).active();
  }

  private void failNextCommit(Fault fault) {
    faults.nth(Call.COMMIT, 1).fails(fault);
  }

  private static void assertOutcome(Throwable thrown, Fault fault) {
    assertThat(thrown)
        .isInstanceOfSatisfying(
            StoreFailedException.class,
            e -> assertThat(e.outcomeKnown()).isEqualTo(fault == Fault.NOT_WRITTEN));
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void create_failingCommit_happensInFullOrNotAtAll(Fault fault) {
    failNextCommit(fault);
    assertThatThrownBy(() -> vault.create(spec("n"))).satisfies(e -> assertOutcome(e, fault));
    assertThat(vault.find("n").isPresent()).isEqualTo(fault == Fault.UNKNOWN_WRITTEN);
    if (fault == Fault.UNKNOWN_WRITTEN) {
      vault.reveal("n").close();
    } else {
      vault.create(spec("n")).close();
    }
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void revealOnce_failingCommit_neverGivesTheValueOut(Fault fault) {
    SecretId id = vault.create(spec("n").disclosure(Disclosure.ONCE)).info().id();
    failNextCommit(fault);
    assertThatThrownBy(() -> vault.reveal(id)).satisfies(e -> assertOutcome(e, fault));
    if (fault == Fault.UNKNOWN_WRITTEN) {
      assertThatThrownBy(() -> vault.reveal(id)).isInstanceOf(AlreadyRevealedException.class);
    } else {
      vault.reveal(id).close();
      assertThatThrownBy(() -> vault.reveal(id)).isInstanceOf(AlreadyRevealedException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void changeAndDelete_failingCommit_leaveOneOfTwoStates(Fault fault) {
    SecretId id = vault.create(spec("n")).info().id();
    boolean written = fault == Fault.UNKNOWN_WRITTEN;
    failNextCommit(fault);
    assertThatThrownBy(() -> vault.deactivate(id)).satisfies(e -> assertOutcome(e, fault));
    assertThat(vault.describe(id).state())
        .isEqualTo(written ? SecretState.INACTIVE : SecretState.ACTIVE);
    failNextCommit(fault);
    assertThatThrownBy(() -> vault.delete(id)).satisfies(e -> assertOutcome(e, fault));
    assertThat(vault.find("n").isPresent()).isEqualTo(!written);
  }

  @Test
  void revealOnce_damagedValue_isNotConsumed() {
    SecretId id = vault.create(spec("n").disclosure(Disclosure.ONCE)).info().id();
    StoredRecord value;
    try (SecretStore attacker = medium.get()) {
      value =
          attacker.scan(null, 100).stream()
              .filter(stored -> stored.key().text().contains(".v."))
              .findFirst()
              .orElseThrow();
      byte[] good = value.bytes().clone();
      attacker.commit(List.of(Change.delete(value.key(), 1)));
      attacker.commit(List.of(Change.put(value.key(), 0, new byte[good.length])));
      assertThatThrownBy(() -> vault.reveal(id)).isInstanceOf(IntegrityException.class);
      attacker.commit(List.of(Change.delete(value.key(), 1)));
      attacker.commit(List.of(Change.put(value.key(), 0, good)));
    }
    try (SecretValue revealed = vault.reveal(id)) {
      assertThat(VaultFixture.textOf(revealed)).isEqualTo("value");
    }
  }

  @Test
  void revealOnce_anotherWinsBetweenReadAndCommit_isTooLate() {
    SecretId id = vault.create(spec("n").disclosure(Disclosure.ONCE)).info().id();
    try (SecretVault rival = open(medium.get())) {
      faults.nth(Call.COMMIT, 1).before(() -> rival.reveal(id).close());
      assertThatThrownBy(() -> vault.reveal(id)).isInstanceOf(AlreadyRevealedException.class);
    }
  }

  @Test
  void activate_losingARace_decidesAnew() {
    SecretId id = vault.create(SecretSpec.named("n").generated()).info().id();
    try (SecretVault rival = open(medium.get())) {
      faults.nth(Call.COMMIT, 1).before(() -> rival.activate(id));
      assertThat(vault.activate(id).revision()).as("the rival's change sufficed").isEqualTo(2);
      faults.nth(Call.COMMIT, 1).before(() -> rival.delete(id));
      assertThatThrownBy(() -> vault.deactivate(id)).isInstanceOf(SecretNotFoundException.class);
    }
  }

  /**
   * A reader has read the active secret and not yet used it when the secret is deactivated. What it
   * read must not be remembered past that. Fails without the comparison of stamps in {@code
   * LiveSecrets.find}.
   */
  @Test
  void hmac_afterAReaderWasOvertakenByADeactivation_isRefused() throws InterruptedException {
    SecretId id = vault.create(spec("n")).info().id();
    CountDownLatch read = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    faults
        .nth(Call.READ, 1)
        .after(
            () -> {
              read.countDown();
              await(goOn);
            });
    Thread reader = new Thread(() -> assertThat(vault.describe(id)).isNotNull());
    reader.start();
    await(read);
    vault.deactivate(id);
    goOn.countDown();
    reader.join();
    assertThatThrownBy(() -> vault.hmac(id, "u")).isInstanceOf(SecretNotActiveException.class);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
