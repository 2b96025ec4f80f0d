package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ArgumentsTest {

  @Test
  void garbled_whatAsciiCannotHold_isReported() {
    assertThat(garbled("ANSI_X3.4-1968", "hmac", "web", "?ser")).contains("argument 3 ");
    assertThat(garbled("US-ASCII", "hmac", "web", "user")).isEmpty();
    assertThat(garbled("UTF-8", "hmac", "web", "user?")).isEmpty();
    assertThat(garbled("ISO-8859-1", "hmac", "web", "user?")).isEmpty();
    assertThat(garbled("UTF-8", "hmac", "w\ufffdb", "user")).contains("argument 2 ");
    assertThat(garbled("no-such-charset", "hmac", "web", "user?")).isEmpty();
  }

  @Test
  void garbled_parametersOfAUrl_areMeant() {
    String url = "jdbc:postgresql://a,b/db?targetServerType=primary&user=app";
    for (String meant : List.of(url, "--jdbc=" + url, "--from=" + url, "--to=" + url)) {
      assertThat(garbled("US-ASCII", "--jdbc", meant, "list")).isEmpty();
    }
    for (String unfit :
        List.of(
            url + "&password=?",
            url + "\ufffd",
            "jdbc:postgresql://a/d?b",
            "jdbc:postgresql://?/db?user=app",
            "x" + url,
            "https://a/?user=app")) {
      assertThat(garbled("US-ASCII", "--jdbc", unfit)).contains("argument 2 ");
    }
  }

  private static String garbled(String encoding, String... args) {
    return Arguments.garbled(args, encoding).orElse("");
  }

  @Test
  void printable_controlsAndMarks_areEscaped() {
    assertThat(Printable.of("a\nb\u001b[2J\u009b\u202e\ufeff\ud800"))
        .isEqualTo("a\\u{a}b\\u{1b}[2J\\u{9b}\\u{202e}\\u{feff}\\u{d800}");
    assertThat(Printable.of("\u00fc \u65e5\u672c \ud83d\ude00"))
        .isEqualTo("\u00fc \u65e5\u672c \ud83d\ude00");
  }
}
