package dev.secretvault.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is measured on PostgreSQL does what it is measured for. */
@Timeout(120)
class PostgresPeersTest {

  private static Postgres postgres;

  @BeforeAll
  static void start() throws Exception {
    postgres = Postgres.use();
  }

  @AfterAll
  static void stop() throws Exception {
    postgres.leave();
  }

  private static List<String> query(String sql) throws SQLException {
    try (Connection connection = postgres.pool().getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> column = new ArrayList<>();
      while (rows.next()) {
        column.add(rows.getString(1));
      }
      return column;
    }
  }

  @Test
  void server_settings_areDurable() throws Exception {
    assertThat(
            query(
                "SELECT setting FROM pg_settings WHERE name IN"
                    + " ('fsync', 'full_page_writes', 'synchronous_commit')"))
        .containsExactly("on", "on", "on");
  }

  @Test
  void rows_create_writesWhatAVaultWrites() throws Exception {
    try (Bench bench = new Bench(Bench.keys(2));
        PostgresVaults.Create vault = new PostgresVaults.Create();
        PostgresByHand.Rows rows = new PostgresByHand.Rows()) {
      for (Creator creator : List.of(vault, rows)) {
        creator.create(bench.keys()[0], bench.value());
        creator.create(bench.keys()[1], bench.value());
      }
      assertThat(lengths(rows.schema)).hasSize(6).isEqualTo(lengths(vault.schema()));
      assertThat(steps(rows.schema)).containsExactly("3", "3").isEqualTo(steps(vault.schema()));
    }
  }

  /** Of the keys and values of all secrets. */
  private static List<String> lengths(String schema) throws SQLException {
    return query(
        "SELECT length(key) || ': ' || length(value) AS lengths FROM "
            + schema
            + ".secretvault_record WHERE key ~ '[.][nsv][.]' AND value <> '' ORDER BY lengths");
  }

  /** How many records each step wrote, but for the one that made the vault. */
  private static List<String> steps(String schema) throws SQLException {
    return query(
        "SELECT cardinality(keys) FROM "
            + schema
            + ".secretvault_log WHERE keys <> ARRAY['header']");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pg-create", "bare-pg-create", "bare-pg-rows"})
  void create_keyThatIsThere_isRefused(String kind) throws Exception {
    try (Bench bench = new Bench(Bench.keys(41));
        Creator creator = Creator.open(kind, bench.directory())) {
      creator.fill(bench.keys(), 0, 40, bench.value());
      creator.create(bench.keys()[40], bench.value());
      for (int i : new int[] {0, 39, 40}) {
        assertThatThrownBy(() -> creator.create(bench.keys()[i], bench.value()))
            .satisfiesAnyOf(
                thrown -> assertThat(thrown.getClass().getSimpleName()).contains("DuplicateName"),
                thrown -> assertThat(thrown).hasMessageContaining("duplicate key"));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"pg-reveal", "bare-pg-reveal"})
  void reveal_anyOfThoseFilledIn_hasItsValue(String kind) throws Exception {
    try (Bench bench = new Bench(Bench.keys(3));
        Creator creator = Creator.open(kind, bench.directory())) {
      creator.fill(bench.keys(), 0, 2, bench.value());
      for (int i = 0; i < 10; i++) {
        creator.create(bench.keys()[2], bench.value());
      }
      // What is revealed is looked at: another length is noticed.
      assertThatThrownBy(() -> creator.create(bench.keys()[2], new byte[1]))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @ParameterizedTest
  @CsvSource({"pg-reveal-first,", "pg-once, secretvault_record", "bare-pg-once, secret"})
  void reveal_eachThatWasPrepared_happensOnce(String kind, String emptied) throws Exception {
    try (Bench bench = new Bench(Bench.keys(1));
        Creator creator = Creator.open(kind, bench.directory())) {
      creator.prepare(2, bench.value());
      creator.create(bench.keys()[0], bench.value());
      creator.create(bench.keys()[0], bench.value());
      assertThatThrownBy(() -> creator.create(bench.keys()[0], bench.value()))
          .isInstanceOf(NoSuchElementException.class);
      if (emptied != null) {
        String schema =
            creator instanceof PostgresVaults.Create vault
                ? vault.schema()
                : ((PostgresByHand.ByHand) creator).schema;
        String values = emptied.equals("secret") ? "" : " WHERE key LIKE '%.v.%' AND revision > 0";
        assertThat(query("SELECT count(*) FROM " + schema + "." + emptied + values))
            .containsExactly("0");
      }
    }
  }
}
