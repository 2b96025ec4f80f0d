package dev.secretvault.cli;

import dev.secretvault.SecretInfo;
import dev.secretvault.SecretVault;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Deletes a secret. */
@Command(
    name = "delete",
    description = "Delete a secret with its value, for good. Asks before, unless --yes is given.")
final class DeleteCommand extends VaultCommand {

  @Parameters(paramLabel = "NAME-OR-ID", description = "The secret.")
  private String nameOrId;

  @Option(names = "--yes", description = "Do not ask.")
  private boolean yes;

  @Override
  int run(SecretVault vault, Streams streams) {
    SecretInfo info = find(vault, nameOrId);
    if (!yes && !confirmed(info, streams)) {
      throw Refusal.because("nothing was deleted");
    }
    vault.delete(info.id());
    streams.out().println(info.id() + " is deleted");
    return Main.DONE;
  }

  private static boolean confirmed(SecretInfo info, Streams streams) {
    Streams.Prompt prompt = streams.prompt();
    if (prompt == null) {
      throw Refusal.calledWrongly("there is no terminal to ask on: add --yes to delete");
    }
    String answer =
        prompt.line(
            "Delete " + Printable.of(info.name()) + " (" + info.id() + ") for good? [y/N] ");
    return answer != null
        && (answer.strip().toLowerCase(Locale.ROOT).equals("y")
            || answer.strip().toLowerCase(Locale.ROOT).equals("yes"));
  }
}
