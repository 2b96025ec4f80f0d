package dev.secretvault.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * However many records there are, each statement finds what it wants by an index, and touches few
 * pages: by the plan that the server has for all values of its parameters. {@code
 * -Dsecretvault.rows=1000000} is the full size, and the plans are printed.
 */
class PlansTest {

  private static final int ROWS = Integer.getInteger("secretvault.rows", 20_000);

  private static final int STREAMS = 40;

  /** What is the last step of each stream of the log. */
  private static final int LAST_STEP = 320;

  /** A schema with some records, and the steps of each stream from some step on. */
  private record Filled(String schema, int first) {

    String sql(String statement) throws Exception {
      Field field = Tables.class.getDeclaredField(statement);
      return (String) field.get(new Tables(options()));
    }

    JdbcOptions options() {
      return JdbcOptions.defaults().schema(schema);
    }
  }

  /** With a tenth of the records, and of the steps. */
  private static Filled few;

  private static Filled many;

  private static final String KEY = "('ns.s.' || md5('77'))::text";
  private static final String STREAM = "7::bigint";
  private static final String STEP = "1000::bigint";

  /** One page of a list. */
  private static final String LIMIT = "100::bigint";

  private static final String KEYS = "ARRAY['absent', 'new', 'ns.s.' || md5('77')]::text[]";
  private static final String PUTS = "ARRAY['\\x01', '\\x02', '\\x03']::bytea[]";
  private static final String EXPIRIES = "ARRAY[null, 5, 7]::bigint[]";
  private static final String REVISIONS = "ARRAY[1, 1, 2]::bigint[]";

  /** What each statement is given. */
  private static final Map<String, List<String>> PARAMETERS =
      Map.ofEntries(
          entry("read", List.of(KEY)),
          entry("scan", List.of(KEY, LIMIT)),
          entry("expired", List.of("600::bigint", "300::bigint", "''::text", LIMIT)),
          entry("commit", commit()),
          entry("fence", List.of(STREAM, STEP)),
          entry("trim", List.of(STREAM, "{first} + 15::bigint")),
          entry("trimLog", List.of(STREAM, "{first} + 15::bigint")),
          entry("expire", List.of()),
          entry("expireLog", List.of()),
          entry("latest", List.of()),
          entry("news", List.of(numbers(stream -> stream), numbers(stream -> LAST_STEP - 3))),
          entry("look", List.of(KEYS)),
          entry("lock", List.of(KEYS)),
          entry("log", List.of(STREAM, STEP, KEYS, "null::text[]")),
          entry(
              "create",
              List.of(
                  STREAM, STEP, "ARRAY['new', 'new2', 'new3']::text[]", PUTS, EXPIRIES, REVISIONS)),
          entry("replace", List.of(STREAM, STEP, KEYS, PUTS, EXPIRIES, REVISIONS)),
          entry("delete", List.of(STREAM, STEP, KEYS)));

  private static String numbers(IntUnaryOperator ofStream) {
    return "ARRAY"
        + IntStream.rangeClosed(1, STREAMS).map(ofStream).boxed().toList()
        + "::bigint[]";
  }

  /** One of each kind of change. */
  private static List<String> commit() {
    List<String> parameters =
        new ArrayList<>(
            List.of(
                "'10000'::text",
                "ARRAY['absent', 'new', 'ns.s.' || md5('77'), 'ns.s.' || md5('78'), 'ns.s.' ||"
                    + " md5('79')]::text[]",
                "ARRAY[0, 0, 1, 1, 1]::bigint[]",
                "ARRAY['r', 'p', 'r', 'p', 'd']::text[]",
                "ARRAY[null, '\\x01', null, '\\x02', null]::bytea[]",
                "ARRAY[null, 5, null, null, null]::bigint[]",
                "ARRAY[0, 1, 0, 2, 0]::bigint[]"));
    for (int i = 0; i < 3; i++) {
      parameters.addAll(List.of(STREAM, STEP));
    }
    return parameters;
  }

