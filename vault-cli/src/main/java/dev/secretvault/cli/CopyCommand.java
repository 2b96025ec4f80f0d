package dev.secretvault.cli;

import dev.secretvault.store.SecretStore;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Moves a vault to another place. */
@Command(
    name = "copy",
    description = {
      "Copy a vault to another place, without its master key. The vault may be in use meanwhile, and"
          + " the copy brought up to date as often as you like: it is no vault yet.",
      "To move over, stop all that uses the vault, and run this again with --finish. From then on use"
          + " the copy alone: of two vaults, each gives out what is to be given out once.",
      "Compares all records each time, copies those that differ, and verifies all. If it breaks off,"
          + " run it again."
    })
final class CopyCommand implements Callable<Integer> {

  @Option(
      names = "--from",
      required = true,
      paramLabel = "DIR",
      description = "The vault's directory.")
  @SuppressWarnings("NullAway.Init") // It is required.
  private Path from;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "DIR",
      description = "The directory of the copy: a new or empty one, or an unfinished copy.")
  @SuppressWarnings("NullAway.Init") // It is required.
  private Path to;

  @Option(
      names = "--finish",
      description = "Make the copy a vault, if it holds what the vault holds and that is at rest.")
  private boolean finish;

  @ParentCommand private Main main;

  @Override
  public Integer call() {
    if (!main.location().isDefault()) {
      throw Refusal.calledWrongly("copy takes no master key, and the vault with --from");
    }
    if (from.toAbsolutePath().normalize().equals(to.toAbsolutePath().normalize())) {
      throw Refusal.calledWrongly("--from and --to are the same directory");
    }
    Place source = new Place.Directory(from);
    Place target = new Place.Directory(to);
    Streams streams = main.streams();
    source.check("name the vault's with --from");
    try (SecretStore read = source.openExisting(streams)) {
      // Else a directory is created for nothing.
      VaultCopy.header(read);
      try (SecretStore written = target.open()) {
        VaultCopy copy =
            new VaultCopy(read, written, SecretStore.MAX_CHANGES, VaultCopy.QUIET, streams);
        report(finish ? copy.finish() : copy.copy(), source, target);
      }
    }
    return Main.DONE;
  }

  private void report(VaultCopy.Result result, Place source, Place target) {
    PrintStream out = main.streams().out();
    out.println(
        String.format(
            Locale.ROOT, "%,d records were copied or deleted in the copy", result.made()));
    String what =
        switch (result.state()) {
          case BEHIND ->
              "the vault is in use: the copy is as it was a moment ago, and is not verified yet";
          case IN_STEP ->
              "the copy holds what the vault holds: %,d records, verified; it is no vault yet";
          case FINISHED -> "the copy is a vault of %,d records, verified";
        };
    out.println(String.format(Locale.ROOT, what, result.records()));
    if (result.state() == VaultCopy.State.FINISHED) {
      out.println("use " + Printable.of(target.name()) + " from now on");
      out.println(
          "never use "
              + Printable.of(source.name())
              + " again: it would give out once more what was given out; move it to where nothing"
              + " opens it");
    } else {
      out.println("to move over, stop all that uses the vault, and run this again with --finish");
    }
  }
}
