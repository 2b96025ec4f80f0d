package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.IntegrityException;
import dev.secretvault.SecretSpec;
import dev.secretvault.SecretVault;
import dev.secretvault.cli.VaultCopy.Result;
import dev.secretvault.cli.VaultCopy.State;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command, on directories. */
@Timeout(120)
class CopyTest {

  private static final String VALUE = "the-value-that-must-not-show";
  private static final int KILLS = 4;

  @TempDir Path place;
  Cli cli;

  @BeforeEach
  void createVault() {
    cli = Cli.withVault(place);
    cli.creates("web", VALUE);
  }

  private Path copy() {
    return cli.file("copy");
  }

  private Cli.Answer copies(String... more) {
    return copies(cli.vault(), copy(), more);
  }

  private Cli.Answer copies(Path from, Path to, String... more) {
    List<String> args = new ArrayList<>(List.of("copy", "--from", from.toString()));
    args.addAll(List.of("--to", to.toString()));
    args.addAll(List.of(more));
    return cli.runBare(args.toArray(String[]::new));
  }

  private Cli.Answer onCopy(String... command) {
    List<String> args = new ArrayList<>(List.of("--dir", copy().toString()));
    args.addAll(List.of("--key-file", cli.key().toString()));
    args.addAll(List.of(command));
    return cli.runBare(args.toArray(String[]::new));
  }

  private void refused(int exitCode, String why, Cli.Answer answer, Map<String, String> before) {
    assertThat(answer.err()).startsWith("secretvault: ").contains(why).hasLineCount(1);
    assertThat(answer.exitCode()).isEqualTo(exitCode);
    assertThat(answer.out()).isEmpty();
    assertThat(cli.disk()).isEqualTo(before);
  }

  @Test
  void copy_andFinish_movesTheVaultWithoutItsKey() throws IOException {
    Path elsewhere = Files.move(cli.key(), cli.file("elsewhere"));
    Cli.Answer first = copies();
    assertThat(first.exitCode()).as(first.err()).isZero();
    assertThat(first.out().lines())
        .containsExactly(
            "records copied to the copy, or deleted there: 3",
            "the copy holds what the vault holds: 3 records, verified; it is no vault yet",
            "to move over, stop all that uses the vault, and run this again with --finish");
    Files.move(elsewhere, cli.key());
    Cli.Answer tooEarly = onCopy("reveal", "web");
    assertThat(tooEarly.exitCode()).isEqualTo(Main.REFUSED);
    assertThat(tooEarly.err()).contains("an unfinished copy").hasLineCount(1);
    Cli.Answer init = onCopy("init");
    assertThat(init.exitCode()).isEqualTo(Main.REFUSED);
    assertThat(init.err()).contains("there is an unfinished copy").hasLineCount(1);

    cli.creates("later", "x");
    String list = cli.does("list").out();
    Cli.Answer last = copies("--finish");
    assertThat(last.exitCode()).as(last.err()).isZero();
    assertThat(last.out().lines())
        .containsExactly(
            "closing the vault; if this breaks off, run it again, or with --undo to go back",
            "records copied to the copy, or deleted there: 4",
            "the copy is a vault of 7 records, verified",
            "use " + copy() + " from now on",
            cli.vault() + " is closed: delete it when you can do without its records");
    assertThat(cli.run("reveal", "web").err()).contains("use its copy if it was moved");
    assertThat(first.err() + last.err()).isEmpty();
    assertThat(onCopy("reveal", "web").out()).isEqualTo(VALUE);
    assertThat(onCopy("list").out()).isEqualTo(list);
    assertThat(copies("--finish").out()).contains("the copy is a vault of 7 records, verified");

    onCopy("deactivate", "web");
    Map<String, String> before = cli.disk();
    refused(1, "there is no directory", copies(cli.vault(), cli.file("cpoy"), "--finish"), before);
    refused(1, "it has been used since: nothing was changed", copies(), before);
    // And back, to a new place.
    assertThat(copies(copy(), cli.file("back"), "--finish").exitCode()).isZero();
    try (SecretStore one = FileSecretStore.openExisting(copy());
        SecretStore other = FileSecretStore.openExisting(cli.file("back"))) {
      CopyFixture.assertMoved(one, other);
    }
  }

  @Test
  void copy_whileAProgramHasTheVaultOpen_isTheOnlyVault() throws IOException {
    try (SecretVault vault = open(cli.vault())) {
      vault.create(SecretSpec.named("early").generated()).close();
      assertThat(copies().out()).contains("verified; it is no vault yet");
      Map<String, String> before = cli.disk();
      refused(1, "there is nothing to undo", copies("--undo"), before);
      assertThat(copies("--finish").exitCode()).isZero();
      assertThatThrownBy(() -> vault.reveal("web"))
          .isInstanceOf(IntegrityException.class)
          .hasMessageContaining("use its copy if it was moved");
      refused(1, "the copy is the vault now", copies("--undo"), cli.disk());
      // The copy is lost.
      Files.move(copy(), cli.file("lost"));
      String undone = cli.vault() + " is the vault again\n";
      assertThat(cli.runBare("copy", "--from", cli.vault().toString(), "--undo").out())
          .isEqualTo(undone);
      vault.reveal("web").close();
      vault.create(SecretSpec.named("late").generated()).close();
    }
    assertThat(cli.does("reveal", "web").out()).isEqualTo(VALUE);
  }

