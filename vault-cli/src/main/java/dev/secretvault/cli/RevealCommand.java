package dev.secretvault.cli;

import dev.secretvault.SecretId;
import dev.secretvault.SecretValue;
import dev.secretvault.SecretVault;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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

  @Mixin private PassphraseOptions passphrase;

  private Optional<char[]> typed = Optional.empty();

  @Override
  void prepare(Streams streams) {
    typed = passphrase.read(streams, false);
  }

  @Override
  int run(SecretVault vault, Streams streams) {
    SecretId id = find(vault, nameOrId).id();
    try (SecretValue value = typed.isPresent() ? vault.reveal(id, typed.get()) : vault.reveal(id)) {
      value.use(
          bytes -> {
            streams.out().write(bytes, 0, bytes.length);
            return bytes.length;
          });
    } finally {
      typed.ifPresent(HiddenText::overwrite);
    }
    if (streams.outIsTerminal()) {
      streams.out().println();
    }
    return Main.DONE;
  }
}
