package dev.secretvault.store.jdbc;

/** The statements, with the names of the tables in them. */
final class Tables {

  /** Before the names; empty, or a schema and a dot. */
  private final String schema;

  private final String prefix;

  final String read;
  final String scan;
  final String expired;
  final String commit;
  final String fence;
  final String trim;
  final String trimLog;
  final String expire;
  final String expireLog;
  final String latest;
  final String news;
  final String look;
  final String lock;
  final String log;
  final String create;
  final String replace;
  final String delete;

  Tables(JdbcOptions options) {
    this(options, options.schema == null ? "" : options.schema);
  }

  /** In a schema that the options need not name; empty for none. */
  Tables(JdbcOptions options, String name) {
    schema = name.isEmpty() ? "" : name + ".";
    prefix = options.prefix;
    String standby = options.portable ? "false" : STANDBY;
    String columns = "SELECT key, revision, value, expires_at FROM {record} ";
    read = checked(standby, columns + "WHERE key = ? AND revision > 0");
    scan =
        checked(standby, columns + "WHERE key > ? AND revision > 0 ORDER BY key LIMIT ?")
            + " ORDER BY key";
    expired =
        checked(
                standby,
                columns
                    + "WHERE expires_at <= ? AND (expires_at, key) > (?, ?)"
                    + " ORDER BY expires_at, key LIMIT ?")
            + " ORDER BY expires_at, key";
    commit = named(COMMIT.replace("{forced}", FORCED));
    fence =
        named(
            (options.portable ? "" : "WITH forced AS MATERIALIZED (SELECT " + FORCED + ") ")
                + "INSERT INTO {log} AS l (stream, step) SELECT ?::bigint, ?::bigint"
                + (options.portable ? "" : " FROM forced")
                + " ON CONFLICT (stream, step) DO UPDATE SET at = now()"
                + " RETURNING l.keys IS NOT NULL");
    trim = named(EMPTIED.formatted(OLD_STEPS));
    trimLog = named(LEFT_LOG.formatted(OLD_STEPS));
    expire = named(EMPTIED.formatted(OLD_STREAMS));
    expireLog = named(LEFT_LOG.formatted(OLD_STREAMS));
    latest = named(STREAMS + "SELECT s.stream, l.step " + LAST_STEPS);
    news = checked(standby, NEWS + "LIMIT " + (Announcer.MOST + 1)) + " ORDER BY stream, step";
    look = named("SELECT key, revision, stream, step FROM {record} WHERE key = ANY (?)");
    lock = look + " ORDER BY key FOR UPDATE";
    log = named("INSERT INTO {log} (stream, step, keys, absent) VALUES (?, ?, ?, ?)");
    create =
        named(
            "INSERT INTO {record} (key, revision, value, expires_at, stream, step)"
                + " SELECT c.key, c.revision, c.value, c.expires_at, ?, ? FROM"
                + " unnest(?::text[], ?::bytea[], ?::bigint[], ?::bigint[])"
                + " AS c (key, value, expires_at, revision)");
    replace =
        named(
            "UPDATE {record} AS r SET revision = c.revision, value = c.value,"
                + " expires_at = c.expires_at, stream = ?, step = ? FROM"
                + " unnest(?::text[], ?::bytea[], ?::bigint[], ?::bigint[])"
                + " AS c (key, value, expires_at, revision) WHERE r.key = c.key");
    delete =
        named(
            "UPDATE {record} SET revision = 0, value = NULL, expires_at = NULL,"
                + " stream = ?, step = ? WHERE key = ANY (?)");
  }

  /**
   * The rows of a query, with a column that says whether the server only reads; one row of nulls if
   * there are none, as a server that was replaced may have none of those that there are.
   */
  private String checked(String standby, String query) {
    return named(
        "SELECT q.*, s.standby FROM (SELECT "
            + standby
            + " AS standby) s"
            + " LEFT JOIN LATERAL ("
            + query
            + ") q ON true");
  }

  /** Puts the names of the tables where they belong. */
  String named(String sql) {
    return sql.replace("{record}", "{schema}{prefix}record")
        .replace("{log}", "{schema}{prefix}log")
        .replace("{version}", "{schema}{prefix}version")
        .replace("{schema}", schema)
        .replace("{prefix}", prefix);
  }

  /** Of a standby this is true, and of a server that waits for its end. */
  private static final String STANDBY = "current_setting('transaction_read_only') = 'on'";

  /** Makes the transaction wait for the disk, and for the standby that there may be. */
  private static final String FORCED =
      "CASE WHEN current_setting('synchronous_commit') = 'off'"
          + " THEN set_config('synchronous_commit', 'on', true) END";

