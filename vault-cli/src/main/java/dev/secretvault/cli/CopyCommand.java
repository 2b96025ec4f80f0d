package dev.secretvault.cli;

import dev.secretvault.store.SecretStore;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
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
      paramLabel = "PLACE",
      description = "The vault's directory, or the URL of its PostgreSQL database, like --jdbc.")
  @SuppressWarnings("NullAway.Init") // It is required.
  private String from;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "PLACE",
      description = "Where the copy is: in a new or empty place, or an unfinished copy.")
  @SuppressWarnings("NullAway.Init") // It is required.
  private String to;

  @Option(
      names = "--from-password-env",
      paramLabel = "VARIABLE",
      description =
          "The environment variable that holds the password of the database to copy from.")
  private @Nullable String fromPasswordVariable;

  @Option(
      names = "--to-password-env",
      paramLabel = "VARIABLE",
      description = "The environment variable that holds the password of the database to copy to.")
  private @Nullable String toPasswordVariable;

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
    try (Place source = place("--from", from, fromPasswordVariable);
        Place target = place("--to", to, toPasswordVariable)) {
      if (source.name().equals(target.name())) {
        throw Refusal.calledWrongly("--from and --to are the same place");
      }
      copy(source, target);
    }
    return Main.DONE;
  }

  private static Place place(String option, String place, @Nullable String passwordVariable) {
    if (Database.isUrl(place)) {
      return new Database(place, option, passwordVariable);
    }
    if (passwordVariable != null) {
      throw Refusal.calledWrongly(option + "-password-env is of use with a database only");
    }
    return new Directory(Path.of(place).toAbsolutePath().normalize());
  }

  private void copy(Place source, Place target) {
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
              + " again: it would give out once more what was given out; move it away, or lock it,"
              + " so that nothing opens it");
    } else {
      out.println("to move over, stop all that uses the vault, and run this again with --finish");
    }
  }
}
