package dev.secretvault.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * However many records there are, each statement finds what it wants by an index, and touches few
 * pages. {@code -Dsecretvault.rows=1000000} is the full size.
 */
class PlansTest {

  private static final int ROWS = Integer.getInteger("secretvault.rows", 20_000);

  /** A page of a list, or of what has expired, in the order of the index: one page for each row. */
  private static final int LIMIT = 100;

  private static final int PAGES_FOR_ONE = 12;
  private static final Pattern TOUCHED = Pattern.compile("Buffers: shared (.*)");
  private static final Pattern COUNT = Pattern.compile("(?:hit|read)=(\\d+)");

  private static String schema;
  private static Tables tables;

  @BeforeAll
  static void fill() {
    schema = Server.newSchema();
    JdbcOptions options = JdbcOptions.defaults().schema(schema);
    JdbcSecretStore.open(Mode.READ_COMMITTED.pool(), options).close();
    tables = new Tables(options);
    Server.execute(
        """
        INSERT INTO %s.secretvault_record (key, revision, value, expires_at, stream, step)
        SELECT 'ns.s.' || md5(n::text), 1, decode(repeat(md5(n::text), 6), 'hex'), n, n, 1
        FROM generate_series(1, %d) AS n
        """
            .formatted(schema, ROWS));
    Server.execute("VACUUM ANALYZE " + schema + ".secretvault_record");
  }

  private static String filled(String sql, Object... parameters) {
    String text = sql;
    for (Object parameter : parameters) {
      text = text.replaceFirst("\\?", Matcher.quoteReplacement(parameter.toString()));
    }
    return text;
  }

  private static List<String> plan(String sql) throws SQLException {
    try (Connection connection = Server.superuser().getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("EXPLAIN (ANALYZE, BUFFERS) " + sql)) {
      List<String> plan = new ArrayList<>();
      while (rows.next()) {
        plan.add(rows.getString(1));
      }
      return plan;
    }
  }

  /** The first line that counts is that of all, with what is below. */
  private static int touched(List<String> plan) {
    for (String line : plan) {
      Matcher buffers = TOUCHED.matcher(line);
      if (buffers.find()) {
        return COUNT
            .matcher(buffers.group(1))
            .results()
            .mapToInt(r -> Integer.parseInt(r.group(1)))
            .sum();
      }
    }
    throw new AssertionError("no buffers in " + plan);
  }

  private static void touchesAtMost(int pages, String sql) throws SQLException {
    List<String> plan = plan(sql);
    String text = String.join("\n", plan);
    System.out.printf("of %d rows, %d pages: %s%n", ROWS, touched(plan), text);
    assertThat(text).doesNotContain("Seq Scan on secretvault_record");
    assertThat(touched(plan)).as(text).isLessThanOrEqualTo(pages);
  }

  @Test
  void find_readsOneRecord() throws SQLException {
    touchesAtMost(PAGES_FOR_ONE, filled(tables.read, "'ns.s.' || md5('77')"));
  }

  @Test
  void aPage_readsItsRecords() throws SQLException {
    touchesAtMost(LIMIT + PAGES_FOR_ONE, filled(tables.scan, "'ns.s.' || md5('77')", LIMIT));
  }

  @Test
  void theSweep_readsWhatHasExpired() throws SQLException {
    touchesAtMost(
        LIMIT + PAGES_FOR_ONE, filled(tables.expired, ROWS / 2 + LIMIT, ROWS / 2, "''", LIMIT));
  }

  /** The negative control. */
  @Test
  void withoutTheIndex_theSweepReadsAll() throws SQLException {
    List<String> plan =
        plan(
            filled(tables.expired, ROWS, -1, "''", LIMIT)
                .replace("expires_at", "(expires_at + 0)"));
    assertThat(String.join("\n", plan)).contains("Seq Scan on secretvault_record");
    assertThat(touched(plan)).isGreaterThan(LIMIT + PAGES_FOR_ONE);
  }
}