  @BeforeAll
  static void fill() {
    few = filled(ROWS / 10, LAST_STEP - LAST_STEP / 10);
    many = filled(ROWS, 1);
  }

  /** All records have an expiry; two streams are old, and as long in each log. */
  private static Filled filled(int rows, int first) {
    Filled filled = new Filled(Server.newSchema(), first);
    Server.execute(JdbcSecretStore.script(filled.options()));
    Server.execute(
        """
        INSERT INTO %1$s.secretvault_record (key, revision, value, expires_at, stream, step)
        SELECT 'ns.s.' || md5(n::text), 1, decode(repeat(md5(n::text), 6), 'hex'), n, 1, 1
        FROM generate_series(1, %2$d) AS n;
        INSERT INTO %1$s.secretvault_log (stream, step, keys, absent, at)
        SELECT stream, step, ARRAY['ns.s.' || md5(step::text)],
          CASE WHEN number <= 20 THEN ARRAY['ns.n.' || stream || '.' || step] END,
          now() - CASE WHEN stream <= 2 THEN interval '2 days' ELSE interval '1 minute' END
        FROM generate_series(1, %3$d) AS stream,
          generate_series(CASE WHEN stream <= 2 THEN %5$d - 20 ELSE %4$d END, %5$d)
            WITH ORDINALITY AS s (step, number);
        INSERT INTO %1$s.secretvault_record (key, revision, stream, step)
        SELECT unnest(absent), 0, stream, step FROM %1$s.secretvault_log
        """
            .formatted(filled.schema, rows, STREAMS, first, LAST_STEP));
    Server.execute("VACUUM ANALYZE " + filled.schema + ".secretvault_record");
    Server.execute("VACUUM ANALYZE " + filled.schema + ".secretvault_log");
    return filled;
  }

  /** How a statement was executed, and how many pages it touched. */
  private record Plan(String text, long pages) {

    boolean readsAll() {
      return text.contains("Seq Scan on secretvault_");
    }
  }

  private static Plan plan(Filled filled, String name, String... before) throws Exception {
    List<String> parameters =
        PARAMETERS.get(name).stream()
            .map(parameter -> parameter.replace("{first}", String.valueOf(filled.first)))
            .toList();
    return plan(filled.sql(name), parameters, before);
  }

  private static Plan plan(String sql, List<String> parameters, String... before)
      throws SQLException {
    try (Connection connection = Server.superuser().getConnection();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (String first : before) {
        statement.execute(first);
      }
      statement.execute("SET LOCAL plan_cache_mode = force_generic_plan");
      Matcher marks = Pattern.compile("\\?").matcher(sql);
      int[] number = {0};
      String numbered = marks.replaceAll(mark -> "\\$" + ++number[0]);
      String types = joined(parameters.stream().map(PlansTest::type));
      statement.execute("PREPARE planned" + types + " AS " + numbered);
      String execute = "EXECUTE planned" + joined(parameters.stream());
      rows(statement, "EXPLAIN " + execute);
      long touched = touched(statement);
      String text = rows(statement, "EXPLAIN (ANALYZE, BUFFERS) " + execute);
      touched = touched(statement) - touched;
      connection.rollback();
      return new Plan(text, touched);
    }
  }

  private static String joined(Stream<String> parts) {
    String all = parts.collect(Collectors.joining(", "));
    return all.isEmpty() ? "" : " (" + all + ")";
  }

  private static String type(String parameter) {
    return parameter.substring(parameter.lastIndexOf("::") + 2);
  }

  private static String rows(Statement statement, String sql) throws SQLException {
    try (ResultSet rows = statement.executeQuery(sql)) {
      StringBuilder text = new StringBuilder();
      while (rows.next()) {
        text.append(rows.getString(1)).append('\n');
      }
      return text.toString();
    }
  }

  /** By the transaction, of all tables and indexes of the stores. */
  private static long touched(Statement statement) throws SQLException {
    return Long.parseLong(
        rows(
                statement,
                "SELECT sum(pg_stat_get_xact_blocks_fetched(oid)) FROM pg_class"
                    + " WHERE relname LIKE 'secretvault_%'")
            .strip());
  }

