package dev.secretvault.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/** Prints rows in columns as wide as the first rows printed need. */
final class Table {

  private final PrintStream out;
  private final List<Integer> widths = new ArrayList<>();

  Table(PrintStream out) {
    this.out = out;
  }

  /** Prints rows with the same number of cells as all the others. */
  void print(List<List<String>> rows) {
    if (widths.isEmpty() && !rows.isEmpty()) {
      for (int column = 0; column < rows.get(0).size(); column++) {
        int at = column;
        widths.add(rows.stream().mapToInt(row -> length(row.get(at))).max().orElse(0));
      }
    }
    StringBuilder table = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < row.size(); column++) {
        String cell = row.get(column);
        line.append(cell).append(" ".repeat(Math.max(0, widths.get(column) - length(cell)) + 2));
      }
      table.append(line.toString().stripTrailing()).append(System.lineSeparator());
    }
    out.print(table);
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
