package dev.secretvault.cli;

import dev.secretvault.store.SecretStore;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
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
      "To move over, stop all that uses the vault, and run this again with --finish. That closes the"
          + " vault for all who still have it open, and makes the copy the vault.",
      "Compares all records each time, copies those that differ, and verifies all. If it breaks off,"
          + " run it again. The exit code is 0 only if the copy is verified."
    })
final class CopyCommand implements Callable<Integer> {

  @Option(
      names = "--from",
      required = true,
      paramLabel = "PLACE",
      description =
          "The vault's directory, or the URL of its PostgreSQL database, like --jdbc. A password in"
              + " it can be seen in the list of processes.")
  @SuppressWarnings("NullAway.Init") // It is required.
  private String from;

  @Option(
      names = "--to",
      paramLabel = "PLACE",
      description = "Where the copy is: in a new or empty place, or an unfinished copy.")
  private @Nullable String to;

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
      description = "Close the vault, and make the copy the vault, if it holds what that holds.")
  private boolean finish;

  @Option(
      names = "--undo",
      description =
          "Open a vault again that was closed for a copy which is not finished. Leave out --to only"
              + " if the copy is lost for good: else there may be two vaults.")
  private boolean undo;

  @ParentCommand private Main main;

  @Override
  public Integer call() {
    if (!main.location().isDefault()) {
      throw Refusal.calledWrongly("copy takes no master key, and the vault with --from");
    }
    if (finish && undo) {
      throw Refusal.calledWrongly("--finish and --undo exclude each other: leave one out");
    }
    if (to == null && !undo) {
      throw Refusal.calledWrongly("missing required option: '--to=PLACE'");
    }
    try (Place source = place("--from", from, fromPasswordVariable);
        Place target = to == null ? null : place("--to", to, toPasswordVariable)) {
      source.check("name the vault's with --from");
      try (SecretStore vault = openExisting(source)) {
        return target == null || undo ? undo(vault, source, target) : copy(vault, source, target);
      }
    }
  }

  private static Place place(String option, String place, @Nullable String passwordVariable) {
    if (Database.isUrl(place)) {
      return new Database(place, option, passwordVariable);
    }
    if (passwordVariable != null) {
      throw Refusal.calledWrongly(option + "-password-env is of use with a database only");
    }
    return new Directory(Path.of(place).toAbsolutePath());
  }

  private int undo(SecretStore vault, Place source, @Nullable Place target) {
    if (target == null) {
      VaultCopy.undo(vault, Optional.empty());
    } else {
      target.check("name the copy with --to, or leave that out if there is none any more");
      try (SecretStore copy = openExisting(target)) {
        VaultCopy.undo(vault, Optional.of(copy));
      }
    }
    main.streams().out().println(Printable.of(source.name()) + " is the vault again");
    return Main.DONE;
  }

  private int copy(SecretStore vault, Place source, Place target) {
    boolean fenced = CopySource.of(vault).isFenced();
    if (fenced) {
      target.check("name the copy's place with --to");
    }
    VaultCopy.Result result;
    // Else a place is created for nothing.
    try (SecretStore written = fenced ? openExisting(target) : target.open(main.streams())) {
      VaultCopy copy = copying(vault, written);
      result = finish && fenced ? copy.finish() : copy.copy();
    }
    if (finish && !fenced) {
      // Opened anew, so that the vault is closed only for a copy that was read from where it is.
      try (SecretStore written = openExisting(target)) {
        result = copying(vault, written).finish().after(result);
      }
    }
    if (result.state() == VaultCopy.State.FINISHED) {
      try (SecretStore opened = openExisting(target)) {
        VaultCopy.requireHeader(vault, opened);
      }
    }
    report(result, source, target);
    return result.state().exitCode();
  }

  private SecretStore openExisting(Place place) {
    return place.openExisting(main.streams());
  }

  private VaultCopy copying(SecretStore vault, SecretStore copy) {
    return new VaultCopy(vault, copy, SecretStore.MAX_CHANGES, main.streams());
  }

  private void report(VaultCopy.Result result, Place source, Place target) {
    PrintStream out = main.streams().out();
    out.println(
        String.format(
            Locale.ROOT, "records copied to the copy, or deleted there: %,d", result.made()));
    String what =
        switch (result.state()) {
          case BEHIND ->
              "the vault is in use: the copy's records are of different moments, and not verified";
          case IN_STEP ->
              "the copy holds what the vault holds: %,d records, verified; it is no vault yet";
          case FINISHED -> "the copy is a vault of %,d records, verified";
        };
    out.println(String.format(Locale.ROOT, what, result.records()));
    if (result.state() == VaultCopy.State.FINISHED) {
      out.println("use " + Printable.of(target.name()) + " from now on");
      out.println(
          Printable.of(source.name())
              + " is closed: delete it when you can do without its records");
    } else {
      out.println("to move over, stop all that uses the vault, and run this again with --finish");
    }
  }
}
