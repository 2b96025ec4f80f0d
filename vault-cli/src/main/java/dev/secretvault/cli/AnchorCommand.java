package dev.secretvault.cli;

import dev.secretvault.FreshnessAnchor;
import dev.secretvault.VaultBuilder;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What remembers elsewhere how far the vault has come. */
@Command(
    name = "anchor",
    description =
        "Have a file elsewhere remember how far the vault has come: its freshness anchor.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {AnchorCommand.Begin.class, AnchorCommand.Renew.class})
final class AnchorCommand {

  /** Gives the vault an anchor. */
  @Command
  abstract static class Act implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Parameters(
        paramLabel = "FILE",
        description = "The new anchor, where whoever may put back the vault cannot put it back.")
    private Path file;

    @Override
    public final Integer call() {
      Main main = (Main) spec.root().userObject();
      FreshnessAnchor anchor = FreshnessAnchor.inFile(file);
      main.location()
          .openExisting(main.streams(), (builder, hasAnchor) -> choose(builder, hasAnchor, anchor))
          .close();
      main.streams()
          .out()
          .println("the vault's freshness anchor is " + Printable.of(file.toString()));
      main.streams().out().println("from now on nothing opens the vault without it");
      return Main.DONE;
    }

    abstract void choose(VaultBuilder builder, boolean hasAnchor, FreshnessAnchor anchor);
  }

  /** The first one. */
  @Command(
      name = "begin",
      description = {
        "Give the vault its first anchor. It has one for good then, and is opened with it alone.",
        "Applications that have the vault open without it change nothing any more."
      })
  static final class Begin extends Act {

    @Override
    void choose(VaultBuilder builder, boolean hasAnchor, FreshnessAnchor anchor) {
      if (hasAnchor) {
        throw Refusal.because(
            "the vault has a freshness anchor; for another one, run: secretvault anchor renew"
                + " FILE");
      }
      builder.freshness(anchor);
    }
  }

  /** Another one. */
  @Command(
      name = "renew",
      description = {
        "Take the vault as it stands, with a new anchor: after a backup was put back on purpose, or"
            + " when the anchor is lost. The former one is refused then.",
        "What was revealed or deleted since the backup was made is back."
      })
  static final class Renew extends Act {

    @Override
    void choose(VaultBuilder builder, boolean hasAnchor, FreshnessAnchor anchor) {
      builder.freshnessFromNow(anchor);
    }
  }
}
