package dev.secretvault.store.jdbc;

import java.time.Duration;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link JdbcSecretStore} uses its database. Immutable: each method returns another one.
 *
 * <p>All stores that share tables must agree on {@link #portable}; the tables remember it.
 */
public final class JdbcOptions {

  /** Short enough that no name made of it is cut: PostgreSQL's limit is 63. */
  private static final Pattern IDENTIFIER = Pattern.compile("[a-z_][a-z0-9_]{0,39}");

  final @Nullable String schema;
  final String prefix;
  final boolean createTables;
  final boolean portable;
  final Duration lockTimeout;
  final Duration statementTimeout;

  private JdbcOptions(
      @Nullable String schema,
      String prefix,
      boolean createTables,
      boolean portable,
      Duration lockTimeout,
      Duration statementTimeout) {
    this.schema = schema;
    this.prefix = prefix;
    this.createTables = createTables;
    this.portable = portable;
    this.lockTimeout = lockTimeout;
    this.statementTimeout = statementTimeout;
  }

  /**
   * {@return tables {@code secretvault_*} in the schema that the connections find first, created
   * where they are missing; 10 seconds for a lock and 30 for a statement}
   */
  public static JdbcOptions defaults() {
    return new JdbcOptions(
        null, "secretvault_", true, false, Duration.ofSeconds(10), Duration.ofSeconds(30));
  }

  /**
   * Puts the tables into a schema, which must be there.
   *
   * @param name 1 to 40 lower case letters, digits and underscores, no digit first, and no word
   *     that SQL keeps for itself
   * @return the options
   * @throws IllegalArgumentException if {@code name} is none
   */
  public JdbcOptions schema(String name) {
    return new JdbcOptions(
        identifier("schema", name), prefix, createTables, portable, lockTimeout, statementTimeout);
  }

  /**
   * Begins the names of the tables with something else than {@code secretvault_}, so that one
   * schema has room for several stores.
   *
   * @param name 1 to 40 lower case letters, digits and underscores, no digit first
   * @return the options
   * @throws IllegalArgumentException if {@code name} is none
   */
  public JdbcOptions tablePrefix(String name) {
    return new JdbcOptions(
        schema,
        identifier("tablePrefix", name),
        createTables,
        portable,
        lockTimeout,
        statementTimeout);
  }

  /**
   * Leaves it to the application to create the tables, with {@link JdbcSecretStore#script}, so that
   * the store needs no right to.
   *
   * @return the options
   */
  public JdbcOptions existingTables() {
    return new JdbcOptions(schema, prefix, false, portable, lockTimeout, statementTimeout);
  }

  /**
   * Means to use nothing but what engines that speak PostgreSQL's protocol have in common:
   * transactions that are serializable, no advisory locks, no LISTEN and NOTIFY, no statement that
   * changes several tables. Slower; on PostgreSQL itself it gains nothing. Tables that were made
   * without it are refused, and the other way round.
   *
   * @return the options
   */
  public JdbcOptions portable() {
    return new JdbcOptions(schema, prefix, createTables, true, lockTimeout, statementTimeout);
  }

  /**
   * Limits how long a call waits for the database.
   *
   * @param lock for a lock that another commit holds; not heeded where {@link #portable}
   * @param statement for the answer to a statement, to the second; 5 seconds later its connection
   *     is given up
   * @return the options
   * @throws IllegalArgumentException if one is not between 1 second and 1 hour
   */
  public JdbcOptions timeouts(Duration lock, Duration statement) {
    return new JdbcOptions(
        schema,
        prefix,
        createTables,
        portable,
        timeout("lock", lock),
        timeout("statement", statement));
  }

  private static String identifier(String field, String name) {
    if (!IDENTIFIER.matcher(Objects.requireNonNull(name, field)).matches()) {
      throw new IllegalArgumentException(
          field + ": 1 to 40 of a-z 0-9 _ and no digit first, but was \"" + name + "\"");
    }
    return name;
  }

  private static Duration timeout(String field, Duration limit) {
    if (limit.compareTo(Duration.ofSeconds(1)) < 0 || limit.compareTo(Duration.ofHours(1)) > 0) {
      throw new IllegalArgumentException(
          field + ": between a second and an hour, but was " + limit);
    }
    return limit;
  }
}
