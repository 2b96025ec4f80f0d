package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DemoTest {

  @TempDir Path place;

  private Cli.Answer demo(String... arguments) throws IOException {
    String[] args = Stream.concat(Stream.of("demo"), Stream.of(arguments)).toArray(String[]::new);
    Cli.Answer answer = new Cli(place).runBare(args);
    String from = "$ cd ";
    int at = answer.out().indexOf(from);
    if (at >= 0) {
      delete(Path.of(answer.out().substring(at + from.length()).lines().findFirst().orElseThrow()));
    }
    return answer;
  }

  /** The demo leaves its directory for people to look at; nobody looks at a test's. */
  private static void delete(Path directory) throws IOException {
    assertThat(directory.getFileName().toString()).startsWith("secretvault-demo-");
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  @Test
  void demo_alone_isAsPromisedAndFitsTheTerminal() throws IOException {
    Cli.Answer demo = demo();
    assertThat(demo.exitCode()).as(demo.out() + demo.err()).isZero();
    assertThat(demo.err()).isEmpty();
    assertThat(demo.out())
        .contains("secretvault: the secret is not active: activate it first\n  (exit code 1)")
        .contains("yes: the same digest as before")
        .contains("  genuine\n")
        .contains("  not genuine\n  (exit code 1)")
        .contains("yes: none of them is there")
        .contains("10,000 user IDs signed")
        .endsWith("Everything was as promised.\n")
        .doesNotContain("NO: ");
    assertThat(demo.out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThan(73));
  }

  @Test
  void demo_givenFile_signsIt() throws IOException {
    Path ids = place.resolve("my ids.txt");
    Files.writeString(ids, "a,b\r\nlone\rreturn\n\"q\"\n\u00fc");
    Cli.Answer demo = demo(ids.toString());
    assertThat(demo.exitCode()).as(demo.out()).isZero();
    assertThat(demo.out())
        .contains("sign web-login --in '" + ids + "' --out digests.csv")
        .contains("  4 user IDs signed")
        .contains("yes: javax.crypto.Mac makes the same digests (4 compared)");
  }

  @Test
  void demo_malformedFile_saysWhereAndEndsWithOne() throws IOException {
    Path ids = place.resolve("ids.txt");
    Files.writeString(ids, "a\n\nb\n");
    Cli.Answer demo = demo(ids.toString());
    assertThat(demo.exitCode()).isEqualTo(1);
    assertThat(demo.err()).isEqualTo("secretvault: " + ids + ", line 2: is empty\n");
    assertThat(demo.out()).endsWith("  (exit code 1)\n");
  }

  @Test
  void demo_missingFile_isRefusedBeforeAnythingIsDone() throws IOException {
    Cli.Answer demo = demo(place.resolve("nothing.txt").toString());
    assertThat(demo.exitCode()).isEqualTo(1);
    assertThat(demo.out()).isEmpty();
    assertThat(demo.err()).hasLineCount(1).contains("cannot be read");
  }

  static Stream<String> formsOfPlaintext() {
    byte[] text = "plaintext?~".getBytes(StandardCharsets.UTF_8);
    return Stream.of(
        "{\"x\":\"plaintext?~\"}",
        HexFormat.of().formatHex(text),
        HexFormat.of().withUpperCase().formatHex(text),
        Base64.getEncoder().encodeToString(text),
        Base64.getUrlEncoder().withoutPadding().encodeToString(text),
        Base64.getEncoder().encodeToString("1plaintext?~".getBytes(StandardCharsets.UTF_8)),
        Base64.getEncoder().encodeToString("12plaintext?~34".getBytes(StandardCharsets.UTF_8)),
        Base64.getUrlEncoder().encodeToString("1234plaintext?~5".getBytes(StandardCharsets.UTF_8)));
  }

  @ParameterizedTest
  @MethodSource("formsOfPlaintext")
  void search_plaintextInAnyForm_isFound(String form) throws IOException {
    Files.createDirectory(place.resolve("sub"));
    Files.writeString(place.resolve("sub/file"), "..." + form + "...");
    PlaintextSearch search = new PlaintextSearch(place);
    assertThat(search.finds("plaintext?~")).isTrue();
    assertThat(search.finds("plaintexT?~")).isFalse();
    assertThat(search.files()).isEqualTo(1);
    assertThat(search.bytes()).isEqualTo(form.length() + 6);
  }
}
