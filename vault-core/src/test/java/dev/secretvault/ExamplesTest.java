package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the README and the Javadoc show is compiled, and run in a fresh directory by a fresh JVM.
 */
class ExamplesTest {

  @TempDir Path directory;

  @Test
  void readme_javaExamples_compileAndRun() throws IOException, InterruptedException {
    String readme = Files.readString(root().resolve("README.md"));
    List<String> blocks = blocks(readme, Pattern.compile("```java\n(.*?)```", Pattern.DOTALL));
    assertThat(blocks).isNotEmpty();
    for (String block : blocks) {
      run(block.contains("SecretVault.builder()") ? block : inAVault(block));
    }
  }

  private static String inAVault(String block) {
    return """
        try (SecretVault vault = SecretVault.builder()
            .store(FileSecretStore.open(Path.of("secrets")))
            .masterKey(MasterKey.fromFile(Path.of("master.key")))
            .open()) {
        %s
        }
        """
        .formatted(block);
  }

  @Test
  void javadocOfSecretVault_example_compilesAndRuns() throws IOException, InterruptedException {
    Path source = root().resolve("vault-core/src/main/java/dev/secretvault/SecretVault.java");
    List<String> blocks =
        blocks(
            Files.readString(source),
            Pattern.compile("<pre>\\{@code\n(.*?)\\}</pre>", Pattern.DOTALL));
    assertThat(blocks).hasSize(1);
    run(blocks.get(0).replaceAll("(?m)^ \\* ?", ""));
  }

  @Test
  void brokenExample_isNoticed() throws IOException {
    assertThat(compile("vault.noSuchMethod();")).isFalse();
  }

  private static Path root() {
    Path here = Path.of("").toAbsolutePath();
    while (!Files.exists(here.resolve("README.md"))) {
      here = here.getParent();
      assertThat(here).as("a directory with README.md above the module").isNotNull();
    }
    return here;
  }

  private static List<String> blocks(String text, Pattern pattern) {
    return pattern
        .matcher(text)
        .results()
        .map(match -> match.group(1))
        .collect(Collectors.toList());
  }

  private void run(String block) throws IOException, InterruptedException {
    assertThat(compile(block)).isTrue();
    Path workingDirectory = Files.createTempDirectory(directory, "run");
    Path output = workingDirectory.resolve("output");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "-cp",
                directory
                    + System.getProperty("path.separator")
                    + System.getProperty("java.class.path"),
                "Example")
            .directory(workingDirectory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(output)).isZero();
    assertThat(workingDirectory.resolve("master.key")).isNotEmptyFile();
    assertThat(workingDirectory.resolve("secrets")).isNotEmptyDirectory();
  }

  private boolean compile(String block) throws IOException {
    // A local "genuine" that is never read proves nothing: the run asserts it.
    Matcher genuine = Pattern.compile("boolean genuine = .*;.*").matcher(block);
    String body = genuine.replaceAll("$0\n      if (!genuine) throw new AssertionError();");
    String source =
        """
        import dev.secretvault.*;
        import dev.secretvault.crypto.*;
        import dev.secretvault.store.file.*;
        import java.net.URI;
        import java.nio.file.Path;
        import java.time.Duration;
        import java.time.Instant;
        import java.util.Map;
        import java.util.Set;

        public class Example {
          public static void main(String[] args) throws Exception {
        %s
          }
        }
        """
            .formatted(body);
    Path file =
        Files.writeString(directory.resolve("Example.java"), source, StandardCharsets.UTF_8);
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (var files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
      return compiler
          .getTask(
              new StringWriter(),
              files,
              diagnostic -> {},
              List.of("-d", directory.toString(), "-proc:none"),
              null,
              files.getJavaFileObjects(file))
          .call();
    }
  }
}
