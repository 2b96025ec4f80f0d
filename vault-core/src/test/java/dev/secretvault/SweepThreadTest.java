package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.testkit.FakeClock;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An open vault sweeps by itself, and has a thread for that only if something expires. */
class SweepThreadTest {

  private static final Duration TEN = Duration.ofSeconds(10);
  private static final long PATIENCE = 60;

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  private final FakeClock clock = new FakeClock(VaultFixture.START);
  private final List<Thread> threads = new CopyOnWriteArrayList<>();
  private final List<SecretVault> open = new ArrayList<>();
  private final SecretStore watcher = InMemorySecretStore.open(medium);

  @AfterEach
  void close() {
    open.forEach(SecretVault::close);
    watcher.close();
    assertThat(threads).as("ended when their vaults were closed").noneMatch(Thread::isAlive);
  }

  private SecretVault open() {
    return open(InMemorySecretStore.open(medium));
  }

  private SecretVault open(SecretStore store) {
    SecretVault vault =
        SecretVault.builder()
            .store(store)
            .masterKey(MasterKey.fromBytes(key()))
            .clock(clock)
            .threads(
                work -> {
                  Thread thread = SweepThread.daemon(work);
                  threads.add(thread);
                  return thread;
                })
            .open();
    open.add(vault);
    return vault;
  }

  private static byte[] key() {
    byte[] key = new byte[MasterKey.BYTES];
    key[0] = 1;
    return key;
  }

  private static SecretSpec brief(String name) {
    return SecretSpec.named(name).generated().active().expiresAfter(TEN);
  }

  /** Counts down when the record of a secret has been deleted. */
  private CountDownLatch deletionOf(SecretId id) {
    CountDownLatch deleted = new CountDownLatch(1);
    watcher.watch(
        new StoreListener() {
          @Override
          public void changed(Set<RecordKey> keys) {
            keys.stream()
                .filter(key -> key.text().endsWith(".s." + id) && watcher.read(key).isEmpty())
                .forEach(key -> deleted.countDown());
          }

          @Override
          public void missed() {}
        });
    return deleted;
  }

  private static void await(CountDownLatch event) throws InterruptedException {
    assertThat(event.await(PATIENCE, TimeUnit.SECONDS)).as("it happens").isTrue();
  }

  @Test
  void aVaultSweepsWhatWasPutIntoIt() throws Exception {
    SecretVault vault = open();
    SecretId id = VaultFixture.create(vault, brief("web"));
    CountDownLatch deleted = deletionOf(id);
    clock.advance(TEN);
    await(deleted);
    assertThat(vault.find("web")).isEmpty();
    assertThat(threads).hasSize(1).allMatch(Thread::isDaemon);
  }

  @Test
  void aVaultSweepsWhatAnotherOnePut_andWhatWasPutOff() throws Exception {
    SecretVault vault = open();
    open(InMemorySecretStore.open(medium)).close();
    SecretId id;
    try (SecretVault other = idle()) {
      id = VaultFixture.create(other, brief("web"));
    }
    assertThat(threads).as("it was told of it").hasSize(1);
    vault.update(id, SecretUpdate.none().expiresAt(VaultFixture.START.plusSeconds(5)));
    CountDownLatch deleted = deletionOf(id);
    clock.advance(Duration.ofSeconds(5));
    await(deleted);
  }

  /** A vault that leaves sweeping to others. */
  private SecretVault idle() {
    return SecretVault.builder()
        .store(InMemorySecretStore.open(medium))
        .masterKey(MasterKey.fromBytes(key()))
        .clock(clock)
        .threads(VaultFixture.IDLE)
        .open();
  }

  @Test
  void aVaultThatIsOpenedLater_sweepsWhatExpiredMeanwhile() throws Exception {
    SecretId id;
    try (SecretVault before = idle()) {
      id = VaultFixture.create(before, brief("web"));
    }
    CountDownLatch deleted = deletionOf(id);
    clock.advance(TEN);
    open();
    await(deleted);
  }