  static List<String> statements() {
    return Arrays.stream(Tables.class.getDeclaredFields())
        .filter(field -> field.getType() == String.class && !field.isSynthetic())
        .filter(field -> !Modifier.isPrivate(field.getModifiers()))
        .map(Field::getName)
        .toList();
  }

  @ParameterizedTest
  @MethodSource("statements")
  void statement_tenTimesAsManyRecords_touchesAsFewPages(String name) throws Exception {
    Plan small = plan(few, name);
    Plan large = plan(many, name);
    if (Integer.getInteger("secretvault.rows") != null) {
      System.out.printf(
          "%s: %d pages of %d records, %d of %d%n%s%n",
          name, small.pages, ROWS / 10, large.pages, ROWS, large.text);
    }
    assertThat(large.readsAll()).as(large.text).isFalse();
    // Each index may be higher by one page.
    assertThat(large.pages).as(large.text).isBetween(1L, small.pages * 3 / 2);
  }

  /** The negative controls. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT max(revision) FROM %s.secretvault_record",
        "DELETE FROM %s.secretvault_log WHERE at < now() - interval '1 day'"
      })
  void statement_thatReadsAll_isNoticed(String sql) throws Exception {
    Plan small = plan(sql.formatted(few.schema), List.of());
    Plan large = plan(sql.formatted(many.schema), List.of());
    assertThat(large.readsAll()).as(large.text).isTrue();
    assertThat(large.pages).as(large.text).isGreaterThan(small.pages * 3 / 2);
  }

  @Test
  void sweep_withoutItsIndex_isNoticed() throws Exception {
    Plan plan = plan(many, "expired", "DROP INDEX " + many.schema + ".secretvault_record_expiry");
    assertThat(plan.readsAll()).as(plan.text).isTrue();
  }

  /** With whatever it sends, in the way the driver sends it. */
  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"READ_COMMITTED", "PORTABLE"})
  void store_openedAndUsed_readsNoTableFromEndToEnd(Mode mode) throws Exception {
    JdbcOptions options = mode.of(many.options());
    Server.execute(
        "UPDATE %s.secretvault_version SET portable = %s"
            .formatted(many.schema, mode == Mode.PORTABLE));
    try (Connection connection = Server.superuser().getConnection();
        Statement statement = connection.createStatement()) {
      OneConnection source = new OneConnection(connection);
      long before = scans(statement);
      try (JdbcSecretStore store = JdbcSecretStore.open(source, options)) {
        Sessions sessions = new Sessions(source, options.statementTimeout);
        Announcer announcer = new Announcer(sessions, new Tables(options));
        announcer.add(new NoListener());
        for (int i = 0; i < 64; i++) {
          RecordKey key = new RecordKey(mode + "." + i);
          StoredRecord first = store.scan(key, 1).get(0);
          store.commit(
              List.of(
                  Change.put(key, 0, new byte[1]), Change.require(first.key(), first.revision())));
          store.commit(List.of(Change.put(key, 1, new byte[2])));
          store.commit(List.of(Change.delete(key, 2)));
          assertThat(store.read(key)).isEmpty();
          assertThat(store.scan(first.key(), 100)).hasSize(100);
          assertThat(store.expired(Instant.ofEpochMilli(500), 100)).hasSize(100);
          sessions.use(announcer::look);
        }
      }
      assertThat(scans(statement)).isEqualTo(before);
      // It counts.
      rows(statement, "SELECT count(value) FROM " + many.schema + ".secretvault_record");
      assertThat(scans(statement)).isGreaterThan(before);
    }
  }

  private static long scans(Statement statement) throws SQLException {
    rows(statement, "SELECT pg_stat_force_next_flush()");
    return Long.parseLong(
        rows(
                statement,
                "SELECT sum(seq_scan) FROM pg_stat_user_tables WHERE schemaname = '%s'"
                        .formatted(many.schema)
                    + " AND relname IN ('secretvault_record', 'secretvault_log')")
            .strip());
  }
}
