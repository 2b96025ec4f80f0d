package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/** Compiles the examples of a text, and runs them in a fresh directory by a fresh JVM. */
final class Examples {

  private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  private final Path directory;
  private final String imports;
  private final String members;

  /**
   * Examples that need nothing besides.
   *
   * @param directory for what is compiled, and to run in
   */
  Examples(Path directory) {
    this(directory, "", "");
  }

  /**
   * Examples.
   *
   * @param directory for what is compiled, and to run in
   * @param imports that they need besides
   * @param members of the class that each is put into
   */
  Examples(Path directory, String imports, String members) {
    this.directory = directory;
    this.imports = imports;
    this.members = members;
  }

  static Path root() {
    Path here = Path.of("").toAbsolutePath();
    while (!Files.exists(here.resolve("README.md"))) {
      here = here.getParent();
      assertThat(here).as("a directory with README.md above the module").isNotNull();
    }
    return here;
  }

  /** The examples in Java that a page has. */
  static List<String> of(String page) throws IOException {
    return BLOCK
        .matcher(Files.readString(root().resolve(page)))
        .results()
        .map(match -> match.group(1))
        .toList();
  }

  /** Runs one; returns the directory that it ran in. */
  Path run(String block, String... options) throws IOException, InterruptedException {
    assertThat(compile(block)).as(block).isTrue();
    Path workingDirectory = Files.createTempDirectory(directory, "run");
    Path output = workingDirectory.resolve("output");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    String separator = System.getProperty("path.separator");
    command.addAll(
        List.of(
            "-ea",
            "-cp",
            directory + separator + System.getProperty("java.class.path"),
            "Example"));
    Process process =
        new ProcessBuilder(command)
            .directory(workingDirectory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(output)).isZero();
    return workingDirectory;
  }

  boolean compile(String block) throws IOException {
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
        %s
        public class Example {
          %s
          public static void main(String[] args) throws Exception {
        %s
          }
        }
        """
            .formatted(imports, members, body);
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
