package dev.secretvault.cli;

import dev.secretvault.SecretValue;
import dev.secretvault.SecretVault;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Reveals a value. */
@Command(
    name = "reveal",
    description = {
      "Print the value of an active secret: exactly its bytes, and a line break only on a terminal.",
      "A secret whose disclosure is once gives its value to one call, and then it is gone."
    })
final class RevealCommand extends VaultCommand {

  @Parameters(paramLabel = "NAME-OR-ID", description = "The secret.")
  private String nameOrId;

  @Override
  int run(SecretVault vault, Streams streams) {
    try (SecretValue value = vault.reveal(find(vault, nameOrId).id())) {
      value.use(
          bytes -> {
            streams.out().write(bytes, 0, bytes.length);
            return bytes.length;
          });
    }
    if (streams.outIsTerminal()) {
      streams.out().println();
    }
    return Main.DONE;
  }
}
