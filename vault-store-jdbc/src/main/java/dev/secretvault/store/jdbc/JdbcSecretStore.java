package dev.secretvault.store.jdbc;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * A {@link SecretStore} in tables of a PostgreSQL database, for any number of nodes.
 *
 * <p><b>What it asks of the data source.</b> Connections of the caller's own making, best from a
 * pool; the store closes each after one piece of work, and leaves its modes as they were. One is
 * kept as long as somebody {@linkplain #watch watches}. The level of isolation is the caller's
 * choice: the store keeps its promise at READ COMMITTED as at SERIALIZABLE. A limit on how long a
 * socket waits for an answer ({@code socketTimeout}) is the caller's business, too.
 *
 * <p><b>When the database fails.</b> A commit that loses a race is made again. If the connection is
 * lost, the store asks on another one what became of the commit, and makes sure of the answer: it
 * returns normally if the commit happened, and makes it anew if not. Only if nobody answers for as
 * long as a statement may take, the {@link StoreException} says that the outcome is unknown. Once
 * the database is back, or another one in its place, the store goes on.
 *
 * <p><b>Durable</b> is what the database calls so: the store refuses one that runs without {@code
 * fsync}, and turns {@code synchronous_commit} on for its commits where it is off. That a commit
 * outlives the loss of the machine takes a synchronous standby.
 */
public final class JdbcSecretStore implements SecretStore {

  /** For how long a connection that is lost while reading is replaced by another one. */
  private static final Duration READ_AGAIN = Duration.ofSeconds(2);

  private final Sessions sessions;
  private final Tables tables;
  private final Commits commits;
  private final Announcer announcer;
  private final Watcher watcher;
  private final Bell bell;

  /** Held for writing by close, for reading by what it waits for. */
  private final ReentrantReadWriteLock gate = new ReentrantReadWriteLock();

  private volatile boolean closed;

  private JdbcSecretStore(Sessions sessions, Tables tables, JdbcOptions options) {
    this.sessions = sessions;
    this.tables = tables;
    this.commits =
        new Commits(
            sessions,
            tables,
            options.portable
                ? new TransactionWriter(sessions, tables)
                : new StatementWriter(sessions, tables, options.lockTimeout),
            options.statementTimeout);
    this.announcer = new Announcer(sessions, tables);
    this.bell = bell(tables, options);
    this.watcher = new Watcher(sessions, announcer, bell);
  }

  private static Bell bell(Tables tables, JdbcOptions options) {
    if (!options.portable) {
      try {
        Class.forName("org.postgresql.PGConnection", false, Bell.class.getClassLoader());
        return new NotifyBell(tables.named("{prefix}log"));
      } catch (ClassNotFoundException otherDriver) {
        // Goes by time alone.
      }
    }
    return new Bell();
  }

  /**
   * Opens the store, and creates its tables if they are missing.
   *
   * @param source gives connections to the database
   * @return the store; closing it is the caller's task, and leaves {@code source} open
   * @throws dev.secretvault.store.StoreFormatException if a newer release made the tables
   * @throws StoreException if the database cannot be reached, is not durable, or does not allow it
   */
  public static JdbcSecretStore open(DataSource source) {
    return open(source, JdbcOptions.defaults());
  }

  /**
   * Opens the store.
   *
   * @param source gives connections to the database
   * @param options where the tables are, and how to use the database
   * @return the store; closing it is the caller's task, and leaves {@code source} open
   * @throws dev.secretvault.store.StoreFormatException if a newer release made the tables
   * @throws StoreException if the database cannot be reached, is not durable, or does not allow it
   */
  public static JdbcSecretStore open(DataSource source, JdbcOptions options) {
    Objects.requireNonNull(source, "source");
    Tables tables = new Tables(options);
    Sessions sessions = new Sessions(source, options.portable, options.statementTimeout);
    try {
      if (!options.portable) {
        sessions.use(Durability::check);
      }
      new Schema(tables, sessions, options).prepare();
      sessions.use(
          connection -> {
            try (PreparedStatement expire = sessions.prepare(connection, tables.expireLog)) {
              return expire.executeUpdate();
            }
          });
      return new JdbcSecretStore(sessions, tables, options);
    } catch (SQLException failed) {
      throw Commits.failed("opening", failed, Outcome.NOT_WRITTEN);
    }
  }

  /**
   * The SQL that creates the tables, for those who {@linkplain JdbcOptions#existingTables do so
   * themselves}.
   *
   * @param options where the tables shall be
   * @return statements, each ending in a semicolon and a line feed
   */
  public static String script(JdbcOptions options) {
    return Schema.text(new Tables(options));
  }

  @Override
  public Optional<StoredRecord> read(RecordKey key) {
    Objects.requireNonNull(key, "key");
    return query("read", tables.read, statement -> statement.setString(1, key.text())).stream()
        .findFirst();
  }

  @Override
  public List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
    checkLimit(limit);
    return query(
        "scan",
        tables.scan,
        statement -> {
          statement.setString(1, after == null ? "" : after.text());
          statement.setInt(2, limit);
        });
  }

  @Override
  public List<StoredRecord> expired(Instant now, @Nullable StoredRecord after, int limit) {
    Objects.requireNonNull(now, "now");
    checkLimit(limit);
    Instant last = after == null ? null : after.expiresAt();
    if (after != null && last == null) {
      throw new IllegalArgumentException("after: " + after + " has no expiry");
    }
    return query(
        "listing of what has expired",
        tables.expired,
        statement -> {
          statement.setLong(1, milliseconds(now));
          statement.setLong(2, last == null ? -1 : last.toEpochMilli());
          statement.setString(3, after == null ? "" : after.key().text());
          statement.setInt(4, limit);
        });
  }

  private interface Parameters {
    void set(PreparedStatement statement) throws SQLException;
  }

  private List<StoredRecord> query(String what, String sql, Parameters parameters) {
    Patience patience = new Patience(READ_AGAIN);
    while (true) {
      requireOpen();
      try {
        return sessions.use(connection -> query(connection, sql, parameters));
      } catch (SQLException failed) {
        boolean again = SqlStates.isLostRace(failed) || SqlStates.isConnection(failed);
        if (!again || !patience.pause()) {
          throw Commits.failed(what, failed, Outcome.NOT_WRITTEN);
        }
      }
    }
  }

  private List<StoredRecord> query(Connection connection, String sql, Parameters parameters)
      throws SQLException {
    try (PreparedStatement statement = sessions.prepare(connection, sql)) {
      parameters.set(statement);
      try (ResultSet rows = statement.executeQuery()) {
        List<StoredRecord> page = new ArrayList<>();
        while (rows.next()) {
          page.add(record(rows));
        }
        return page;
      }
    }
  }

  private static StoredRecord record(ResultSet row) throws SQLException {
    try {
      RecordKey key = new RecordKey(row.getString(1));
      Long expiresAt = row.getObject(4, Long.class);
      return new StoredRecord(
          key,
          row.getLong(2),
          expiresAt == null ? null : Instant.ofEpochMilli(expiresAt),
          row.getBytes(3));
    } catch (IllegalArgumentException | NullPointerException damaged) {
      throw new StoreCorruptException("a row of the table of records is none", damaged);
    }
  }

  @Override
  public void commit(List<Change> changes) {
    Batch batch = new Batch(Change.checkCommit(changes));
    Commits.Done done;
    gate.readLock().lock();
    try {
      requireOpen();
      done = commits.commit(batch);
    } finally {
      gate.readLock().unlock();
    }
    bell.ring();
    announcer.tell(batch, done);
  }

  @Override
  public Subscription watch(StoreListener listener) {
    Objects.requireNonNull(listener, "listener");
    gate.readLock().lock();
    try {
      requireOpen();
      Subscription subscription = announcer.add(listener);
      watcher.start();
      return subscription;
    } catch (SQLException failed) {
      throw Commits.failed("watch", failed, Outcome.NOT_WRITTEN);
    } finally {
      gate.readLock().unlock();
    }
  }

  @Override
  public void close() {
    gate.writeLock().lock();
    try {
      closed = true;
    } finally {
      gate.writeLock().unlock();
    }
    watcher.stop();
    announcer.close();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("store is closed");
    }
  }

  private static void checkLimit(int limit) {
    if (limit < 1 || limit > MAX_PAGE) {
      throw new IllegalArgumentException("limit: 1 to " + MAX_PAGE + ", but was " + limit);
    }
  }

  private static long milliseconds(Instant time) {
    try {
      return time.toEpochMilli();
    } catch (ArithmeticException tooFar) {
      return time.isBefore(Instant.EPOCH) ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
  }
}
