package dev.secretvault.cli;

import dev.secretvault.ListQuery;
import dev.secretvault.Page;
import dev.secretvault.SecretInfo;
import dev.secretvault.SecretState;
import dev.secretvault.SecretVault;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lists secrets. */
@Command(
    name = "list",
    description = "List secrets in the order of their creation, without their values.")
final class ListCommand extends VaultCommand {

  @Option(
      names = "--state",
      paramLabel = "STATE",
      description = "Only those that are inactive, active, or revealed.")
  private @Nullable SecretState state;

  @Option(names = "--label", paramLabel = "KEY=VALUE", description = "Only those with this label.")
  private @Nullable Label label;

  @Override
  int run(SecretVault vault, Streams streams) {
    ListQuery query = ListQuery.all();
    if (state != null) {
      query = query.state(state);
    }
    if (label != null) {
      query = query.label(label.key(), label.value());
    }
    Page<SecretInfo> page = vault.list(query);
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("id", "name", "state", "disclosure", "created", "labels"));
    rows.addAll(rows(page));
    // A vault may have a million secrets: the first page decides how wide the columns are.
    Table table = new Table(streams.out());
    table.print(rows);
    while (page.next().isPresent() && !streams.out().checkError()) {
      page = vault.list(query.after(page.next().get()));
      table.print(rows(page));
    }
    return Main.DONE;
  }

  private static List<List<String>> rows(Page<SecretInfo> page) {
    return page.items().stream().map(ListCommand::row).toList();
  }

  private static List<String> row(SecretInfo info) {
    return List.of(
        info.id().text(),
        Printable.of(info.name()),
        Choice.word(info.state()),
        Choice.word(info.disclosure()),
        info.createdAt().truncatedTo(ChronoUnit.SECONDS).toString(),
        new TreeMap<>(info.labels())
            .entrySet().stream()
                .map(label -> Printable.of(label.getKey() + "=" + label.getValue()))
                .collect(Collectors.joining(" ")));
  }
}
