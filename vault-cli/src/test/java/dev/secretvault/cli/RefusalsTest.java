package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.file.FileSecretStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What an operator sees when something is refused: one line that says why and what to do, an exit
 * code, no value, and a disk that is as it was, byte for byte.
 */
class RefusalsTest {

  private static final String DIGEST = "0".repeat(64);
  private static final String VALUE = "the-value-that-must-not-show";

  static Path template;

  @TempDir Path place;
  Cli cli;

  /** Made once: each command forces the disk several times. */
  @BeforeAll
  static void createVault(@TempDir Path template) throws IOException {
    Cli cli = Cli.withVault(template);
    cli.creates("web", VALUE);
    cli.does("create", "sleeping");
    cli.does("create", "hidden", "--active");
    cli.reading(VALUE).does("create", "gone", "--value-stdin", "--active", "--disclosure", "once");
    cli.does("reveal", "gone");
    Files.writeString(cli.file("ids.txt"), "user-1\nuser-2\n");
    Files.writeString(cli.file("there.csv"), "do not touch\n");
    RefusalsTest.template = template;
  }

  @BeforeEach
  void copyVault() throws IOException {
    cli = new Cli(place);
    try (Stream<Path> paths = Files.walk(template)) {
      for (Path path : paths.filter(path -> !path.equals(template)).toList()) {
        Files.copy(
            path, place.resolve(template.relativize(path)), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  private void refused(int exitCode, String why, Cli.Answer answer, Map<String, String> before) {
    assertThat(answer.err()).startsWith("secretvault: ").contains(why).endsWith("\n");
    assertThat(answer.err()).hasLineCount(1).doesNotContain(VALUE).doesNotContain("\tat ");
    assertThat(answer.exitCode()).isEqualTo(exitCode);
    assertThat(answer.out()).isEmpty();
    assertThat(cli.disk()).isEqualTo(before);
  }

  private void refuses(int exitCode, String why, String... command) {
    Map<String, String> before = cli.disk();
    refused(exitCode, why, cli.run(command), before);
  }

  static Stream<Arguments> refusedCommands() {
    return Stream.of(
        command(1, "there is no such secret; to see those there are", "hmac", "nobody", "u"),
        command(1, "there is no such secret", "verify", "nobody", "u", DIGEST),
        command(1, "there is no such secret", "reveal", "nobody"),
        command(1, "there is no such secret", "activate", "nobody"),
        command(1, "there is no such secret", "deactivate", "nobody"),
        command(1, "there is no such secret", "delete", "nobody", "--yes"),
        command(1, "there is no such secret", "hmac", "01m7y01ac7d47kv4rzpv4ymg9w", "u"),
        command(1, "not active: activate it first", "hmac", "sleeping", "u"),
        command(1, "not active: activate it first", "reveal", "sleeping"),
        command(1, "not active: activate it first", "verify", "sleeping", "u", DIGEST),
        command(1, "shown at its creation only; it signs", "reveal", "hidden"),
        command(1, "was revealed before, and its value is gone: create", "reveal", "gone"),
        command(1, "was revealed before", "hmac", "gone", "u"),
        command(1, "was revealed before", "activate", "gone"),
        command(1, "a secret of this name exists already: choose", "create", "web"),
        command(2, "name: control characters are not allowed", "create", "two\nlines"),
        command(2, "name: control characters are not allowed", "create", "bell\u0007"),
        command(2, "name: white space at the beginning or end", "create", " web2"),
        command(2, "name: 1 to 300 characters", "create", ""),
        command(2, "name: 1 to 300 characters", "create", "x".repeat(301)),
        command(2, "description: ", "create", "new", "--description", "two\nlines"),
        command(2, "a key, =, and a value are needed", "create", "new", "--label", "environment"),
        command(2, "a key, =, and a value are needed", "list", "--label", "=production"),
        command(2, "a key was given twice", "create", "new", "--label", "a=1", "--label", "a=2"),
        command(2, "one of revealable, at-creation, once", "create", "new", "--disclosure", VALUE),
        command(2, "one of inactive, active, revealed", "list", "--state", "asleep"),
        command(2, "exclude each other", "create", "new", "--value-stdin", "--value-prompt"),
        command(2, "no terminal to ask on: use --value-stdin", "create", "new", "--value-prompt"),
        command(2, "no terminal to ask on: add --yes", "delete", "web"),
        command(2, "argument 7 is no command or option", "create", "new", VALUE),
        command(2, "argument 7 is no command or option", "create", "new", "--value", VALUE),
        command(2, "argument 7 is no command or option", "create", "new", "--value=" + VALUE),
        command(2, "option --value-stdin cannot be", "create", "new", "--value-stdin=" + VALUE),
        command(2, "missing required parameter: 'NAME'", "create"),
        command(2, "run: secretvault hmac --help", "hmac", "web"),
        command(2, "argument 5 is no command or option", VALUE),
        command(2, "(did you mean list?)", "lst"),
        command(2, "a command is missing"),
        command(2, "userId: 1 to 4096 bytes", "hmac", "web", ""),
        command(2, "userId: 1 to 4096 bytes", "hmac", "web", "x".repeat(4097)),
        command(2, "userId: 1 to 4096 bytes", "verify", "web", "", DIGEST),
        command(2, "DIGEST: 64 hexadecimal digits", "verify", "web", "u", "abc"),
        command(2, "DIGEST: 64 hexadecimal digits", "verify", "web", "u", "g".repeat(64)),
        command(2, "DIGEST: 64 hexadecimal digits", "verify", "web", "u", DIGEST + "0"),
        command(2, "--key-passphrase-env exclude each other", "--key-env", "HOME", "list"),
        command(2, "--key-passphrase-env exclude each other", "--key-passphrase", "list"),
        command(2, "a command is missing", "keys"),
        command(1, "there is no such record", "keys", "discard", "none"),
        command(2, "key: the record opens, and is in use", "keys", "discard", "header"),
        command(2, "epoch: there is no epoch 2", "keys", "retire", "2"),
        command(1, "records are sealed under epoch 1", "keys", "retire", "1"),
        command(2, "id: there is no unlock slot of this id", "keys", "remove-unlock", "0"),
        command(2, "the new master key is missing", "keys", "add-unlock"),
        command(1, "no directory /nowhere", "keys", "add-unlock", "--new-key-file", "/nowhere/k"),
        command(2, "no terminal to ask", "keys", "add-unlock", "--new-key-passphrase"),
        command(2, "no terminal to ask on: use --passphrase-env", "create", "n", "--passphrase"),
        command(1, "variable SV_UNSET is not set", "create", "n", "--passphrase-env", "SV_UNSET"),
        command(1, "SV_UNSET is not set", "keys", "add-unlock", "--new-key-env", "SV_UNSET"),
        command(2, "a vault of its own", "demo"));
  }

  private static Arguments command(int exitCode, String why, String... command) {
    return Arguments.of(exitCode, why, command);
  }

  @ParameterizedTest
  @MethodSource("refusedCommands")
  void command_refused_saysWhyInOneLineAndChangesNothing(
      int exitCode, String why, String[] command) {
    refuses(exitCode, why, command);
  }

  static Stream<Arguments> unfitValues() {
    return Stream.of(
        Arguments.of("value: must not be empty", ""),
        Arguments.of("value: must not be empty", "\n"),
        Arguments.of("value: must not be empty", "\r\n"),
        Arguments.of("value: at most 65536 bytes", VALUE + "x".repeat(65_537)),
        Arguments.of("value: at most 65536 bytes", "x".repeat(65_537) + "\n"),
        Arguments.of("value: at most 65536 bytes", "x".repeat(1_000_000)));
  }

  @ParameterizedTest
  @MethodSource("unfitValues")
  void create_unfitValue_isRefused(String why, String value) {
    cli.reading(value);
    refuses(2, why, "create", "new", "--value-stdin");
  }

  @Test
  void create_stdinIsTerminal_doesNotShowWhatIsTyped() {
    cli.reading(VALUE).asking(null);
    refuses(2, "use --value-prompt", "create", "new", "--value-stdin");
  }

  @Test
  void list_wrongMasterKey_isRefused() throws IOException {
    byte[] other = new byte[32];
    Arrays.fill(other, (byte) 7);
    Files.writeString(cli.key(), HexFormat.of().formatHex(other));
    refuses(1, "this master key does not unlock the vault: give one that", "list");
  }

  @Test
  void list_missingMasterKeyFile_isRefused() throws IOException {
    Files.delete(cli.key());
    refuses(1, "there is no master key file " + cli.key() + ": restore it", "list");
  }

  @Test
  void list_masterKeyFileReadableByOthers_isRefused() throws IOException {
    Files.setPosixFilePermissions(cli.key(), PosixFilePermissions.fromString("rw-r-----"));
    refuses(1, "run chmod 600 " + cli.key(), "list");
  }

  @Test
  void list_masterKeyFileHoldsNoKey_isRefusedWithoutQuotingIt() throws IOException {
    Files.writeString(cli.key(), VALUE);
    refuses(1, "holds no key: 64 hexadecimal digits or the Base64", "list");
  }

  @Test
  void list_unsetKeyVariable_isRefused() {
    Map<String, String> before = cli.disk();
    Cli.Answer answer =
        cli.runBare("--dir", cli.vault().toString(), "--key-env", "NO_SUCH_VARIABLE", "list");
    refused(1, "the environment variable NO_SUCH_VARIABLE is not set", answer, before);
  }

  @Test
  void list_missingDirectory_isRefused() {
    Map<String, String> before = cli.disk();
    Path nowhere = cli.file("nowhere");
    Cli.Answer answer =
        cli.runBare("list", "--dir", nowhere.toString(), "--key-file", cli.key().toString());
    refused(1, "there is no directory " + nowhere + ": name the right one", answer, before);
  }

  @Test
  void list_emptyDirectory_isRefused() throws IOException {
    Path empty = Files.createDirectory(cli.file("empty"));
    Map<String, String> before = cli.disk();
    Cli.Answer answer =
        cli.runBare("list", "--dir", empty.toString(), "--key-file", cli.key().toString());
    refused(1, "is empty: name the right one with --dir, or create", answer, before);
  }

  @Test
  void list_storeThatWasNeverMade_makesNone() throws IOException {
    Files.delete(log());
    refuses(1, cli.vault() + " holds no store", "list");
  }

  @Test
  void list_directoryThatIsNoVault_isRefused() throws IOException {
    Path other = Files.createDirectory(cli.file("other"));
    Files.writeString(other.resolve("notes.txt"), "notes");
    Map<String, String> before = cli.disk();
    Cli.Answer answer =
        cli.runBare("list", "--dir", other.toString(), "--key-file", cli.key().toString());
    refused(1, "is not a SecretVault directory", answer, before);
  }

  @Test
  void list_fileInPlaceOfDirectory_isRefused() {
    Map<String, String> before = cli.disk();
    Cli.Answer answer =
        cli.runBare("list", "--dir", cli.key().toString(), "--key-file", cli.key().toString());
    refused(1, " is a file; name the directory that holds the store", answer, before);
  }

  @Test
  void list_directoryOfModeZero_isRefused() throws IOException {
    Map<String, String> before = cli.disk();
    Files.setPosixFilePermissions(cli.vault(), PosixFilePermissions.fromString("---------"));
    Cli.Answer answer = cli.run("list");
    Files.setPosixFilePermissions(cli.vault(), PosixFilePermissions.fromString("rwx------"));
    refused(1, cli.vault().toString(), answer, before);
  }

  @Test
  void list_directoryWritableByOthers_isRefused() throws IOException {
    Files.setPosixFilePermissions(cli.vault(), PosixFilePermissions.fromString("rwxrwxrwx"));
    refuses(1, "run: chmod go-w", "list");
  }

  private Path log() {
    return cli.vault().resolve("log.1");
  }

  @Test
  void list_firstLineCutOff_isRefused() throws IOException {
    byte[] log = Files.readAllBytes(log());
    Files.write(log(), Arrays.copyOf(log, 20));
    refuses(1, log().toString(), "list");
  }

  @Test
  void list_emptyLog_isRefused() throws IOException {
    Files.write(log(), new byte[0]);
    refuses(1, log().toString(), "list");
  }

  @Test
  void list_firstLineShortened_isRefused() throws IOException {
    String log = Files.readString(log(), StandardCharsets.ISO_8859_1);
    Files.writeString(log(), log.substring(7), StandardCharsets.ISO_8859_1);
    refuses(1, log().toString(), "list");
  }

  @Test
  void list_firstLineMissing_isRefused() throws IOException {
    String log = Files.readString(log(), StandardCharsets.ISO_8859_1);
    Files.writeString(log(), log.substring(log.indexOf('\n') + 1), StandardCharsets.ISO_8859_1);
    refuses(1, log().toString(), "list");
  }

  @Test
  void list_damageInTheMiddle_isRefusedWithThePlace() throws IOException {
    byte[] log = Files.readAllBytes(log());
    log[log.length / 2] ^= 1;
    Files.write(log(), log);
    refuses(1, log().toString(), "list");
  }

  @Test
  void list_newerFormat_saysToUpgrade() throws IOException {
    String log = Files.readString(log(), StandardCharsets.ISO_8859_1);
    int end = log.indexOf('\n');
    String document = log.substring(9, end).replace("\"version\":1", "\"version\":2");
    CRC32C crc = new CRC32C();
    crc.update(document.getBytes(StandardCharsets.ISO_8859_1));
    Files.writeString(
        log(),
        HexFormat.of().toHexDigits((int) crc.getValue()) + " " + document + log.substring(end),
        StandardCharsets.ISO_8859_1);
    refuses(1, "has format version 2, but this release knows none above 1", "list");
  }

  @Test
  void list_openElsewhereInThisProcess_works() {
    String before = cli.does("list").out();
    try (FileSecretStore held = FileSecretStore.openExisting(cli.vault())) {
      assertThat(held.recovery().tornTailCut()).isFalse();
      assertThat(cli.does("list").out()).isEqualTo(before);
    }
  }

  @Test
  void init_existingVault_isRefused() {
    refuses(1, "there is a vault in " + cli.vault() + " already", "init");
  }

  @Test
  void init_directoryWithOtherThings_isRefused() throws IOException {
    Path other = Files.createDirectory(cli.file("other"));
    Files.writeString(other.resolve("notes.txt"), "notes");
    Map<String, String> before = cli.disk();
    Cli.Answer answer =
        cli.runBare("init", "--dir", other.toString(), "--key-file", cli.key().toString());
    refused(1, "is not a SecretVault directory, and not empty", answer, before);
  }

  @Test
  void init_keyFileInTheVaultsDirectory_isRefused() {
    Map<String, String> before = cli.disk();
    Path fresh = cli.file("fresh");
    Cli.Answer answer =
        cli.runBare("init", "--dir", fresh + "/", "--key-file", fresh + "/../fresh/master.key");
    refused(2, "must not lie in the vault's directory", answer, before);
  }

  @Test
  void init_unfitKey_createsNothing() throws IOException {
    Files.writeString(cli.key(), "no key");
    Map<String, String> before = cli.disk();
    String fresh = cli.file("fresh").toString();
    refused(
        1,
        "holds no key",
        cli.runBare("init", "--dir", fresh, "--key-file", cli.key().toString()),
        before);
    refused(
        1,
        "there is no directory",
        cli.runBare("init", "--dir", fresh, "--key-file", cli.file("nowhere/key").toString()),
        before);
    refused(
        1,
        "is not set",
        cli.runBare("init", "--dir", fresh, "--key-env", "NO_SUCH_VARIABLE"),
        before);
  }

  static Stream<Arguments> refusedSigning() {
    return Stream.of(
        signing(1, "there is no such secret", "nobody", "ids.txt", "new.csv"),
        signing(1, "not active", "sleeping", "ids.txt", "new.csv"),
        signing(1, "exists: name another file, or add --force", "web", "ids.txt", "there.csv"),
        signing(1, "is not a regular file", "web", "ids.txt", "secrets"),
        signing(1, "there is no directory", "web", "ids.txt", "nowhere/new.csv"),
        signing(1, "cannot be read (no such file", "web", "nothing.txt", "new.csv"),
        signing(1, "is a directory: name a file", "web", "secrets", "new.csv"),
        signing(2, "--in and --out are the same file", "web", "ids.txt", "./ids.txt"));
  }

  private static Arguments signing(int exitCode, String why, String name, String in, String out) {
    return Arguments.of(exitCode, why, name, in, out);
  }

  @ParameterizedTest
  @MethodSource("refusedSigning")
  void sign_refused_writesNothing(int exitCode, String why, String name, String in, String out) {
    refuses(
        exitCode,
        why,
        "sign",
        name,
        "--in",
        cli.file(in).toString(),
        "--out",
        cli.file(out).toString());
  }

  @Test
  void debug_refusal_showsWhereItCameFrom() {
    Cli.Answer answer = cli.run("hmac", "nobody", "u", "--debug");
    assertThat(answer.err()).startsWith("secretvault: there is no such secret").contains("\tat ");
  }
}
