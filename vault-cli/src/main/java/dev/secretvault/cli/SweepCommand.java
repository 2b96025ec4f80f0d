package dev.secretvault.cli;

import dev.secretvault.SecretVault;
import picocli.CommandLine.Command;

/** Removes what has expired, which a program does that has the vault open for longer. */
@Command(
    name = "sweep",
    description =
        "Remove the secrets that have expired, for good. An application that has the vault open does"
            + " so by itself, within a second.")
final class SweepCommand extends VaultCommand {

  @Override
  int run(SecretVault vault, Streams streams) {
    vault.sweep();
    streams.out().println("what has expired is removed");
    return Main.DONE;
  }
}
