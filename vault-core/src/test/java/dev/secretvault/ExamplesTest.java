package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README and the Javadoc show is compiled and run; what needs a database, elsewhere. */
class ExamplesTest {

  @TempDir Path directory;
  private Examples examples;

  @BeforeEach
  void begin() {
    examples = new Examples(directory);
  }

  @Test
  void readme_javaExamples_compileAndRun() throws IOException, InterruptedException {
    List<String> blocks =
        Examples.of("README.md").stream().filter(block -> !block.contains("Jdbc")).toList();
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
    Path source =
        Examples.root().resolve("vault-core/src/main/java/dev/secretvault/SecretVault.java");
    List<MatchResult> blocks =
        Pattern.compile("<pre>\\{@code\n(.*?)\\}</pre>", Pattern.DOTALL)
            .matcher(Files.readString(source))
            .results()
            .toList();
    assertThat(blocks).hasSize(1);
    run(blocks.get(0).group(1).replaceAll("(?m)^ \\* ?", ""));
  }

  @Test
  void brokenExample_isNoticed() throws IOException {
    assertThat(examples.compile("vault.noSuchMethod();")).isFalse();
  }

  private void run(String block) throws IOException, InterruptedException {
    Path ranIn = examples.run(block);
    assertThat(ranIn.resolve("master.key")).isNotEmptyFile();
    assertThat(ranIn.resolve("secrets")).isNotEmptyDirectory();
  }
}
