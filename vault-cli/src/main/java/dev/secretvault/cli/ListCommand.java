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
    List<Integer> widths = widths(rows);
    print(rows, widths, streams);
    while (page.next().isPresent() && !streams.out().checkError()) {
      page = vault.list(query.after(page.next().get()));
      print(rows(page), widths, streams);
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

  private static List<Integer> widths(List<List<String>> rows) {
    List<Integer> widths = new ArrayList<>();
    for (int column = 0; column < rows.get(0).size(); column++) {
      int at = column;
      widths.add(rows.stream().mapToInt(row -> length(row.get(at))).max().orElse(0));
    }
    return widths;
  }

  private static void print(List<List<String>> rows, List<Integer> widths, Streams streams) {
    StringBuilder table = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < row.size(); column++) {
        String cell = row.get(column);
        line.append(cell).append(" ".repeat(Math.max(0, widths.get(column) - length(cell)) + 2));
      }
      table.append(line.toString().stripTrailing()).append(System.lineSeparator());
    }
    streams.out().print(table);
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
