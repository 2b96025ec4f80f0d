package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnchorTest {

  @TempDir Path place;

  @Test
  void vaultWithAnAnchor_isUsedWithIt_andNotWithout() throws IOException {
    Cli cli = new Cli(place);
    String anchor = cli.file("anchor").toString();
    cli.does("--anchor", anchor, "init");
    cli.reading("value").does("--anchor", anchor, "create", "web", "--value-stdin");
    assertThat(cli.does("--anchor", anchor, "list").out()).contains("web");
    Cli.Answer without = cli.run("list");
    assertThat(without.exitCode()).isEqualTo(1);
    assertThat(without.err()).contains("--anchor");
    String mark = Files.readString(Path.of(anchor));
    Files.delete(Path.of(anchor));
    assertThat(cli.run("--anchor", anchor, "list").err()).contains("no mark");
    Files.writeString(Path.of(anchor), "nonsense");
    assertThat(cli.run("--anchor", anchor, "list").err()).contains("the freshness anchor failed");
    Files.writeString(Path.of(anchor), mark);
    assertThat(cli.does("--anchor", anchor, "list").out()).contains("web");
  }
}
