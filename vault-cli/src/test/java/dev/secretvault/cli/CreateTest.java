package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a secret gets its value, and that the value gets nowhere else. */
class CreateTest {

  private static final String USER = "user@domain.com";

  @TempDir Path place;
  Cli cli;

  @BeforeEach
  void createVault() {
    cli = Cli.withVault(place);
  }

  @Test
  void create_generated_printsTheValueThatSigns() {
    Cli.Answer created = cli.does("create", "web", "--active");
    assertThat(created.line()).matches("[A-Za-z0-9_-]{43}");
    assertThat(created.err()).hasLineCount(1).doesNotContain(created.line());
    assertThat(cli.does("hmac", "web", USER).line()).isEqualTo(DemoStage.mac(created.line(), USER));
  }

  @Test
  void create_generatedAndRevealable_isRevealedAlike() {
    String value = cli.does("create", "web", "--active", "--disclosure", "revealable").line();
    assertThat(cli.does("reveal", "web").out()).isEqualTo(value);
  }

  @Test
  void create_anyBytes_areRevealedByteForByte() {
    byte[] value = new byte[256];
    for (int i = 0; i < value.length; i++) {
      value[i] = (byte) (i + 20); // Ends with 0x13, holds line breaks and what is no UTF-8.
    }
    cli.reading(new ByteArrayInputStream(value)).does("create", "b", "--value-stdin", "--active");
    assertThat(cli.does("reveal", "b").bytes()).isEqualTo(value);
  }

  @Test
  void create_valueWithLineBreaks_losesTheLastOnly() {
    cli.creates("one", "a\nb\n");
    cli.creates("two", "a\n\n");
    cli.creates("three", "a\r\n");
    cli.creates("four", "a\r");
    assertThat(cli.does("reveal", "one").out()).isEqualTo("a\nb");
    assertThat(cli.does("reveal", "two").out()).isEqualTo("a\n");
    assertThat(cli.does("reveal", "three").out()).isEqualTo("a");
    assertThat(cli.does("reveal", "four").out()).isEqualTo("a\r");
  }

  @Test
  void create_longestValue_isTakenWithAndWithoutLineBreak() {
    String longest = "x".repeat(65_536);
    cli.creates("plain", longest);
    cli.creates("ended", longest + "\r\n");
    assertThat(cli.does("reveal", "plain").out()).isEqualTo(longest);
    assertThat(cli.does("reveal", "ended").out()).isEqualTo(longest);
  }

  /** Keeps the arrays that were filled. */
  private static final class Watched extends ByteArrayInputStream {
    final List<byte[]> filled = new ArrayList<>();

    Watched(String text) {
      super(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public synchronized int read(byte[] target, int offset, int length) {
      filled.add(target);
      return super.read(target, offset, length);
    }

    @Override
    public int readNBytes(byte[] target, int offset, int length) {
      filled.add(target);
      return super.readNBytes(target, offset, length);
    }
  }

  @Test
  void create_valueFromStdin_isOverwrittenInMemory() {
    Watched in = new Watched("secret");
    cli.reading(in).does("create", "web", "--value-stdin");
    assertThat(in.filled).isNotEmpty().allSatisfy(array -> assertThat(array).containsOnly(0));
  }

  @Test
  void create_valueFromPrompt_isAskedTwiceAndOverwritten() {
    Typist typist = new Typist("s\u00e9cret", "s\u00e9cret");
    cli.asking(typist).does("create", "web", "--value-prompt", "--active");
    assertThat(typist.hidden).hasSize(2).allSatisfy(text -> assertThat(text).containsOnly('\0'));
    assertThat(cli.does("reveal", "web").out()).isEqualTo("s\u00e9cret");
  }

  @Test
  void create_promptAnsweredBadly_createsNothing() {
    Map<String, String> before = cli.disk();
    Typist differing = new Typist("first", "second one");
    Cli.Answer answer = cli.asking(differing).run("create", "web", "--value-prompt");
    assertThat(answer.exitCode()).isEqualTo(1);
    assertThat(answer.err()).contains("the second time differs").doesNotContain("first");
    assertThat(differing.hidden).allSatisfy(text -> assertThat(text).containsOnly('\0'));
    assertThat(cli.asking(new Typist((String) null)).run("create", "w", "--value-prompt").err())
        .contains("no value was typed");
    assertThat(cli.asking(new Typist("", "")).run("create", "w", "--value-prompt").err())
        .contains("value: must not be empty");
    assertThat(cli.disk()).isEqualTo(before);
  }

  @Test
  void create_allOptions_areListed() {
    String id =
        cli.reading("v")
            .does(
                "create",
                "web",
                "--value-stdin",
                "--active",
                "--disclosure",
                "once",
                "--description",
                "for the web",
                "--label",
                "platform=web",
                "--label",
                "env=a=b")
            .line();
    assertThat(cli.does("list").out().lines().skip(1))
        .singleElement()
        .asString()
        .matches(id + "  web   active  once        \\S+Z  env=a=b platform=web");
  }
}