  @Test
  void aMarkThatIsLeft_isReleasedByWhoOpensTheVault() throws Exception {
    try (SecretVault before = idle()) {
      SecretId id = VaultFixture.create(before, brief("web"));
      clock.advance(TEN);
      assertThatThrownBy(() -> before.hmac(id, "u")).isInstanceOf(SecretExpiredException.class);
      before.delete(id);
      clock.set(VaultFixture.START);
      assertThatThrownBy(() -> VaultFixture.create(before, brief("web")))
          .isInstanceOf(IllegalArgumentException.class);
      CountDownLatch released = new CountDownLatch(1);
      watcher.watch(
          new StoreListener() {
            @Override
            public void changed(Set<RecordKey> keys) {
              keys.stream()
                  .filter(key -> key.text().endsWith(".t.n"))
                  .forEach(key -> released.countDown());
            }

            @Override
            public void missed() {}
          });
      open();
      await(released);
      VaultFixture.create(before, brief("web"));
    }
  }

  @Test
  void aVaultInWhichNothingExpires_hasNoThread() {
    try (SecretVault before = idle()) {
      VaultFixture.create(before, "before");
    }
    SecretVault vault = open();
    SecretId id = VaultFixture.create(vault, "web");
    vault.update(id, SecretUpdate.none().description("x").notBefore(VaultFixture.START));
    vault.rotate(id, NewValue.generated()).close();
    vault.activate(id);
    vault.keys().rotate();
    vault.keys().reencrypt(state -> {});
    assertThatThrownBy(() -> VaultFixture.create(vault, "web"))
        .isInstanceOf(DuplicateNameException.class);
    vault.delete(id);
    assertThat(vault.sweep()).isZero();
    assertThat(threads).isEmpty();
    VaultFixture.create(vault, brief("brief"));
    VaultFixture.create(vault, brief("another"));
    assertThat(threads).hasSize(1);
  }

  @Test
  void aSweepThatFails_isReportedOnce_andTriedAgain() throws Exception {
    try (LogLines log = LogLines.of(SweepThread.class)) {
      FaultyStore faults = new FaultyStore(InMemorySecretStore.open(medium));
      SecretVault vault = open(faults);
      SecretId id = VaultFixture.create(vault, brief("secret-name"));
      CountDownLatch deleted = deletionOf(id);
      faults.nth(Call.COMMIT, 1).fails(Fault.NOT_WRITTEN);
      faults.nth(Call.COMMIT, 2).fails(Fault.UNKNOWN_NOT_WRITTEN);
      clock.advance(TEN);
      await(deleted);
      assertThat(log.said())
          .singleElement()
          .asString()
          .contains("expired secrets could not be removed", StoreFailedException.class.getName())
          .doesNotContain("secret-name");
    }
  }

  @Test
  void anInterruptOfTheThread_endsNothing() throws Exception {
    SecretVault vault = open();
    SecretId id = VaultFixture.create(vault, brief("web"));
    threads.forEach(Thread::interrupt);
    CountDownLatch deleted = deletionOf(id);
    clock.advance(TEN);
    await(deleted);
  }

  @Test
  void closing_waitsForTheSweepThatRuns_andKeepsTheInterrupt() throws Exception {
    FaultyStore faults = new FaultyStore(InMemorySecretStore.open(medium));
    SecretVault vault = open(faults);
    SecretId id = VaultFixture.create(vault, brief("web"));
    CountDownLatch deleted = deletionOf(id);
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    faults
        .nth(Call.COMMIT, 1)
        .before(
            () -> {
              begun.countDown();
              try {
                goOn.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    clock.advance(TEN);
    await(begun);
    boolean[] interrupted = new boolean[1];
    Thread closing =
        new Thread(
            () -> {
              Thread.currentThread().interrupt();
              vault.close();
              interrupted[0] = Thread.currentThread().isInterrupted();
            });
    closing.start();
    goOn.countDown();
    closing.join();
    assertThat(threads).noneMatch(Thread::isAlive);
    assertThat(deleted.getCount()).isZero();
    assertThat(interrupted[0]).isTrue();
  }
}
