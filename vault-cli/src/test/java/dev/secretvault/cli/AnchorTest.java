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

  /** It goes along with the vault, and so notices if the old one is opened again. */
  @Test
  void copy_vaultWithAnAnchor_isTheOnlyOneOnceItIsUsed() {
    Cli cli = new Cli(place);
    String anchor = cli.file("anchor").toString();
    String copy = cli.file("copy").toString();
    cli.does("--anchor", anchor, "init");
    String[] copies = {"copy", "--from", cli.vault().toString(), "--to", copy, "--finish"};
    assertThat(cli.runBare(copies).exitCode()).isZero();
    for (String name : new String[] {"web", "app"}) {
      String key = cli.key().toString();
      cli.reading("value");
      assertThat(
              cli.runBare(
                      "--dir",
                      copy,
                      "--key-file",
                      key,
                      "--anchor",
                      anchor,
                      "create",
                      name,
                      "--value-stdin")
                  .exitCode())
          .isZero();
    }
    // As if the copy was lost, which is not true.
    cli.runBare("copy", "--from", cli.vault().toString(), "--undo");
    Cli.Answer old = cli.run("--anchor", anchor, "list");
    assertThat(old.exitCode()).isEqualTo(1);
    assertThat(old.err()).contains("older");
  }
}