  /**
   * A whole commit in one statement, and so in one round trip.
   *
   * <p>First it looks, without a lock; if a record has another revision than the one expected, that
   * is all. Then it locks the records in the order of their keys, so that no two commits wait for
   * each other: those required for sharing, the others for itself. There it waits for commits that
   * hold them. If one of these left another revision, a null where none is allowed makes the
   * statement fail: to commit nothing would force a write, too, while others wait. It comes last,
   * as the server begins with what is last. Else the statement makes all changes. A record that is
   * to be absent has no row to lock, and gets one; where another commit is about to insert the
   * same, the index makes this one wait, and fail if that one goes through.
   *
   * <p>The arrays come by way of a table, so that their lengths are no reason for the server to
   * plan the statement again each time. Each step of the plan costs, also where it has nothing to
   * do: so there are few. The rows that it returns, one for each change that has a record, tell
   * what was found.
   */
  private static final String COMMIT =
      """
      WITH given AS MATERIALIZED (
        SELECT c.* FROM (SELECT set_config('lock_timeout', ?, true),
          {forced},
          ?::text[] AS keys, ?::bigint[] AS expected, ?::text[] AS kinds, ?::bytea[] AS values,
          ?::bigint[] AS expiries, ?::bigint[] AS revisions OFFSET 0) g,
        unnest(g.keys, g.expected, g.kinds, g.values, g.expiries, g.revisions)
          AS c (key, expected, kind, value, expires_at, becomes)
      ), seen AS MATERIALIZED (
        SELECT c.key, c.expected, r.* FROM given c LEFT JOIN LATERAL (
          SELECT revision, stream, step FROM {record} WHERE key = c.key OFFSET 0) r ON true
      ), held AS MATERIALIZED (
        SELECT c.*, r.* FROM given c LEFT JOIN LATERAL (
          SELECT * FROM (SELECT revision, stream, step FROM {record}
            WHERE key = c.key AND c.kind = 'r' FOR SHARE) shared
          UNION ALL
          SELECT * FROM (SELECT revision, stream, step FROM {record}
            WHERE key = c.key AND c.kind <> 'r' FOR UPDATE) own) r ON true
        WHERE NOT EXISTS (SELECT FROM seen WHERE coalesce(revision, 0) <> expected)
      ), created AS (
        INSERT INTO {record} (key, revision, value, expires_at, stream, step)
        SELECT key, becomes, value, expires_at, ?, ? FROM held WHERE revision IS NULL
      ), replaced AS (
        UPDATE {record} r SET revision = h.becomes, value = h.value, expires_at = h.expires_at,
          stream = ?, step = ?
        FROM held h
        WHERE r.key = ANY (ARRAY(SELECT key FROM held WHERE kind <> 'r' AND revision IS NOT NULL))
          AND r.key = h.key
      ), logged AS (
        INSERT INTO {log} (stream, step, keys, absent)
        SELECT ?, CASE WHEN bool_and(coalesce(revision, 0) = expected) THEN ?::bigint END,
          array_agg(key) FILTER (WHERE kind <> 'r'),
          array_agg(key) FILTER (WHERE kind = 'd' OR kind = 'r' AND revision IS NULL)
        FROM held HAVING count(*) > 0
      )
      SELECT key, revision, stream, step FROM held WHERE revision IS NOT NULL
      UNION ALL
      SELECT key, revision, stream, step FROM seen
      WHERE revision IS NOT NULL AND NOT EXISTS (SELECT FROM held)
      """;

  /** All streams, each found behind the one before: reads no more of the log than their ends. */
  private static final String STREAMS =
      """
      WITH RECURSIVE streams (stream) AS (
        (SELECT stream FROM {log} ORDER BY stream LIMIT 1)
        UNION ALL
        SELECT (SELECT l.stream FROM {log} l WHERE l.stream > s.stream ORDER BY l.stream LIMIT 1)
        FROM streams s WHERE s.stream IS NOT NULL
      )
      """;

  private static final String LAST_STEPS =
      """
      FROM streams s CROSS JOIN LATERAL (
        SELECT step, at FROM {log} WHERE stream = s.stream ORDER BY step DESC LIMIT 1) l
      """;

  /**
   * What is about to leave the log: the steps of a stream up to one, or streams not used lately.
   */
  private static final String OLD_STEPS = "l.stream = ? AND l.step <= ?";

  private static final String OLD_STREAMS =
      "l.stream = ANY (ARRAY("
          + STREAMS
          + "SELECT s.stream "
          + LAST_STEPS
          + "WHERE l.at < now() - interval '24 hours'))";

  /**
   * Removes the rows of revision 0 that old commits wrote. One that somebody holds is in use, and
   * stays until another time.
   */
  private static final String EMPTIED =
      """
      DELETE FROM {record} WHERE revision = 0 AND key = ANY (ARRAY(
        SELECT r.key FROM (
          SELECT a.key, l.stream, l.step FROM {log} l, unnest(l.absent) AS a (key)
          WHERE %s ORDER BY a.key OFFSET 0) old
        CROSS JOIN LATERAL (
          SELECT key FROM {record}
          WHERE key = old.key AND revision = 0 AND stream = old.stream AND step = old.step
          FOR UPDATE SKIP LOCKED) r))
      """;

  /** Removes the steps of old commits, but for those of which there is a row of revision 0. */
  private static final String LEFT_LOG =
      """
      DELETE FROM {log} l WHERE %s
      AND NOT EXISTS (
        SELECT FROM unnest(l.absent) AS a (key) CROSS JOIN LATERAL (
          SELECT FROM {record}
          WHERE key = a.key AND revision = 0 AND stream = l.stream AND step = l.step OFFSET 0) r)
      """;

  /** The steps behind those that are known; looks at the end of each stream only. */
  private static final String NEWS =
      STREAMS
          + """
          SELECT s.stream, l.step, l.keys
          FROM streams s
          LEFT JOIN unnest(?::bigint[], ?::bigint[]) AS known (stream, step) USING (stream)
          CROSS JOIN LATERAL (
            SELECT step, keys FROM {log}
            WHERE stream = s.stream AND step > coalesce(known.step, 0) ORDER BY step) l
          """;
}
