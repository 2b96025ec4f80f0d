package dev.secretvault.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Draws the table and the chart of {@code docs/PERFORMANCE.md} from what {@link DigestPairs}
 * printed, into {@code target}, and compares: the page shows a run, and nothing else. After a new
 * run, put its JSON into {@code results} and copy what is drawn.
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
          Map.entry("verifyTinkPrf", "verify: Tink `PrfSet`"));

  private static final Path MODULE = Path.of("").toAbsolutePath();
  private static final Path DOCS = MODULE.resolveSibling("docs");

  private static JsonNode results(String file) {
    return JsonMapper.shared().readTree(MODULE.resolve("results").resolve(file));
  }

  private static List<JsonNode> ways(JsonNode results) {
    return StreamSupport.stream(results.required("ways").spliterator(), false).toList();
  }

  private static JsonNode way(JsonNode results, String name) {
    return ways(results).stream()
        .filter(way -> way.required("way").asString().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void page_showsTheRuns() throws IOException {
    JsonNode on17 = results("digests-jdk17.json");
    JsonNode on25 = results("digests-jdk25.json");
    String table = table(on17, on25);
    String chart = chart(on17);
    Path drawn = Files.createDirectories(MODULE.resolve("target/performance"));
    Files.writeString(drawn.resolve("digests.md"), table);
    Files.writeString(drawn.resolve("digests.svg"), chart);
    assertThat(Files.readString(DOCS.resolve("PERFORMANCE.md")))
        .as("copy target/performance/digests.md into it")
        .contains(table);
    assertThat(DOCS.resolve("digests.svg"))
        .as("copy target/performance/digests.svg over it")
        .hasContent(chart);
  }

  private static String table(JsonNode on17, JsonNode on25) {
    StringBuilder table = new StringBuilder();
    table.append(
        "| | ratio, JDK 17 | quartiles | by the clock | B/op | ratio, JDK 25 | quartiles |\n");
    table.append("| --- | --- | --- | --- | --- | --- | --- |\n");
    for (JsonNode way : ways(on17)) {
      String name = way.required("way").asString();
      JsonNode other = way(on25, name);
      table.append(
          String.format(
              Locale.ROOT,
              "| %s | %.2f | %.2f\u2013%.2f | %.2f | %d | %.2f | %.2f\u2013%.2f |%n",
              NAMES.get(name),
              number(way, "ratio"),
              number(way, "low"),
              number(way, "high"),
              number(way, "clock"),
              way.required("bytes").asInt(),
              number(other, "ratio"),
              number(other, "low"),
              number(other, "high")));
    }
    table.append('\n');
    table.append(
        String.format(
            Locale.ROOT,
            "Two threads do %.2f times as much as one through the vault and %.2f times through the"
                + " handle on JDK 17, %.2f and %.2f times on JDK 25.%n",
            scaling(on17, "hmacVaultById"),
            scaling(on17, "hmacHandle"),
            scaling(on25, "hmacVaultById"),
            scaling(on25, "hmacHandle")));
    return table.toString();
  }

  private static double number(JsonNode way, String field) {
    return way.required(field).asDouble();
  }

  private static double scaling(JsonNode results, String name) {
    return results.required("twoThreads").required(name).asDouble();
  }

  /** Bars of the ratios, with a line from the lower to the upper quartile. */
  private static String chart(JsonNode results) {
    List<JsonNode> ways =
        ways(results).stream()
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
