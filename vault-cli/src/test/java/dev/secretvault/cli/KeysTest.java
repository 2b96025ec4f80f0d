package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysTest {

  private static final String PASSPHRASE = "correct horse battery staple";

  @TempDir Path place;
  Cli cli;

  @BeforeEach
  void createVault() {
    cli = Cli.withVault(place);
    cli.creates("web", "secret");
  }

  private List<String> slots() {
    return cli.does("keys", "show")
        .out()
        .lines()
        .skip(1)
        .takeWhile(line -> !line.isEmpty())
        .map(String::strip)
        .toList();
  }

  private List<String> epochs() {
    return cli.does("keys", "show")
        .out()
        .lines()
        .dropWhile(line -> !line.startsWith("epoch"))
        .skip(1)
        .map(line -> line.replaceAll("  \\S+Z", "").replaceAll(" +", " ").strip())
        .toList();
  }

  private Cli.Answer bare(Typist typist, String... command) {
    return cli.asking(typist).runBare(command);
  }

  @Test
  void show_newVault_hasOneSlotAndOneEpoch() {
    assertThat(slots()).singleElement().asString().matches("[0-9a-f]{16}  a key");
    assertThat(epochs()).containsExactly("1 3 current");
  }

  @Test
  void rotate_reencrypt_retire_oneAfterTheOther() {
    assertThat(cli.does("keys", "rotate").line()).isEqualTo("epoch 2");
    assertThat(epochs()).containsExactly("1 3", "2 0 current");
    assertThat(cli.does("keys", "reencrypt").line())
        .isEqualTo("3 records examined, 3 of them sealed anew");
    assertThat(epochs()).containsExactly("1 0 safe to retire", "2 3 current");
    assertThat(cli.does("keys", "retire", "1").line()).isEqualTo("epoch 1 is retired");
    assertThat(epochs()).containsExactly("2 3 current");
    assertThat(cli.does("reveal", "web").out()).isEqualTo("secret");
  }

  @Test
  void addUnlock_passphrase_opensTheVaultUntilItIsRemoved() {
    String slot =
        cli.asking(new Typist(PASSPHRASE, PASSPHRASE))
            .does("keys", "add-unlock", "--new-key-passphrase")
            .line();
    assertThat(slots()).hasSize(2).last().asString().isEqualTo(slot + "  a passphrase");
    String[] reveal = {"--dir", cli.vault().toString(), "--key-passphrase", "reveal", "web"};
    Typist right = new Typist(PASSPHRASE);
    assertThat(bare(right, reveal).out()).startsWith("secret");
    assertThat(right.hidden).allSatisfy(typed -> assertThat(typed).containsOnly('\0'));
    Cli.Answer wrong = bare(new Typist("something else"), reveal);
    assertThat(wrong.exitCode()).isEqualTo(1);
    assertThat(wrong.err()).contains("this master key does not unlock the vault");
    assertThat(cli.does("keys", "remove-unlock", slot).line()).isEqualTo(slot + " is removed");
    assertThat(bare(new Typist(PASSPHRASE), reveal).exitCode()).isEqualTo(1);
    assertThat(cli.does("reveal", "web").out()).isEqualTo("secret");
  }

  @Test
  void removeUnlock_lastSlot_isRefusedAndChangesNothing() {
    String slot = slots().get(0).substring(0, 16);
    Map<String, String> before = cli.disk();
    Cli.Answer answer = cli.run("keys", "remove-unlock", slot);
    assertThat(answer.exitCode()).isEqualTo(1);
    assertThat(answer.err()).contains("the last unlock slot must stay");
    assertThat(cli.disk()).isEqualTo(before);
  }

  @Test
  void addUnlock_fileInTheVault_isRefusedAndNotMade() {
    Map<String, String> before = cli.disk();
    String inside = cli.vault().resolve("new.key").toString();
    Cli.Answer answer = cli.run("keys", "add-unlock", "--new-key-file", inside);
    assertThat(answer.exitCode()).isEqualTo(2);
    assertThat(answer.err()).contains("must not lie in the vault's directory");
    assertThat(cli.disk()).isEqualTo(before);
  }

  @Test
  void changeMasterKey_newFile_isMadeAndTheOldOneOpensNothing() throws Exception {
    Path next = cli.file("next.key");
    Cli.Answer changed = cli.does("keys", "change-master-key", "--new-key-file", next.toString());
    assertThat(changed.line()).isEqualTo("the master key is changed");
    assertThat(changed.err()).contains("created the new master key in " + next);
    assertThat(cli.run("reveal", "web").err()).contains("does not unlock the vault");
    Files.copy(next, cli.key(), StandardCopyOption.REPLACE_EXISTING);
    assertThat(cli.does("reveal", "web").out()).isEqualTo("secret");
  }

  @Test
  void init_passphrase_isAskedTwiceAndOpensTheVault() {
    String other = cli.file("other").toString();
    Cli.Answer created =
        bare(new Typist(PASSPHRASE, PASSPHRASE), "init", "--dir", other, "--key-passphrase");
    assertThat(created.exitCode()).as(created.err()).isZero();
    assertThat(bare(new Typist(PASSPHRASE), "--dir", other, "--key-passphrase", "list").exitCode())
        .isZero();
    assertThat(cli.file("other.key")).doesNotExist();
  }

  @Test
  void reveal_protectedSecret_takesItsPassphrase() {
    cli.asking(new Typist("hidden", "hidden", PASSPHRASE, PASSPHRASE))
        .does("create", "vip", "--value-prompt", "--active", "--passphrase");
    Cli.Answer without = cli.run("reveal", "vip");
    assertThat(without.exitCode()).isEqualTo(1);
    assertThat(without.err()).contains("wrong ones left: 20; to be asked for it, add --passphrase");
    assertThat(cli.asking(new Typist("no")).run("reveal", "vip", "--passphrase").err())
        .contains("wrong ones left: 19");
    Typist right = new Typist(PASSPHRASE);
    assertThat(cli.asking(right).does("reveal", "vip", "--passphrase").out()).startsWith("hidden");
    assertThat(right.hidden).allSatisfy(typed -> assertThat(typed).containsOnly('\0'));
    assertThat(cli.run("hmac", "vip", "u").err()).contains("makes no digests");
  }
}
