package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.secretvault.SecretVault;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command on a PostgreSQL database. */
@Timeout(120)
class DatabaseTest {

  @TempDir Path place;
  Cli cli;
  String database;

  @BeforeEach
  void createDatabase() {
    cli = new Cli(place);
    database = PostgresServer.newDatabase();
  }

  private Cli.Answer runs(String... command) {
    List<String> args = new ArrayList<>(List.of("--jdbc", PostgresServer.url(database)));
    args.addAll(List.of("--key-file", cli.key().toString()));
    args.addAll(List.of(command));
    return quiet(cli.runBare(args.toArray(String[]::new)));
  }

  /** No output has the password in it. */
  private static Cli.Answer quiet(Cli.Answer answer) {
    assertThat(answer.out() + answer.err()).doesNotContain(PostgresServer.PASSWORD);
    return answer;
  }

  private static void refused(int exitCode, String why, Cli.Answer answer) {
    assertThat(answer.err()).startsWith("secretvault: ").contains(why).hasLineCount(1);
    assertThat(answer.exitCode()).isEqualTo(exitCode);
    assertThat(answer.out()).isEmpty();
  }

  @Test
  void init_andUse_asInADirectory() {
    assertThat(runs("init").out())
        .startsWith("created a vault in " + PostgresServer.place(database) + "\n");
    assertThat(runs("create", "web", "--active").exitCode()).isZero();
    assertThat(runs("list").out()).contains("web").hasLineCount(2);
    assertThat(runs("hmac", "web", "user").line()).hasSize(64);
    refused(1, "there is a vault in " + PostgresServer.place(database) + " already", runs("init"));
  }

  @Test
  void anyCommand_databaseWithoutVault_isRefusedAndMakesNoTables() {
    Cli other = Cli.withVault(place);
    refused(1, "the tables are of version 0", runs("list"));
    refused(1, "the tables are of version 0", runs("list"));
    assertThat(other.does("list").out()).hasLineCount(1);
  }

  @Test
  void anyCommand_unfitPlace_isRefusedWithoutQuotingIt() {
    String secret = PostgresServer.PASSWORD;
    refused(2, "exclude each other", runs("--dir", "x", "list"));
    refused(
        2,
        "--jdbc needs a URL like jdbc:postgresql://",
        quiet(cli.runBare("list", "--jdbc", "jdbc:other://host/db?password=" + secret)));
    refused(
        2,
        "of use with --jdbc only",
        cli.runBare("list", "--jdbc-password-env", "NO_SUCH_VARIABLE"));
    refused(
        1,
        "the environment variable NO_SUCH_VARIABLE is not set",
        quiet(runs("--jdbc-password-env", "NO_SUCH_VARIABLE", "list")));
    String from = PostgresServer.url(database);
    refused(
        2,
        "--to needs a URL like jdbc:postgresql://",
        quiet(cli.runBare("copy", "--from", from, "--to", "jdbc:" + secret)));
    for (String form :
        List.of(
            "postgresql://app:%s@db/vault",
            "postgres://app:%s@db/vault",
            "POSTGRES:%s",
            "JDBC:postgresql://db/vault?password=%s",
            "jdbc:postgresql://app:%s@db/vault",
            "jdbc:postgresql://app:%s@db:5432/vault",
            "jdbc:postgresql://a,app:%s@db:5432/vault",
            "jdbc:postgresql:app:%s@db/vault",
            "jdbc:postgresql://db/vault?loginTimeout=%s",
            "https://%s",
            "host=db user=app password=%s",
            " postgresql://app:%s@db/vault")) {
      String unfit = form.formatted(secret);
      String needed = " needs a URL like jdbc:postgresql://";
      refused(2, "--to" + needed, quiet(cli.runBare("copy", "--from", "x", "--to", unfit)));
      refused(2, "--from" + needed, quiet(cli.runBare("copy", "--from", unfit, "--to", "x")));
      refused(2, "named with --jdbc", quiet(cli.runBare("--dir", unfit, "list")));
    }
    assertThat(place).isEmptyDirectory();
    refused(
        2,
        "--to-password-env is of use with a database only",
        cli.runBare("copy", "--from", from, "--to", "x", "--to-password-env", "X"));
  }

