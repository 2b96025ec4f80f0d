package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.jdbc.Server;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the README and the page on PostgreSQL show is compiled, and run on a database. */
class JdbcExamplesTest {

  @TempDir Path directory;

  @Test
  void examples_compileAndRun() throws IOException, InterruptedException {
    Examples examples =
        new Examples(
            directory,
            "import dev.secretvault.store.jdbc.*;",
            """
            private static final org.postgresql.ds.PGSimpleDataSource dataSource =
                new org.postgresql.ds.PGSimpleDataSource();
            static {
              dataSource.setUrl(System.getProperty("url"));
            }
            """);
    List<String> blocks = new ArrayList<>(Examples.of("docs/POSTGRESQL.md"));
    Examples.of("README.md").stream().filter(block -> block.contains("Jdbc")).forEach(blocks::add);
    assertThat(blocks).hasSizeGreaterThanOrEqualTo(2);
    for (String block : blocks) {
      Path ranIn = examples.run(block, "-Durl=" + Server.urlOfNewSchema());
      assertThat(ranIn.resolve("master.key")).isNotEmptyFile();
    }
  }
}
