package dev.secretvault.cli;

import dev.secretvault.SecretId;
import dev.secretvault.SecretInfo;
import dev.secretvault.SecretNotFoundException;
import dev.secretvault.SecretVault;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** A command on a vault that exists: prepares, opens it, runs, closes it. */
@Command
abstract class VaultCommand implements Callable<Integer> {

  @ParentCommand private Main main;

  @Override
  public final Integer call() throws IOException {
    prepare(main.streams());
    try (SecretVault vault = main.openExisting()) {
      return run(vault, main.streams());
    }
  }

  /** What needs no vault, and may take its time without keeping others from it. */
  void prepare(Streams streams) throws IOException {}

  /** Does the work and returns the exit code. */
  abstract int run(SecretVault vault, Streams streams) throws IOException;

  /**
   * Finds a secret. An id wins over a name: ids are given out by the vault, so nobody can choose a
   * name that draws another secret's commands to it.
   */
  static SecretInfo find(SecretVault vault, String nameOrId) {
    try {
      return vault.describe(SecretId.of(nameOrId));
    } catch (IllegalArgumentException | SecretNotFoundException notAnId) {
      return vault
          .find(nameOrId)
          .orElseThrow(
              () ->
                  Refusal.because(
                      "there is no such secret; to see those there are, run: secretvault list"));
    }
  }
}