  private SecretVault open(Path directory) {
    return SecretVault.builder()
        .store(FileSecretStore.openExisting(directory))
        .masterKey(MasterKey.fromFile(cli.key()))
        .openExisting();
  }

  @Test
  void copy_refused_createsNothing() throws IOException {
    Path empty = Files.createDirectory(cli.file("empty"));
    Path file = Files.writeString(cli.file("file"), "x");
    Path other = Files.createDirectory(cli.file("other"));
    Files.writeString(other.resolve("notes.txt"), "notes");
    Path nowhere = cli.file("nowhere");
    Map<String, String> before = cli.disk();
    String from = "name the vault's with --from";
    refused(1, "there is no directory " + nowhere + ": " + from, copies(nowhere, copy()), before);
    refused(1, "is empty: " + from, copies(empty, copy()), before);
    refused(1, "is not a SecretVault directory", copies(other, copy()), before);
    refused(1, "is not a SecretVault directory", copies(cli.vault(), other), before);
    refused(1, " is a file; name the directory", copies(cli.vault(), file), before);
    refused(2, "exclude each other", copies("--undo", "--finish"), before);
    refused(2, "missing required option: '--to", cli.runBare("copy", "--from", "x"), before);
    refused(2, "copy takes no master key", cli.run("copy", "--from", "x", "--to", "y"), before);
  }

  @Test
  void copy_toItself_isRefusedByAnyName() throws IOException {
    Path link = Files.createSymbolicLink(cli.file("link"), cli.vault());
    for (Path name : List.of(cli.vault(), link)) {
      Map<String, String> before = cli.disk();
      refused(1, "there is a vault already", copies(cli.vault(), name), before);
      refused(1, "there is a vault already", copies(cli.vault(), name, "--finish"), before);
      refused(1, "there is nothing to undo", copies(cli.vault(), name, "--undo"), before);
    }
    assertThat(cli.does("reveal", "web").out()).isEqualTo(VALUE);
  }

  /** As for the operating system, what is above a link is above the place that it leads to. */
  @Test
  void copy_toPlaceAboveALink_isWhereTheLinkLeads() throws IOException {
    Path deep = Files.createDirectories(cli.file("a").resolve("b"));
    Path link = Files.createSymbolicLink(cli.file("link"), deep);
    assertThat(copies(cli.vault(), link.resolve("../copy")).exitCode()).isZero();
    assertThat(cli.file("a").resolve("copy")).isNotEmptyDirectory();
    assertThat(copy()).doesNotExist();
  }

  @Test
  void copy_fromEmptyStore_createsNoCopy() {
    FileSecretStore.open(cli.file("empty")).close();
    Map<String, String> before = cli.disk();
    refused(1, "there is no vault to copy from", copies(cli.file("empty"), copy()), before);
  }

  @Test
  void copy_killedAtTheLastCommit_isFinishedOrUndone() throws Exception {
    CopyFixture fixture = new CopyFixture(CopyFixture.seeded("kill last"));
    for (boolean undo : new boolean[] {false, true}) {
      Path from = cli.file("from-" + undo);
      Path to = cli.file("to-" + undo);
      try (SecretVault vault = CopyFixture.vault(FileSecretStore.open(from))) {
        fixture.use(vault, 20);
      }
      int commits;
      try (SecretStore source = FileSecretStore.openExisting(from)) {
        commits = CopyFixture.commits(source, true);
      }
      CopyWorker.killAtCommit(commits, from.toString(), to.toString());
      boolean finished;
      try (SecretStore copy = FileSecretStore.openExisting(to)) {
        finished = copy.read(CopySource.HEADER).isPresent();
      }
      Cli.Answer answer = copies(from, to, undo ? "--undo" : "--finish");
      assertThat(answer.exitCode()).as(answer.err()).isEqualTo(undo && finished ? 1 : 0);
      if (undo && !finished) {
        CopyFixture.openExisting(FileSecretStore.openExisting(from)).close();
        CopyFixture.assertNoVault(FileSecretStore.openExisting(to));
        continue;
      }
      try (SecretStore source = FileSecretStore.openExisting(from);
          SecretStore copy = FileSecretStore.openExisting(to)) {
        CopyFixture.assertMoved(source, copy);
      }
    }
  }

  @Test
  void copy_killedAtAnyCommit_goesOnWhereItWas() throws Exception {
    SplittableRandom random = CopyFixture.seeded("kill");
    Path from = cli.file("large");
    try (SecretVault vault = CopyFixture.vault(FileSecretStore.open(from))) {
      new CopyFixture(random.split()).use(vault, 120);
    }
    for (int kill = 0; kill < KILLS; kill++) {
      CopyWorker.killAtCommit(1 + random.nextInt(6), from.toString(), copy().toString());
      try (FileSecretStore copy = FileSecretStore.open(copy())) {
        assertThat(copy.read(CopySource.HEADER)).isEmpty();
      }
      CopyFixture.assertNoVault(FileSecretStore.open(copy()));
    }
    try (SecretStore source = FileSecretStore.openExisting(from);
        SecretStore copy = FileSecretStore.openExisting(copy())) {
      int records = CopyFixture.contents(source).size();
      int there = CopyFixture.contents(copy).size();
      assertThat(there).isGreaterThan(KILLS);
      Result result = CopyFixture.copying(source, copy).finish();
      assertThat(result).isEqualTo(new Result(State.FINISHED, records - there + 1, records));
      CopyFixture.assertMoved(source, copy);
    }
  }
}