  @Test
  void process_credentialsFromTheEnvironment_areTaken() throws Exception {
    runs("init");
    assertThat(lists(process("--jdbc", PostgresServer.place(database)), "PGPASSWORD")).isZero();
    String variable = "VAULT_DATABASE_PASSWORD";
    assertThat(
            lists(
                process("--jdbc", PostgresServer.place(database), "--jdbc-password-env", variable),
                variable))
        .isZero();
    ProcessBuilder wrong = process("--jdbc", PostgresServer.place(database));
    wrong.environment().put("PGPASSWORD", "another");
    refused(1, "SQLSTATE 28P01", Cli.finish(wrong));
  }

  /** The driver would log what it cannot parse. */
  @Test
  void process_urlThatIsNone_isNotLogged() throws Exception {
    String url = "jdbc:postgresql://app:" + PostgresServer.PASSWORD + "@db/vault";
    refused(2, "--jdbc needs a URL like", quiet(Cli.finish(process("--jdbc", url))));
  }

  private int lists(ProcessBuilder list, String passwordVariable) throws Exception {
    list.environment().put(passwordVariable, PostgresServer.PASSWORD);
    Cli.Answer answer = quiet(Cli.finish(list));
    assertThat(answer.err()).isEmpty();
    return answer.exitCode();
  }

  private ProcessBuilder process(String... where) {
    List<String> args = new ArrayList<>(Cli.java());
    args.addAll(List.of(where));
    args.addAll(List.of("--key-file", cli.key().toString(), "list"));
    ProcessBuilder process = new ProcessBuilder(args).directory(place.toFile());
    process.environment().remove("PGPASSWORD");
    process.environment().put("PGUSER", PostgresServer.USER);
    return process;
  }

