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

  /** A mistyped file of a command that only looks would otherwise stop all applications. */
  @Test
  void vaultWithoutAnAnchor_isGivenOneOnlyIfThatIsSaid() throws IOException {
    Cli cli = new Cli(place);
    cli.does("init");
    String anchor = cli.file("anchor").toString();
    Cli.Answer looking = cli.run("--anchor", anchor, "list");
    assertThat(looking.exitCode()).isEqualTo(1);
    assertThat(looking.err()).contains("secretvault anchor begin FILE");
    assertThat(Path.of(anchor)).doesNotExist();
    cli.does("list");
    cli.does("anchor", "begin", anchor);
    cli.does("--anchor", anchor, "list");
    assertThat(cli.run("list").err()).contains("--anchor");
    assertThat(cli.run("anchor", "begin", anchor).err()).contains("secretvault anchor renew FILE");
  }

  @Test
  void renew_takesTheVaultAsItStands_withANewAnchor() throws IOException {
    Cli cli = new Cli(place);
    String lost = cli.file("lost").toString();
    String anchor = cli.file("anchor").toString();
    cli.does("--anchor", lost, "init");
    cli.reading("value").does("--anchor", lost, "create", "web", "--value-stdin");
    assertThat(cli.run("anchor", "renew", lost).err()).contains("take a new one");
    Files.delete(Path.of(lost));
    assertThat(cli.run("--anchor", lost, "list").exitCode()).isEqualTo(1);
    cli.does("anchor", "renew", anchor);
    cli.does("--anchor", anchor, "list");
    assertThat(cli.run("--anchor", lost, "list").exitCode()).isEqualTo(1);
  }
}
