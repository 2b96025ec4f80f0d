package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.file.FileSecretStore;
import java.io.File;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What only a process of its own can show. */
class ProcessTest {

  private static final String USER = "user@domain.com";
  private static final String DIGEST_UNDER_SECRET =
      "19c2034c62b102e30b99a73f13caab2a0bbdd833c82d1224b44760ee749f57d3";

  @TempDir Path place;
  Cli cli;

  @BeforeEach
  void createVault() {
    cli = Cli.withVault(place);
    cli.creates("web", "secret");
  }

  /** A process like those of {@link Cli#process}, run by a shell that sets something up before. */
  private ProcessBuilder afterShell(String setUp, String... command) {
    List<String> args = new ArrayList<>(List.of("sh", "-c", setUp + "; exec \"$@\"", "sh"));
    args.addAll(cli.process(command).command());
    return new ProcessBuilder(args).directory(place.toFile());
  }

  private ProcessBuilder bare(String... args) {
    List<String> command = new ArrayList<>(Cli.java());
    command.addAll(List.of(args));
    return new ProcessBuilder(command).directory(place.toFile());
  }

  @Test
  void process_ends_withExitCodeAndBareOutput() throws Exception {
    Cli.Answer hmac = Cli.finish(cli.process("hmac", "web", USER));
    assertThat(hmac.exitCode()).as(hmac.err()).isZero();
    assertThat(hmac.line()).isEqualTo(DIGEST_UNDER_SECRET);
    assertThat(hmac.err()).isEmpty();
    Cli.Answer unknown = Cli.finish(cli.process("reveal", "nobody"));
    assertThat(unknown.exitCode()).isEqualTo(1);
    assertThat(unknown.err()).startsWith("secretvault: there is no such secret").hasLineCount(1);
    assertThat(Cli.finish(cli.process("reveal")).exitCode()).isEqualTo(2);
  }

  @Test
  void process_whereverItRuns_takesDefaultsAndEnvironment() throws Exception {
    assertThat(Cli.finish(bare("reveal", "web")).out()).isEqualTo("secret");

    ProcessBuilder elsewhere = bare("reveal", "web").directory(new File("/"));
    elsewhere.environment().put("SECRETVAULT_DIR", cli.vault().toString());
    elsewhere.environment().put("SECRETVAULT_KEY_FILE", cli.key().toString());
    assertThat(Cli.finish(elsewhere).out()).isEqualTo("secret");

    ProcessBuilder keyed = bare("--key-env", "VAULT_KEY", "reveal", "web");
    keyed.environment().put("VAULT_KEY", Files.readString(cli.key()));
    Files.delete(cli.key());
    assertThat(Cli.finish(keyed).out()).isEqualTo("secret");
  }

  @Test
  void process_storeOpenInAnother_isShared() throws Exception {
    try (FileSecretStore held = FileSecretStore.openExisting(cli.vault())) {
      int records = held.scan(null, 1_000).size();
      assertThat(Cli.finish(cli.process("create", "other")).exitCode()).isZero();
      assertThat(held.scan(null, 1_000)).hasSizeGreaterThan(records);
    }
    assertThat(cli.does("list").out()).contains("other");
  }

  @Test
  void process_diskRefusesToGrow_changesNothingAndSaysSo() throws Exception {
    cli.creates("large", "x".repeat(60_000));
    Map<String, String> before = withoutFreeSpace();
    // In units of 512 bytes: more than the log has now, less than it needs for a second such value.
    ProcessBuilder limited =
        afterShell("ulimit -f 220", "create", "larger", "--value-stdin", "--active");
    Path value = Files.writeString(Files.createTempFile("value", ".txt"), "y".repeat(60_000));
    Cli.Answer answer = Cli.finish(limited.redirectInput(value.toFile()));
    Files.delete(value);
    assertThat(answer.exitCode()).isEqualTo(1);
    assertThat(answer.err()).startsWith("secretvault: ").contains("could not be written");
    assertThat(answer.err()).hasLineCount(1).doesNotContain("yyy");
    assertThat(withoutFreeSpace()).isEqualTo(before);
    assertThat(cli.does("hmac", "web", USER).line()).isEqualTo(DIGEST_UNDER_SECRET);
  }

  /** What the log was made longer by, for commits to come, is nothing. */
  private Map<String, String> withoutFreeSpace() {
    Map<String, String> disk = cli.disk();
    disk.replaceAll((name, content) -> content.replaceFirst("(00)+$", ""));
    return disk;
  }

  @Test
  void process_signingRunsOutOfDisk_leavesNoFile() throws Exception {
    Files.writeString(cli.file("ids.txt"), "user\n".repeat(20_000));
    Map<String, String> before = cli.disk();
    Cli.Answer answer =
        Cli.finish(
            afterShell("ulimit -f 300", "sign", "web", "--in", "ids.txt", "--out", "out.csv"));
    assertThat(answer.exitCode()).isEqualTo(1);
    assertThat(answer.err()).hasLineCount(1).startsWith("secretvault: out.csv cannot be written (");
    assertThat(cli.disk()).isEqualTo(before);
  }

  @Test
  void process_standardOutputIsFull_isNotDone() throws Exception {
    ProcessBuilder full = cli.process("hmac", "web", USER);
    full.redirectOutput(new File("/dev/full"));
    Cli.Answer answer = Cli.finish(full);
    assertThat(answer.exitCode()).isEqualTo(1);
    assertThat(answer.err())
        .isEqualTo("secretvault: standard output could not be written in full\n");
  }

  @Test
  void process_localeThatGarblesTheUserId_signsNothing() throws Exception {
    ProcessBuilder ascii =
        afterShell(
            "LC_ALL=C; export LC_ALL; set -- \"$@\" \"$(printf '\\303\\274ser')\"", "hmac", "web");
    Cli.Answer answer = Cli.finish(ascii);
    assertThat(answer.exitCode()).isEqualTo(2);
    assertThat(answer.out()).isEmpty();
    assertThat(answer.err()).contains("set LC_ALL=C.UTF-8").hasLineCount(1);
  }

  @Test
  void process_killedWhileSigning_leavesNoOutput() throws Exception {
    Path pipe = cli.file("pipe");
    assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
    Process signing =
        cli.process("sign", "web", "--in", pipe.toString(), "--out", "out.csv").start();
    try (OutputStream ids = Files.newOutputStream(pipe)) {
      // More than a pipe holds: once it is written, signing is under way.
      ids.write("user\n".repeat(100_000).getBytes(StandardCharsets.US_ASCII));
      assertThat(place).isDirectoryContaining("glob:**.tmp");
      signing.destroy();
      assertThat(signing.waitFor(30, TimeUnit.SECONDS)).isTrue();
    } finally {
      signing.destroyForcibly();
    }
    assertThat(signing.exitValue()).isNotZero();
    assertThat(place).isDirectoryNotContaining("glob:**.{csv,tmp}");
  }
}
