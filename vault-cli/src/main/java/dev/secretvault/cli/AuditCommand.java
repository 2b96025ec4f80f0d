package dev.secretvault.cli;

import dev.secretvault.AuditEvent;
import dev.secretvault.AuditQuery;
import dev.secretvault.AuditVerification;
import dev.secretvault.Page;
import dev.secretvault.SecretVault;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import picocli.CommandLine.Command;

/** What was done, where the vault keeps a trail of it. */
@Command(
    name = "audit",
    description = "Show and verify what was done, if the vault keeps an audit trail.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {AuditCommand.Show.class, AuditCommand.Verify.class})
final class AuditCommand {

  /** Shows all events. */
  @Command(name = "show", description = "Show what was done, the oldest first.")
  static final class Show extends VaultCommand {
    @Override
    int run(SecretVault vault, Streams streams) {
      AuditQuery query = AuditQuery.all();
      Page<AuditEvent> page = vault.audit().list(query);
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("event", "time", "what", "secret", "version", "by"));
      rows.addAll(rows(page));
      Table table = new Table(streams.out());
      table.print(rows);
      while (page.next().isPresent() && !streams.out().checkError()) {
        page = vault.audit().list(query.after(page.next().get()));
        table.print(rows(page));
      }
      return Main.DONE;
    }

    private static List<List<String>> rows(Page<AuditEvent> page) {
      return page.items().stream().map(Show::row).toList();
    }

    private static List<String> row(AuditEvent event) {
      return List.of(
          String.valueOf(event.sequence()),
          event.at().truncatedTo(ChronoUnit.SECONDS).toString(),
          Choice.word(event.kind()),
          Objects.toString(event.secret(), ""),
          event.version() == 0 ? "" : String.valueOf(event.version()),
          Printable.of(Objects.requireNonNullElse(event.actor(), "")));
    }
  }

  /** Verifies the chain of events. */
  @Command(
      name = "verify",
      description = {
        "Verify that all events are there, as they were written. Exits with 1 if they are not."
      })
  static final class Verify extends VaultCommand {
    @Override
    int run(SecretVault vault, Streams streams) {
      AuditVerification verified = vault.audit().verify();
      if (verified.intact()) {
        streams
            .out()
            .println(
                verified.last() < verified.first()
                    ? "there are no events"
                    : "events " + verified.first() + " to " + verified.last() + " are intact");
        return Main.DONE;
      }
      throw Refusal.because(
          "the audit trail is broken: " + describe(verified.broken().orElseThrow()));
    }

    private static String describe(AuditVerification.Break broken) {
      return switch (broken.fault()) {
        case MISSING -> "event " + broken.sequence() + " is missing";
        case ALTERED -> "event " + broken.sequence() + " was altered";
        case UNLINKED -> "event " + broken.sequence() + " does not follow the one before it";
        case UNEXPECTED -> "event " + broken.sequence() + " is none of the trail";
        case HEAD_LOST -> "what says where it begins and ends is missing or damaged";
      };
    }
  }
}
