package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.RandomLife.Divergence;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The vault does what the model says, whatever is done with it in whatever order. A run can be
 * repeated with {@code -Dsecretvault.life.seed}, and is as long as {@code
 * -Dsecretvault.life.operations} and {@code -Dsecretvault.life.fileOperations} say.
 */
class RandomLifeTest {

  private static final long SEED = Long.getLong("secretvault.life.seed", new Random().nextLong());

  @TempDir Path directory;

  static Map<String, Integer> run(
      long seed, int vaults, Supplier<SecretStore> medium, int operations) {
    try (RandomLife life = new RandomLife(seed, vaults, medium, null)) {
      System.out.println("random life: seed " + seed + ", " + operations + " operations");
      return life.run(operations);
    } catch (Divergence e) {
      throw new AssertionError("seed " + seed + ", " + e.getMessage(), e);
    }
  }

  @Test
  void twoVaultsInMemory_doWhatTheModelSays() {
    int operations = Integer.getInteger("secretvault.life.operations", 200_000);
    Map<String, Integer> outcomes = run(SEED, 2, VaultFixture.newMemory(), operations);
    assertThat(outcomes)
        .as("what came about")
        .containsKeys(
            "create: DuplicateNameException",
            "create: IllegalArgumentException",
            "create: QuotaExceededException",
            "putIfChanged: AlreadyRevealedException",
            "putIfChanged: PutSecret",
            "rotate: SecretExpiredException",
            "rollback: SecretExpiredException",
            "update: AlreadyRevealedException",
            "rotate: QuotaExceededException",
            "rollback: SecretInfo",
            "retire: SecretInfo",
            "activate: SecretExpiredException",
            "update: StaleRevisionException",
            "update: DuplicateNameException",
            "delete: true",
            "sweep: some",
            "list, cursor: Optional",
            "reveal by name: String",
            "reveal: SecretNotFoundException",
            "hmac: SecretExpiredException",
            "verify: true",
            "matches by name: true");
  }

  @Test
  void aVaultOnFiles_doesWhatTheModelSays() {
    int operations = Integer.getInteger("secretvault.life.fileOperations", 5_000);
    Supplier<SecretStore> onFiles = () -> FileSecretStore.open(directory.resolve("vault"));
    run(SEED, 1, onFiles, operations);
  }

  /** The negative control: each of these twins would be caught. */
  @ParameterizedTest
  @EnumSource(LifeFlaw.class)
  void aModelWithABrokenRule_diverges(LifeFlaw flaw) {
    try (RandomLife life = new RandomLife(SEED, 1, VaultFixture.newMemory(), flaw)) {
      assertThatThrownBy(() -> life.run(60_000)).as("seed %s", SEED).isInstanceOf(Divergence.class);
    }
  }
}
