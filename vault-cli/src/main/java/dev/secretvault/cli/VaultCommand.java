package dev.secretvault.cli;

import dev.secretvault.SecretId;
import dev.secretvault.SecretInfo;
import dev.secretvault.SecretNotFoundException;
import dev.secretvault.SecretVault;
import dev.secretvault.crypto.MasterKey;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command on a vault that exists: prepares, opens it, runs, closes it. */
@Command
abstract class VaultCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public final Integer call() throws IOException {
    Main main = main();
    prepare(main.streams());
    try (SecretVault vault = main.openExisting()) {
      return run(vault, main.streams());
    }
  }

  private Main main() {
    return (Main) spec.root().userObject();
  }

  /** Where the vault is. */
  final Place place() {
    return main().location().place();
  }

  /** The master key that the vault is opened with, once more; for the caller to close. */
  final MasterKey masterKey() {
    return main().location().keySource(false).masterKey(main().streams());
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
