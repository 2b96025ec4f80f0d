package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Several vaults write and read while the keys turn under them. Nothing gets lost, and no record
 * comes to stand under an epoch that was retired.
 */
class KeyRaceTest {

  private static final int ROUNDS = 8;
  private static final int WRITERS = 3;

  private VaultFixture fixture;

  /** The value is the name. */
  private final Map<String, SecretId> survivors = new ConcurrentHashMap<>();

  private final Queue<String> readable = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean over = new AtomicBoolean();
  private final Semaphore rounds = new Semaphore(0);
  private final AtomicLong reads = new AtomicLong();

  VaultFixture newFixture() {
    return VaultFixture.inMemory();
  }

  @BeforeEach
  void open() {
    fixture = newFixture();
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void writersReadersAndTurningKeys_loseNothing() {
    long seed = new SplittableRandom().nextLong();
    System.out.println("keys race, seed " + seed);
    try (SecretVault second = fixture.open();
        SecretVault deaf = fixture.open(WrappedStore.deaf(fixture.newStore()))) {
      List<SecretVault> vaults = List.of(fixture.vault, second, deaf);
      CountDownLatch written = new CountDownLatch(WRITERS);
      Racers.run(
          WRITERS + 3,
          racer -> {
            try {
              if (racer < WRITERS) {
                write("w" + racer, vaults, written, new SplittableRandom(seed + racer));
              } else if (racer == WRITERS) {
                written.await();
                turn(List.of(fixture.vault, second));
              } else if (racer == WRITERS + 1) {
                changeSlots(second);
              } else {
                read(List.of(fixture.vault, second));
              }
            } finally {
              over.set(true);
              rounds.release();
            }
          });
      assertThat(reads).hasPositiveValue();
      assertEverythingIsThere(vaults);
      try (SecretVault reopened = fixture.open();
          SecretStore store = fixture.newStore()) {
        assertEverythingIsThere(List.of(reopened));
        assertThat(VaultFixture.epochs(VaultFixture.stored(store))).containsOnlyKeys(ROUNDS + 1);
        assertThat(reopened.keys().unlockSlots()).hasSize(1);
      }
    }
  }

  private void assertEverythingIsThere(List<SecretVault> vaults) {
    assertThat(survivors).isNotEmpty();
    for (SecretVault vault : vaults) {
      survivors.forEach(
          (name, id) -> {
            assertThat(VaultFixture.reveal(vault, name)).isEqualTo(name);
            assertThat(vault.describe(id).state()).isEqualTo(SecretState.ACTIVE);
          });
      assertThat(vault.keys().keysInUse())
          .as("retired, all but the last")
          .extracting(KeyEpoch::number)
          .containsExactly(ROUNDS + 1);
    }
  }

  /** Begins when every writer has written something, and has each round meet some writing. */
  private void turn(List<SecretVault> vaults) {
    for (int round = 1; round <= ROUNDS; round++) {
      int before = survivors.size();
      VaultKeys keys = vaults.get(round % vaults.size()).keys();
      rounds.release();
      assertThat(keys.rotate()).isEqualTo(round + 1);
      while (survivors.size() == before && !over.get()) {
        Thread.onSpinWait();
      }
      Reencryption done = keys.reencrypt(progress -> {});
      assertThat(done.quarantinedKeys()).isEmpty();
      keys.retire(round);
    }
  }

  private void write(
      String prefix, List<SecretVault> vaults, CountDownLatch written, SplittableRandom random) {
    for (int number = 0; !over.get(); number++) {
      String name = prefix + "-" + number;
      SecretVault vault = vaults.get(random.nextInt(vaults.size()));
      SecretId id = VaultFixture.create(vault, name);
      vault.deactivate(id);
      assertThat(vaults.get(random.nextInt(vaults.size())).activate(id).name()).isEqualTo(name);
      if (random.nextInt(4) > 0) {
        assertThat(vaults.get(random.nextInt(vaults.size())).delete(id)).isTrue();
      } else {
        survivors.put(name, id);
        readable.add(name);
      }
      written.countDown();
    }
  }

  private void read(List<SecretVault> vaults) {
    List<String> known = new ArrayList<>();
    while (!over.get()) {
      for (String name = readable.poll(); name != null; name = readable.poll()) {
        known.add(name);
      }
      for (String name : known) {
        for (SecretVault vault : vaults) {
          assertThat(VaultFixture.reveal(vault, name)).isEqualTo(name);
          assertThat(vault.verify(name, "u", vault.hmac(name, "u").hex())).isTrue();
          reads.incrementAndGet();
        }
      }
      vaults.forEach(vault -> assertThat(vault.list(ListQuery.all()).items()).isNotNull());
    }
  }

  /** Once in each round. */
  private void changeSlots(SecretVault vault) throws InterruptedException {
    byte[] key = new byte[MasterKey.BYTES];
    Arrays.fill(key, (byte) 7);
    for (rounds.acquire(); !over.get(); rounds.acquire()) {
      vault.keys().addUnlock(MasterKey.fromBytes(key));
      assertThat(vault.keys().unlockSlots()).hasSize(2);
      vault.keys().removeUnlock(MasterKey.fromBytes(key));
    }
  }
}
