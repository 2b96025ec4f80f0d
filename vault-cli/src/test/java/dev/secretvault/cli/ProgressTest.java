package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressTest {

  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private long now;

  static Streams streams(OutputStream err, boolean terminal) {
    PrintStream print = new PrintStream(err, true, StandardCharsets.UTF_8);
    PrintStream none =
        new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
    return new Streams(InputStream.nullInputStream(), none, print, false, false, terminal, null);
  }

  private Progress progress(boolean terminal, long size) {
    return new Progress(streams(err, terminal), size, "user IDs signed", () -> now);
  }

  private String shown() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private void after(int milliseconds) {
    now += milliseconds * 1_000_000L;
  }

  @Test
  void terminal_shortWork_showsNothing() {
    try (Progress progress = progress(true, 100)) {
      after(299);
      progress.advanced(100, 10);
    }
    assertThat(shown()).isEmpty();
  }

  @Test
  void terminal_longWork_drawsABarInOneLineAndTakesItAway() {
    Progress progress = progress(true, 100);
    after(500);
    progress.advanced(50, 1_000_000);
    assertThat(shown())
        .isEqualTo(
            "\r[############------------]  50%  1,000,000 user IDs signed, 2,000,000 a second");
    assertThat(shown()).hasSizeLessThan(80);
    after(50);
    progress.advanced(25, 10);
    assertThat(shown().chars().filter(c -> c == '\r')).as("not drawn again so soon").hasSize(1);
    after(50);
    progress.advanced(25, 10);
    assertThat(shown()).contains("\r[########################] 100%  1,000,020 user IDs signed");
    err.reset();
    progress.close();
    assertThat(shown()).matches("\r {60,80}\r");
    progress.close();
    assertThat(shown()).matches("\r {60,80}\r");
  }

  @Test
  void terminal_unknownSize_countsOnly() {
    Progress progress = progress(true, Progress.UNKNOWN);
    after(1_000);
    progress.advanced(50, 3_000);
    assertThat(shown()).isEqualTo("\r3,000 user IDs signed, 3,000 a second");
  }

  @Test
  void terminal_inputThatGrows_staysAtHundredPercent() {
    Progress progress = progress(true, 10);
    after(1_000);
    progress.advanced(50, 1);
    assertThat(shown()).contains("] 100%");
  }

  @Test
  void file_longWork_saysALineEveryFiveSeconds() {
    try (Progress progress = progress(false, 100)) {
      for (int i = 0; i < 11; i++) {
        after(1_000);
        progress.advanced(5, 100);
      }
    }
    assertThat(shown().lines())
        .containsExactly(
            "secretvault:  25%  500 user IDs signed, 100 a second",
            "secretvault:  50%  1,000 user IDs signed, 100 a second");
  }

  @Test
  void summary_saysHowManyAndHowFast() {
    Progress progress = progress(false, 100);
    after(500);
    progress.advanced(100, 50_000);
    assertThat(progress.summary()).isEqualTo("50,000 user IDs signed in 0.50 s (100,000 a second)");
    assertThat(progress(false, 0).summary()).isEqualTo("0 user IDs signed in 0.00 s");
  }
}
