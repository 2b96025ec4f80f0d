package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.crypto.PasswordPolicy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many threads want the same one-time secrets, through two vaults on one store. */
class OneTimeRaceTest {

  private static final int THREADS = 16;

  @TempDir Path directory;

  private static List<SharedSecret> share(SecretVault vault, int secrets) {
    List<SharedSecret> shared = new ArrayList<>();
    for (int i = 0; i < secrets; i++) {
      shared.add(vault.oneTime().share(OneTimeSpec.of(("value-" + i).toCharArray())));
    }
    return shared;
  }

  static void race(VaultFixture fixture, int secrets) {
    try (fixture;
        SecretVault other = fixture.open()) {
      List<SharedSecret> shared = share(fixture.vault, secrets);
      AtomicInteger refused = new AtomicInteger();
      AtomicInteger given = new AtomicInteger();
      Set<String> plaintexts = ConcurrentHashMap.newKeySet();
      Racers.run(
          THREADS,
          racer -> {
            OneTimeSecrets mine = (racer % 2 == 0 ? fixture.vault : other).oneTime();
            for (int i = 0; i < secrets; i++) {
              try (SecretValue value = mine.reveal(shared.get(i).link())) {
                assertThat(VaultFixture.textOf(value)).isEqualTo("value-" + i);
                plaintexts.add("value-" + i);
                given.incrementAndGet();
              } catch (AlreadyRevealedException another) {
                refused.incrementAndGet();
              }
            }
          });
      assertThat(given).hasValue(secrets);
      assertThat(plaintexts).hasSize(secrets);
      assertThat(refused).hasValue((THREADS - 1) * secrets);
    }
  }

  @Test
  void tenThousandSecrets_giveTenThousandPlaintexts() {
    race(VaultFixture.inMemory(), 10_000);
  }

  @Test
  void onFiles_eachSecretGivesOnePlaintext() {
    race(VaultFixture.onFiles(directory.resolve("vault")), 500);
  }

  @Test
  void generatedValue_isShownToOneOfMany() {
    takeGenerated(VaultFixture.inMemory(), 100);
  }

  static void takeGenerated(VaultFixture fixture, int rounds) {
    try (fixture;
        SecretVault other = fixture.open()) {
      for (int round = 0; round < rounds; round++) {
        SharedSecret shared =
            fixture
                .vault
                .oneTime()
                .generate(OneTimeSpec.generated(PasswordPolicy.ofLength(9)).shownOnReceipt());
        AtomicInteger shown = new AtomicInteger();
        Racers.run(
            8,
            racer ->
                (racer % 2 == 0 ? fixture.vault : other)
                    .oneTime()
                    .takeGenerated(shared.receipt())
                    .ifPresent(
                        value -> {
                          value.close();
                          shown.incrementAndGet();
                        }));
        assertThat(shown).hasValue(1);
      }
    }
  }

  @Test
  void burnAndReveal_haveOneWinner() {
    burnAndReveal(VaultFixture.inMemory(), 200);
  }

  /** In each block, those who burn begin at one end, and those who reveal at the other. */
  static void burnAndReveal(VaultFixture fixture, int blocks) {
    int block = 10;
    int secrets = blocks * block;
    try (fixture;
        SecretVault other = fixture.open()) {
      List<SharedSecret> shared = share(fixture.vault, secrets);
      AtomicIntegerArray given = new AtomicIntegerArray(secrets);
      AtomicIntegerArray burned = new AtomicIntegerArray(secrets);
      CyclicBarrier begun = new CyclicBarrier(4);
      Racers.run(
          4,
          racer -> {
            OneTimeSecrets mine = (racer < 2 ? fixture.vault : other).oneTime();
            for (int i = 0; i < secrets; i++) {
              if (i % block == 1) {
                // So that each side wins once, and then they race.
                int ignored = begun.await(1, TimeUnit.MINUTES);
              }
              if (racer % 2 == 0) {
                if (mine.burn(shared.get(i).receipt()).state() == OneTimeState.BURNED) {
                  burned.incrementAndGet(i);
                }
              } else {
                int at = i - i % block + block - 1 - i % block;
                try {
                  mine.reveal(shared.get(at).link()).close();
                  given.incrementAndGet(at);
                } catch (AlreadyRevealedException | SecretNotFoundException lost) {
                  // The other way of ending it won, or the other thread did.
                }
              }
            }
          });
      for (int i = 0; i < secrets; i++) {
        OneTimeState state = fixture.vault.oneTime().receipt(shared.get(i).receipt()).state();
        if (i % block == 0) {
          assertThat(state).isEqualTo(OneTimeState.BURNED);
        } else if (i % block == block - 1) {
          assertThat(state).isEqualTo(OneTimeState.REVEALED);
        }
        if (state == OneTimeState.REVEALED) {
          assertThat(given.get(i)).isEqualTo(1);
          assertThat(burned.get(i)).isZero();
        } else {
          assertThat(state).isEqualTo(OneTimeState.BURNED);
          assertThat(given.get(i)).isZero();
          assertThat(burned.get(i)).isEqualTo(2); // Both are told that it is.
        }
      }
    }
  }
}
