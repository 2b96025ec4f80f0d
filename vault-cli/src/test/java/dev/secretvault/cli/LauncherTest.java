package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code secretvault}, in a tree with a Maven and a Java that only say what they do. */
class LauncherTest {

  private static final Path SCRIPT = Path.of("..", "secretvault");

  @TempDir Path place;
  Path tree;
  Path bin;

  @BeforeEach
  void growTree() throws IOException {
    tree = Files.createDirectory(place.resolve("a tree's"));
    bin = Files.createDirectory(place.resolve("bin"));
    Files.copy(SCRIPT, tree.resolve("secretvault"));
    executable(tree.resolve("secretvault"));
    Files.writeString(tree.resolve("pom.xml"), "pom");
    Files.createDirectories(tree.resolve("vault-cli/src/main/java"));
    Files.writeString(tree.resolve("vault-cli/pom.xml"), "pom");
    Files.writeString(tree.resolve("vault-cli/src/main/java/A.java"), "source");
    tool(
        "mvn",
        """
        echo "in $PWD: $*" >>"$LOG"
        echo 'noise of the build'
        mkdir -p vault-cli/target/lib
        : >vault-cli/target/vault-cli-1.jar
        : >vault-cli/target/vault-cli-1-sources.jar
        """);
    tool(
        "java",
        """
        for argument; do printf '<%s>' "$argument"; done
        printf ' in %s\\n' "$PWD"
        exit 7
        """);
  }

  private void tool(String name, String script) throws IOException {
    Files.writeString(bin.resolve(name), "#!/bin/sh\nset -eu\n" + script);
    executable(bin.resolve(name));
  }

  private static void executable(Path file) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  private Cli.Answer launch(Path script, String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).directory(bin.toFile());
    builder.environment().put("PATH", bin + ":" + System.getenv("PATH"));
    builder.environment().put("LOG", place.resolve("log").toString());
    builder.environment().remove("JAVA_HOME");
    return Cli.finish(builder);
  }

  private Cli.Answer launch(String... args) throws Exception {
    return launch(tree.resolve("secretvault"), args);
  }

  private List<String> builds() throws IOException {
    Path log = place.resolve("log");
    return Files.exists(log) ? Files.readAllLines(log) : List.of();
  }

  private void edited(Path file) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(5)));
  }

  @Test
  void firstRun_buildsInTheTreeAndRunsWhereItWasCalled() throws Exception {
    Cli.Answer answer = launch("hmac", "a b", "", "$x*", "--", "-n");
    assertThat(answer.err()).isEqualTo("building SecretVault ...\n");
    assertThat(answer.out())
        .contains("<-jar><" + tree + "/vault-cli/target/vault-cli-1.jar>")
        .endsWith("<hmac><a b><><$x*><--><-n> in " + bin + "\n");
    assertThat(answer.exitCode()).isEqualTo(7);
    assertThat(builds()).singleElement().asString().startsWith("in " + tree + ": -B -q");
  }

  @Test
  void nextRun_buildsNothingAndSaysNothing() throws Exception {
    launch("list");
    Cli.Answer answer = launch("list");
    assertThat(answer.err()).isEmpty();
    assertThat(builds()).hasSize(1);
  }

  @Test
  void anyChangeOfASource_buildsAgainOnce() throws Exception {
    launch("list");
    for (String changed :
        List.of("pom.xml", "vault-cli/pom.xml", "vault-cli/src/main/java/A.java")) {
      int before = builds().size();
      edited(tree.resolve(changed));
      launch("list");
      assertThat(builds()).hasSize(before + 1);
      Files.setLastModifiedTime(tree.resolve(changed), FileTime.from(Instant.EPOCH));
      launch("list");
      assertThat(builds()).hasSize(before + 1);
    }
    Files.delete(tree.resolve("vault-cli/src/main/java/A.java"));
    edited(tree.resolve("vault-cli/src/main/java"));
    int before = builds().size();
    launch("list");
    assertThat(builds()).hasSize(before + 1);
  }

  @Test
  void failedBuild_isReportedAndRunsNothing() throws Exception {
    tool("mvn", "echo 'compiler says no'; exit 1");
    Cli.Answer answer = launch("list");
    assertThat(answer.exitCode()).isEqualTo(1);
    assertThat(answer.out()).isEmpty();
    assertThat(answer.err())
        .endsWith("compiler says no\nsecretvault: the build failed, see above\n");
  }

  @Test
  void calledThroughLinks_findsItsTree() throws Exception {
    Path links = Files.createDirectory(place.resolve("links"));
    Files.createSymbolicLink(links.resolve("absolute"), tree.resolve("secretvault"));
    Files.createSymbolicLink(links.resolve("relative"), Path.of("absolute"));
    assertThat(launch(links.resolve("relative"), "list").out())
        .contains(tree + "/vault-cli/target/vault-cli-1.jar");
  }

  @Test
  void compiler_isTheOptimizingOneForLongWorkOnly() throws Exception {
    String quick = "<-XX:TieredStopAtLevel=1>";
    assertThat(launch("hmac", "web", "x").out()).contains(quick);
    assertThat(launch("demo").out()).contains(quick);
    assertThat(launch("demo", "ids.txt").out()).doesNotContain(quick);
    assertThat(launch("--dir", "d", "sign", "web").out()).doesNotContain(quick);
  }

  @Test
  void terminals_none_areReportedAsNone() throws Exception {
    assertThat(launch("list").out()).contains("<-Dsecretvault.terminals=>");
  }

  @Test
  void script_isExecutable() {
    assertThat(Files.isExecutable(SCRIPT)).isTrue();
    assertThat(SCRIPT).content(StandardCharsets.US_ASCII).startsWith("#!/bin/sh\n");
  }
}
