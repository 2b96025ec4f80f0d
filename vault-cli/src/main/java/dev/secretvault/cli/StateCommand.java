package dev.secretvault.cli;

import dev.secretvault.SecretId;
import dev.secretvault.SecretInfo;
import dev.secretvault.SecretVault;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Changes what may be done with a secret. */
abstract class StateCommand extends VaultCommand {

  @Parameters(paramLabel = "NAME-OR-ID", description = "The secret.")
  private String nameOrId;

  abstract SecretInfo change(SecretVault vault, SecretId id);

  @Override
  int run(SecretVault vault, Streams streams) {
    SecretInfo changed = change(vault, find(vault, nameOrId).id());
    streams.out().println(changed.id() + " is " + Choice.word(changed.state()));
    return Main.DONE;
  }

  /** Lets a secret be used. */
  @Command(name = "activate", description = "Let a secret sign, verify and be revealed.")
  static final class Activate extends StateCommand {
    @Override
    SecretInfo change(SecretVault vault, SecretId id) {
      return vault.activate(id);
    }
  }

  /** Keeps a secret from being used. */
  @Command(
      name = "deactivate",
      description = "Keep a secret from signing, verifying and being revealed, until activated.")
  static final class Deactivate extends StateCommand {
    @Override
    SecretInfo change(SecretVault vault, SecretId id) {
      return vault.deactivate(id);
    }
  }
}
