package dev.secretvault.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Draws what {@code docs/PERFORMANCE.md} shows of digests, and the chart beside it, from the runs
 * in {@code results}: the page shows those, and nothing else. With {@code -Dsecretvault.draw=true}
 * the page is drawn anew, else compared.
 */
class DigestPageTest {

  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("floorTwoCompressions", "two bare SHA-256 compressions (floor, no hex)"),
          Map.entry("hmacHandle", "**`users.sign(id).digest().hex()`**, prepared handle"),
          Map.entry("hmacVaultById", "**`vault.hmac(id, userId).hex()`**"),
          Map.entry("hmacVaultByName", "**`vault.hmac(name, userId).hex()`**"),
          Map.entry("hmacJcaMacPerThread", "JCA `Mac`, one per thread"),
          Map.entry("hmacCommonsCodec", "Commons Codec `HmacUtils`, one per thread"),
          Map.entry("hmacTinkMac", "Tink `Mac`"),
          Map.entry("hmacTinkPrf", "Tink `PrfSet`"),
          Map.entry("hmacGuava", "Guava `Hashing.hmacSha256`"),
          Map.entry("hmacJcaMacPerCall", "JCA `Mac.getInstance` for each call"),
          Map.entry("hmacBouncyCastle", "BouncyCastle `HMac`, one per thread"),
          Map.entry("verifyHandle", "**`users.verify(token)`**"),
          Map.entry("verifyVault", "**`vault.verify(id, userId, hex)`**"),
          Map.entry("verifyJcaMacPerThread", "verify: JCA `Mac`, one per thread"),
          Map.entry("verifyTinkMac", "verify: Tink `Mac`"),
          Map.entry("verifyTinkPrf", "verify: Tink `PrfSet`"));

  private static final Path MODULE = Path.of("").toAbsolutePath();
  private static final Path DOCS = MODULE.resolveSibling("docs");

  private static final Path PAGE = DOCS.resolve("PERFORMANCE.md");
  private static final Path CHART = DOCS.resolve("digests.svg");
  private static final String BEGIN = "<!-- Drawn from benchmarks/results: see its README -->\n";
  private static final String END = "<!-- Up to here -->\n";

  private static JsonNode results(String file) {
    return JsonMapper.shared().readTree(MODULE.resolve("results").resolve(file));
  }

  private static List<JsonNode> all(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).toList();
  }

  private static JsonNode way(JsonNode list, String name) {
    return all(list).stream()
        .filter(way -> way.required("way").asString().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void page_showsTheRuns() throws IOException {
    JsonNode on17 = results("digests-jdk17.json");
    JsonNode on25 = results("digests-jdk25.json");
    String page = Files.readString(PAGE);
    String drawn =
        page.substring(0, page.indexOf(BEGIN) + BEGIN.length())
            + pairs(on17, on25)
            + targets(on17, on25)
            + absolute()
            + page.substring(page.indexOf(END));
    String chart = chart(on17);
    if (Boolean.getBoolean("secretvault.draw")) {
      Files.writeString(PAGE, drawn);
      Files.writeString(CHART, chart);
    }
    assertThat(PAGE).as("benchmarks/README.md says how to draw it anew").hasContent(drawn);
    assertThat(CHART).as("benchmarks/README.md says how to draw it anew").hasContent(chart);
  }

  private static String pairs(JsonNode on17, JsonNode on25) {
    StringBuilder table = new StringBuilder();
    table.append(
        "| | ratio, JDK 17 | quartiles | processor time | B/op "
            + "| ratio, JDK 25 | quartiles | processor time | B/op |\n");
    table.append("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (JsonNode way : all(on17.required("ways"))) {
      String name = way.required("way").asString();
      table.append("| ").append(NAMES.get(name));
      for (JsonNode each : List.of(way, way(on25.required("ways"), name))) {
        table.append(
            String.format(
                Locale.ROOT,
                " | %.2f | %s | %.2f | %d",
                number(each, "ratio"),
                quartiles(each),
                number(each, "cpu"),
                each.required("bytes").asInt()));
      }
      table.append(" |\n");
    }
    table.append("\n| two threads, times one, by the clock | JDK 17 | quartiles | JDK 25 |");
    table.append(" quartiles |\n| --- | --- | --- | --- | --- |\n");
    for (JsonNode way : all(on17.required("twoThreads"))) {
      String name = way.required("way").asString();
      table.append("| ").append(NAMES.get(name));
      for (JsonNode each : List.of(way, way(on25.required("twoThreads"), name))) {
        table.append(
            String.format(Locale.ROOT, " | %.2f | %s", number(each, "ratio"), quartiles(each)));
      }
      table.append(" |\n");
    }
    return table.append('\n').append(machine(on17)).append(machine(on25)).append('\n').toString();
  }

  private static String machine(JsonNode results) {
    return String.format(
        Locale.ROOT,
        "- Java %s, %d processors (%s), load %.1f at the beginning, %d pairs of %,d calls.%n",
        results.required("java").asString(),
        results.required("processors").asInt(),
        results.required("processor").asString(),
        number(results, "load"),
        results.required("rounds").asInt(),
        results.required("batch").asInt());
  }

  private static String quartiles(JsonNode way) {
    return String.format(Locale.ROOT, "%.2f\u2013%.2f", number(way, "low"), number(way, "high"));
  }

  /** What was aimed at, and whether it was reached. */
  private static String targets(JsonNode on17, JsonNode on25) {
    String whole = "hmacVaultById";
    StringBuilder table = new StringBuilder("| target | JDK 17 | JDK 25 |\n| --- | --- | --- |\n");
    Map<String, Double> peers = new LinkedHashMap<>();
    peers.put("hmacJcaMacPerThread", 0.80);
    peers.put("hmacTinkMac", 0.75);
    peers.put("hmacGuava", 0.62);
    peers.put("hmacJcaMacPerCall", 0.42);
    peers.forEach(
        (peer, most) ->
            target(
                table,
                String.format(
                        Locale.ROOT, "`vault.hmac(id, userId).hex()` at most %.2f \u00d7 ", most)
                    + NAMES.get(peer),
                most,
                ratio(on17, whole) / ratio(on17, peer),
                ratio(on25, whole) / ratio(on25, peer)));
    target(
        table,
        "prepared handle at most 0.70 \u00d7 " + NAMES.get("hmacJcaMacPerThread"),
        0.70,
        ratio(on17, "hmacHandle"),
        ratio(on25, "hmacHandle"));
    for (String name : List.of(whole, "hmacHandle")) {
      String way = NAMES.get(name);
      target(table, way + ": at most 800 B/op", 800, bytes(on17, name), bytes(on25, name));
      target(
          table,
          way + ": two threads at least 1.9 times one",
          -1.9,
          -number(way(on17.required("twoThreads"), name), "ratio"),
          -number(way(on25.required("twoThreads"), name), "ratio"));
    }
    return table.append('\n').toString();
  }

  /** With the sign turned, if more is better. */
  private static void target(
      StringBuilder table, String target, double most, double on17, double on25) {
    table.append("| ").append(target);
    for (double reached : List.of(on17, on25)) {
      table.append(
          String.format(
              Locale.ROOT,
              Math.abs(reached) < 10 ? " | %.2f%s" : " | %.0f%s",
              Math.abs(reached),
              reached <= most ? "" : ", **missed**"));
    }
    table.append(" |\n");
  }

  private static double ratio(JsonNode results, String name) {
    return number(way(results.required("ways"), name), "ratio");
  }

  private static double bytes(JsonNode results, String name) {
    return number(way(results.required("ways"), name), "bytes");
  }

  /** The runs of JMH that there are, by JDK and number of threads. */
  private static String absolute() throws IOException {
    List<Path> runs;
    try (Stream<Path> files = Files.list(MODULE.resolve("results"))) {
      runs =
          files.filter(file -> file.getFileName().toString().startsWith("jmh-")).sorted().toList();
    }
    if (runs.isEmpty()) {
      return "";
    }
    StringBuilder head = new StringBuilder("| JMH, ns/op and B/op |");
    StringBuilder line = new StringBuilder("| --- |");
    Map<String, StringBuilder> rows = new LinkedHashMap<>();
    for (Path file : runs) {
      List<JsonNode> run = all(JsonMapper.shared().readTree(file));
      head.append(
          String.format(
              Locale.ROOT,
              " JDK %s, threads: %d | B/op |",
              run.get(0).required("jdkVersion").asString(),
              run.get(0).required("threads").asInt()));
      line.append(" --- | --- |");
      for (JsonNode each : run) {
        String name = each.required("benchmark").asString();
        JsonNode score = each.required("primaryMetric");
        rows.computeIfAbsent(name.substring(name.lastIndexOf('.') + 1), way -> new StringBuilder())
            .append(
                String.format(
                    Locale.ROOT,
                    " %.0f \u00b1 %.0f | %.0f |",
                    number(score, "score"),
                    number(score, "scoreError"),
                    allocated(each)));
      }
    }
    StringBuilder table = head.append('\n').append(line).append('\n');
    rows.forEach(
        (way, cells) ->
            table.append("| ").append(NAMES.get(way)).append(" |").append(cells).append('\n'));
    return table.append('\n').toString();
  }

  private static double allocated(JsonNode run) {
    return run.required("secondaryMetrics").properties().stream()
        .filter(metric -> metric.getKey().endsWith("gc.alloc.rate.norm"))
        .mapToDouble(metric -> number(metric.getValue(), "score"))
        .findFirst()
        .orElseThrow();
  }

  private static double number(JsonNode way, String field) {
    return way.required(field).asDouble();
  }

  /** Bars of the ratios, with a line from the lower to the upper quartile. */
  private static String chart(JsonNode results) {
    List<JsonNode> ways =
        all(results.required("ways")).stream()
            .filter(way -> way.required("way").asString().startsWith("hmac"))
            .toList();
    int left = 330;
    double unit = 150;
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 820 %d\""
                + " font-family=\"sans-serif\" font-size=\"13\">%n",
            28 * ways.size() + 40));
    svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
    int y = 12;
    for (JsonNode way : ways) {
      String name = NAMES.get(way.required("way").asString());
      boolean ours = name.startsWith("**");
      svg.append(
          String.format(
              Locale.ROOT,
              "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>%n"
                  + "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"18\" fill=\"%s\"/>%n"
                  + "<path d=\"M%.1f %dH%.1f\" stroke=\"#222222\"/>%n"
                  + "<text x=\"%.1f\" y=\"%d\">%.2f</text>%n",
              left - 8,
              y + 14,
              name.replaceAll("[*`]", ""),
              left,
              y,
              unit * number(way, "ratio"),
              ours ? "#2f6f4f" : "#b9c2cc",
              left + unit * number(way, "low"),
              y + 9,
              left + unit * number(way, "high"),
              left + unit * number(way, "high") + 8,
              y + 14,
              number(way, "ratio")));
      y += 28;
    }
    svg.append(
        String.format(
            Locale.ROOT,
            "<path d=\"M%.1f 6V%d\" stroke=\"#222222\" stroke-dasharray=\"3 3\"/>%n"
                + "<text x=\"%d\" y=\"%d\">time for one digest in hex; 1 is a JCA Mac per thread,"
                + " less is better (Java %s)</text>%n</svg>%n",
            left + unit,
            y,
            left - 200,
            y + 16,
            results.required("java").asString()));
    return svg.toString();
  }
}