  /** One that takes a connection and says nothing. */
  @Test
  void anyCommand_silentServer_isRefusedInTheEnd() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String url = "jdbc:postgresql://127.0.0.1:" + silent.getLocalPort() + "/db?sslmode=disable";
      refused(1, "SQLSTATE 08", cli.runBare("list", "--jdbc", url));
    }
  }

  /** A command waits for the next server, if one cannot be reached, though the driver may not. */
  @Test
  void anyCommand_firstServerUnreachable_asksTheNext() throws IOException {
    runs("init");
    List<Socket> waiting = new ArrayList<>();
    try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      fill(full, waiting);
      String hosts = "127.0.0.1:" + full.getLocalPort() + ",";
      String url = PostgresServer.url(database).replace("://", "://" + hosts);
      Cli.Answer answer =
          quiet(cli.runBare("list", "--jdbc", url, "--key-file", cli.key().toString()));
      assertThat(answer.err()).isEmpty();
      assertThat(answer.exitCode()).isZero();
    } finally {
      for (Socket socket : waiting) {
        socket.close();
      }
    }
  }

  /** Connects until nobody is let in any more. */
  private static void fill(ServerSocket server, List<Socket> waiting) throws IOException {
    for (int i = 0; i < 10; i++) {
      Socket socket = new Socket();
      waiting.add(socket);
      try {
        socket.connect(server.getLocalSocketAddress(), 300);
      } catch (SocketTimeoutException full) {
        return;
      }
    }
    fail("the server lets everybody in");
  }

  @Test
  void copy_killedAtAnyCommit_goesOnWhereItWas() throws Exception {
    SplittableRandom random = CopyFixture.seeded("database kill");
    String from = cli.file("from").toString();
    String to = PostgresServer.url(database);
    try (SecretVault vault = CopyFixture.vault(FileSecretStore.open(Path.of(from)))) {
      new CopyFixture(random.split()).use(vault, 120);
    }
    for (int kill = 0; kill < 2; kill++) {
      CopyWorker.killAtCommit(3 + random.nextInt(4), from, to);
    }
    Cli.Answer finished = copies(from, to, "--finish");
    assertThat(finished.exitCode()).as(finished.err()).isZero();
    try (SecretStore source = FileSecretStore.openExisting(Path.of(from));
        Place there = CopyWorker.place(to);
        SecretStore copy = there.openExisting(CopyFixture.QUIET)) {
      // Each of those killed had made a commit, besides the one that began.
      int kept = 2 * (CopyFixture.BATCH - 2);
      int records = CopyFixture.contents(copy).size();
      assertThat(made(finished)).isBetween(1L, (long) records - kept);
      CopyFixture.assertMoved(source, copy);
    }
  }

  private static long made(Cli.Answer copied) {
    return copied
        .out()
        .lines()
        .filter(line -> line.startsWith("records copied "))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .sum();
  }

  /** Of two runs, the one that is behind changes nothing in the vault that the other made. */
  @Test
  void copy_anotherFinishesAtAnyCommit_isRefused() {
    String to = PostgresServer.url(database);
    Path from = cli.file("from");
    CopyFixture fixture = new CopyFixture(CopyFixture.seeded("database race"));
    try (SecretVault vault = CopyFixture.vault(FileSecretStore.open(from))) {
      fixture.use(vault, 20);
    }
    try (SecretStore source = FileSecretStore.openExisting(from);
        Place there = CopyWorker.place(to);
        SecretStore copy = there.open(CopyFixture.QUIET);
        FaultyStore slow = new FaultyStore(there.open(CopyFixture.QUIET))) {
      AtomicReference<List<String>> used = new AtomicReference<>();
      slow.nth(Call.COMMIT, 3)
          .before(
              () -> {
                assertThat(copies(from.toString(), to, "--finish").exitCode()).isZero();
                try (SecretVault vault =
                    CopyFixture.openExisting(there.openExisting(CopyFixture.QUIET))) {
                  fixture.use(vault, 10);
                }
                used.set(CopyFixture.contents(copy));
              });
      assertThatThrownBy(() -> CopyFixture.copying(source, slow).copy())
          .isInstanceOf(Refusal.class)
          .hasMessageContaining("somebody else writes to the copy");
      assertThat(CopyFixture.contents(copy)).isEqualTo(used.get());
    }
  }

  @Test
  void copy_fromDirectoryToDatabaseAndBack_isEqual() {
    Path from = cli.file("from");
    Path back = cli.file("back");
    try (SecretVault vault = CopyFixture.vault(FileSecretStore.open(from))) {
      CopyFixture fixture = new CopyFixture(CopyFixture.seeded("database"));
      fixture.use(vault, 40);
      assertThat(copies(from.toString(), PostgresServer.url(database)).out())
          .contains("verified; it is no vault yet");
      fixture.use(vault, 40);
    }
    refused(1, "finish it if it is an unfinished copy", lists());
    List<String> contents;
    List<String> answers;
    try (SecretStore first = FileSecretStore.openExisting(from)) {
      contents = CopyFixture.contents(first);
    }
    try (SecretVault first = CopyFixture.openExisting(FileSecretStore.openExisting(from))) {
      answers = CopyFixture.answers(first);
    }
    assertThat(copies(from.toString(), PostgresServer.url(database), "--finish").out())
        .contains("use " + PostgresServer.place(database) + " from now on");
    try (Place there = new Database(PostgresServer.url(database), "", null);
        SecretStore store = there.openExisting(CopyFixture.QUIET)) {
      assertThat(CopyFixture.contents(store)).isEqualTo(contents);
    }
    try (Place there = new Database(PostgresServer.url(database), "", null);
        SecretVault vault = CopyFixture.openExisting(there.openExisting(CopyFixture.QUIET))) {
      assertThat(CopyFixture.answers(vault)).isEqualTo(answers);
    }
    refused(
        1,
        "the copy is the vault now",
        copies(from.toString(), PostgresServer.url(database), "--undo"));
    assertThat(copies(PostgresServer.url(database), back.toString(), "--finish").exitCode())
        .isZero();
    refused(1, "use its copy if it was moved", runs("list"));
    try (SecretStore last = FileSecretStore.openExisting(back)) {
      assertThat(CopyFixture.contents(last)).isEqualTo(contents);
    }
  }

  /** Places of one database are told apart, and one place is known by any name. */
  @Test
  void copy_betweenSchemasOfADatabase_isNotToItself() {
    runs("init");
    String from = PostgresServer.url(database);
    refused(1, "there is a vault already", copies(from, from.replace("localhost", "127.0.0.1")));
    PostgresServer.execute(database, "CREATE SCHEMA other AUTHORIZATION " + PostgresServer.USER);
    assertThat(copies(from, from + "&currentSchema=other", "--finish").out())
        .contains("use " + PostgresServer.place(database) + "?currentSchema=other from now on");
    assertThat(runs("list").err()).contains("use its copy if it was moved");
    assertThat(
            cli.runBare(
                    "list",
                    "--jdbc",
                    from + "&currentSchema=other",
                    "--key-file",
                    cli.key().toString())
                .exitCode())
        .isZero();
  }

  private Cli.Answer lists() {
    // The key is another one, but that is not looked at.
    Cli.withVault(place);
    return runs("list");
  }

  private Cli.Answer copies(String from, String to, String... more) {
    List<String> args = new ArrayList<>(List.of("copy", "--from", from, "--to", to));
    args.addAll(List.of(more));
    return quiet(cli.runBare(args.toArray(String[]::new)));
  }
}
