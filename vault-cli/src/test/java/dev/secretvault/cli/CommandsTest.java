package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.CreatedSecret;
import dev.secretvault.SecretSpec;
import dev.secretvault.SecretVault;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.file.FileSecretStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandsTest {

  private static final Pattern SPACES = Pattern.compile(" +");
  private static final String USER = "user@domain.com";
  private static final String DIGEST_UNDER_SECRET =
      "19c2034c62b102e30b99a73f13caab2a0bbdd833c82d1224b44760ee749f57d3";

  @TempDir Path place;
  Cli cli;

  @BeforeEach
  void createVault() {
    cli = Cli.withVault(place);
  }

  @Test
  void init_nothingThere_createsVaultAndKeyForTheOwnerAlone() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cli.key())))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(cli.vault())))
        .isEqualTo("rwx------");
    assertThat(cli.does("list").line()).isEqualTo("id  name  state  disclosure  created  labels");
  }

  @Test
  void init_keyIsThere_takesIt() throws IOException {
    String key = Files.readString(cli.key());
    Path second = cli.file("second");
    Cli.Answer answer =
        cli.runBare("init", "--dir", second.toString(), "--key-file", cli.key().toString());
    assertThat(answer.exitCode()).isZero();
    assertThat(answer.out()).contains("unlocked by the master key that was in " + cli.key());
    assertThat(Files.readString(cli.key())).isEqualTo(key);
  }

  @Test
  void hmac_givenValue_isTheKnownDigest() {
    cli.creates("web", "secret");
    assertThat(cli.does("hmac", "web", USER).line()).isEqualTo(DIGEST_UNDER_SECRET);
    assertThat(cli.does("hmac", "web", USER, "--base64url").line())
        .isEqualTo("GcIDTGKxAuMLmac_E8qrKgu92DPILRIktEdg7nSfV9M");
  }

  @Test
  void verify_rightAndWrong_answersAndExits() {
    cli.creates("web", "secret");
    assertThat(cli.does("verify", "web", USER, DIGEST_UNDER_SECRET).line()).isEqualTo("genuine");
    assertThat(cli.does("verify", "web", USER, DIGEST_UNDER_SECRET.toUpperCase(Locale.ROOT)).line())
        .isEqualTo("genuine");
    Cli.Answer other = cli.run("verify", "web", "user2@domain.com", DIGEST_UNDER_SECRET);
    assertThat(other.line()).isEqualTo("not genuine");
    assertThat(other.exitCode()).isEqualTo(1);
    assertThat(other.err()).isEmpty();
  }

  @Test
  void list_filters_showOnlyWhatFits() {
    cli.does("create", "a", "--label", "env=prod", "--active");
    cli.does("create", "b", "--label", "env=test");
    cli.does("create", "c");
    assertThat(names("list")).containsExactly("a", "b", "c");
    assertThat(names("list", "--state", "inactive")).containsExactly("b", "c");
    assertThat(names("list", "--label", "env=prod")).containsExactly("a");
    assertThat(names("list", "--label", "env=prod", "--state", "inactive")).isEmpty();
  }

  private List<String> names(String... command) {
    return column(1, cli.does(command));
  }

  private static List<String> column(int number, Cli.Answer list) {
    return list.out()
        .lines()
        .skip(1)
        .map(line -> SPACES.splitAsStream(line).skip(number).findFirst().orElseThrow())
        .toList();
  }

  @Test
  void list_moreThanAPage_showsAllOnceInOrder() {
    // The API makes them faster than a command for each.
    List<String> created = new ArrayList<>();
    try (SecretVault vault =
        SecretVault.builder()
            .store(FileSecretStore.openExisting(cli.vault()))
            .masterKey(MasterKey.fromFile(cli.key()))
            .openExisting()) {
      for (int i = 0; i < 230; i++) {
        try (CreatedSecret secret = vault.create(SecretSpec.named("secret-" + i).generated())) {
          created.add(secret.info().id().text());
        }
      }
    }
    assertThat(column(0, cli.does("list"))).isSorted().containsExactlyInAnyOrderElementsOf(created);
  }

  @Test
  void list_nameThatSteersTheTerminal_isShownEscaped() {
    cli.does("create", "abc\u202e\u2028cba", "--label", "k=\u200fv");
    assertThat(cli.does("list").out())
        .contains("abc\\u{202e}\\u{2028}cba")
        .contains("k=\\u{200f}v")
        .hasLineCount(2);
  }

  @Test
  void activateAndDeactivate_byNameAndById_changeWhatIsAnswered() {
    String id = cli.reading("secret").does("create", "web", "--value-stdin").line();
    assertThat(cli.run("hmac", id, USER).exitCode()).isEqualTo(1);
    assertThat(cli.does("activate", id).line()).isEqualTo(id + " is active");
    assertThat(cli.does("activate", "web").line()).isEqualTo(id + " is active");
    assertThat(cli.does("hmac", id, USER).line()).isEqualTo(DIGEST_UNDER_SECRET);
    assertThat(cli.does("deactivate", "web").line()).isEqualTo(id + " is inactive");
    assertThat(cli.run("hmac", "web", USER).exitCode()).isEqualTo(1);
    assertThat(cli.run("verify", "web", USER, DIGEST_UNDER_SECRET).exitCode()).isEqualTo(1);
  }

  @Test
  void reveal_nameThatIsAnothersId_isNotDrawnToIt() {
    String id = cli.reading("mine").does("create", "web", "--value-stdin", "--active").line();
    cli.creates(id, "decoy");
    assertThat(cli.does("reveal", id).out()).isEqualTo("mine");
  }

  @Test
  void reveal_onTerminal_endsTheLine() {
    cli.creates("web", "secret");
    assertThat(cli.asking(null).does("reveal", "web").out())
        .isEqualTo("secret" + System.lineSeparator());
  }

  @Test
  void reveal_once_givesTheValueToTheFirst() {
    cli.reading("secret").does("create", "o", "--value-stdin", "--active", "--disclosure", "once");
    assertThat(cli.does("reveal", "o").out()).isEqualTo("secret");
    Cli.Answer second = cli.run("reveal", "o");
    assertThat(second.out()).isEmpty();
    assertThat(second.exitCode()).isEqualTo(1);
  }

  @Test
  void delete_confirmed_freesTheName() {
    cli.creates("web", "secret");
    Typist typist = new Typist("y");
    cli.asking(typist).does("delete", "web");
    assertThat(typist.questions.get(0)).contains("web");
    assertThat(names("list")).isEmpty();
    cli.creates("web", "other");
    cli.does("delete", "web", "--yes");
    assertThat(cli.run("reveal", "web").exitCode()).isEqualTo(1);
  }

  @Test
  void sweep_removesWhatHasExpired() {
    try (SecretVault vault =
        SecretVault.builder()
            .store(FileSecretStore.openExisting(cli.vault()))
            .masterKey(MasterKey.fromFile(cli.key()))
            .clock(InstantSource.fixed(Instant.parse("2020-01-01T00:00:00Z")))
            .openExisting()) {
      vault
          .create(SecretSpec.named("brief").generated().active().expiresAfter(Duration.ofDays(1)))
          .close();
    }
    cli.creates("web", "secret");
    assertThat(cli.does("sweep").line()).isEqualTo("what has expired is removed");
    assertThat(names("list")).containsExactly("web");
    assertThat(cli.run("reveal", "brief").err()).contains("there is no such secret");
  }

  @Test
  void delete_notConfirmed_changesNothing() {
    cli.creates("web", "secret");
    Map<String, String> before = cli.disk();
    for (String answer : new String[] {"", "n", "nay", null}) {
      Cli.Answer refused = cli.asking(new Typist(answer)).run("delete", "web");
      assertThat(refused.exitCode()).isEqualTo(1);
      assertThat(refused.err()).isEqualTo("secretvault: nothing was deleted\n");
    }
    assertThat(cli.disk()).isEqualTo(before);
  }

  @Test
  void arguments_thatLookLikeSomethingElse_areTakenAsTheyAre() throws IOException {
    cli.creates("web", "secret");
    Files.writeString(cli.file("args"), "other");
    for (String userId :
        List.of("@" + cli.file("args"), "${sys:user.home}", "\"q\"", "a b", "%s")) {
      assertThat(cli.does("hmac", "web", userId).line()).isEqualTo(DemoStage.mac("secret", userId));
    }
    assertThat(cli.does("hmac", "--", "web", "--help").line())
        .isEqualTo(DemoStage.mac("secret", "--help"));
    assertThat(cli.does("hmac", "web", "\u00fcser\ud83d\ude00").line())
        .isEqualTo(DemoStage.mac("secret", "\u00fcser\ud83d\ude00"));
  }

  @Test
  void anyCommand_brokenStandardOutput_isNotDone() {
    PrintStream broken =
        new PrintStream(
            new OutputStream() {
              @Override
              public void write(int b) throws IOException {
                throw new IOException("full");
              }
            },
            true,
            StandardCharsets.UTF_8);
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        Main.run(
            new Streams(
                InputStream.nullInputStream(),
                broken,
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                false,
                false,
                null),
            "create",
            "web",
            "--dir",
            cli.vault().toString(),
            "--key-file",
            cli.key().toString());
    assertThat(exitCode).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .hasLineCount(1)
        .contains("the secret was created, but its value could not be printed: delete it");
    assertThat(names("list")).containsExactly("web");
  }

  @Test
  void tornTail_isReportedOnceAndMended() throws IOException {
    cli.creates("web", "secret");
    Path log = cli.vault().resolve("log.1");
    byte[] whole = Files.readAllBytes(log);
    Files.writeString(
        log, "0123abcd {\"half", StandardCharsets.US_ASCII, StandardOpenOption.APPEND);
    Cli.Answer first = cli.does("hmac", "web", USER);
    assertThat(first.line()).isEqualTo(DIGEST_UNDER_SECRET);
    assertThat(first.err()).hasLineCount(1).contains("15 bytes of an unfinished change");
    assertThat(Files.readAllBytes(log)).isEqualTo(whole);
    assertThat(cli.does("hmac", "web", USER).err()).isEmpty();
  }

  /** What was cut off was no unfinished change then, and is worth keeping. */
  @Test
  void changeThatWasDone_isMissing_isReportedOnce() throws IOException {
    Path log = cli.vault().resolve("log.1");
    int before = Files.readAllBytes(log).length;
    cli.creates("web", "secret");
    byte[] whole = Files.readAllBytes(log);
    Files.write(log, Arrays.copyOf(whole, whole.length - 5));
    Cli.Answer torn = cli.run("init");
    assertThat(torn.err().lines()).hasSize(2);
    assertThat(torn.err())
        .contains("bytes of changes that were done are damaged or missing in the vault")
        .contains(cli.vault().resolve("torn-1-").toString())
        .contains(": copy that elsewhere now, as a later change removes it; look for damage")
        .doesNotContain("unfinished change");
    assertThat(cli.does("list").err()).isEmpty();
    cli.creates("other", "secret");
    Files.write(log, Arrays.copyOf(Files.readAllBytes(log), before));
    Cli.Answer missing = cli.does("list");
    assertThat(missing.err())
        .hasLineCount(1)
        .contains("bytes of changes that were done are damaged or missing")
        .doesNotContain("elsewhere");
    assertThat(cli.does("list").err()).isEmpty();
  }

  @Test
  void version_showsWhatTheBuildWroteDown() {
    assertThat(cli.runBare("--version").line()).matches("secretvault \\d+\\.\\d+\\.\\d+.*");
  }

  @Test
  void help_namesEveryCommandAndSucceeds() {
    Cli.Answer help = cli.runBare("--help");
    assertThat(help.exitCode()).isZero();
    for (String command :
        List.of(
            "init",
            "create",
            "activate",
            "deactivate",
            "list",
            "reveal",
            "hmac",
            "verify",
            "delete",
            "sweep",
            "sign",
            "keys",
            "copy",
            "anchor",
            "demo")) {
      assertThat(help.out()).contains("\n  " + command + " ");
      assertThat(cli.runBare(command, "--help").out()).startsWith("Usage: secretvault " + command);
    }
  }
}
