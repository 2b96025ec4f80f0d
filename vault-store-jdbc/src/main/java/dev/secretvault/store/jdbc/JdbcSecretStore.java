package dev.secretvault.store.jdbc;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.jdbc.Sessions.Work;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
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
 * <p><b>What it asks of the data source.</b> Connections that are nobody else's while the store has
 * them, best from a pool of two at least: the store closes each after one piece of work, and leaves
 * its modes as they were; one it keeps from the first {@linkplain #watch watch} until it is closed.
 * One that is in a transaction, as a data source gives that shares the caller's, is refused if the
 * driver is pgjdbc and the data source lets the store get at it; of others this cannot be seen, and
 * the store would commit what the caller has begun. The level of isolation is the caller's choice:
 * the store keeps its promise at READ COMMITTED as at SERIALIZABLE. How long to wait for a
 * connection is the data source's business.
 *
 * <p><b>When the database fails.</b> No answer is waited for much longer than a {@linkplain
 * JdbcOptions#timeouts statement may take}, even if the server is gone without a word; a read is
 * then tried once more, and a commit for as long again. A commit that loses a race is made again.
 * If the connection is lost, the store asks on another one what became of the commit, and makes
 * sure of the answer: it returns normally if the commit happened, and makes it anew if not. Only if
 * nobody answers for as long as a statement may take, the {@link StoreException} says that the
 * outcome is unknown.
 *
 * <p>A commit of unknown outcome has no name by which to ask for it later, and may still come for
 * as long as the server waits with it for locks or for a standby. Whoever needs to know makes the
 * same commit once more: of the two one happens at most, as long as nobody brings the records back
 * to the revisions that they expect. If it conflicts, {@link #read} tells whose work is there.
 *
 * <p>A server that only reads, as one that was replaced, is not believed: the store drops the
 * connection and tries another one. Once the database is back, or another one in its place, the
 * store goes on. What a server that is cut off from the one that replaced it answers to a read,
 * nobody can notice: see to it that it ends.
 *
 * <p><b>Durable</b> is what the database calls so: at its opening the store refuses one that runs
 * without {@code fsync}, and it turns {@code synchronous_commit} on for its commits where it is
 * off. That a commit outlives the loss of the machine takes a synchronous standby; where there is
 * one and {@code synchronous_commit} does not wait for its disk, the store logs a warning. Where
 * {@linkplain JdbcOptions#portable portable}, the store looks at neither setting.
 *
 * <p><b>Damage</b> is the database's to notice, by checksums of its pages, and is a {@link
 * dev.secretvault.store.StoreCorruptException} here. Nothing can be read around a page that is
 * damaged: then {@link #expired} fails, too.
 */
public final class JdbcSecretStore implements SecretStore {

  private final Sessions sessions;
  private final Tables tables;
  private final boolean portable;
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
    this.portable = options.portable;
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
    if (!options.portable && PostgresDriver.isThere()) {
      return new NotifyBell(tables.named("{prefix}log"));
    }
    // Goes by time alone.
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
    Sessions sessions = new Sessions(source, options.statementTimeout);
    try {
      // Once and for all: other connections may find another schema first.
      String schema =
          options.schema != null
              ? options.schema
              : Sessions.again(() -> sessions.use(Schema::firstFound));
      Tables tables = new Tables(options, schema);
      if (!options.portable) {
        Sessions.again(() -> sessions.use(Durability::check));
      }
      new Schema(tables, sessions, options).prepare();
      JdbcSecretStore store = new JdbcSecretStore(sessions, tables, options);
      store.tidy();
      return store;
    } catch (SQLException failed) {
      throw Commits.failed("opening", failed, Outcome.NOT_WRITTEN);
    }
  }

  private void tidy() {
    try {
      sessions.ask(announcer::tidy);
    } catch (SQLException | RuntimeException later) {
      // The next time, or by another node.
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
    return Schema.text(new Tables(options), options.portable);
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
    if (after != null && after.expiresAt() == null) {
      throw new IllegalArgumentException("after: " + after + " has no expiry");
    }
    Instant from = after == null ? null : after.expiresAt();
    return query(
        "listing of what has expired",
        tables.expired,
        statement -> {
          statement.setLong(1, milliseconds(now));
          statement.setLong(2, from == null ? -1 : milliseconds(from));
          statement.setString(3, after == null ? "" : after.key().text());
          statement.setInt(4, limit);
        });
  }

  private interface Parameters {
    void set(PreparedStatement statement) throws SQLException;
  }

  private List<StoredRecord> query(String what, String sql, Parameters parameters) {
    requireOpen();
    try {
      Work<List<StoredRecord>> query = connection -> query(connection, sql, parameters);
      // Serializable commits have an order; that it is the one in which they are seen takes readers
      // that are serializable, too.
      return Sessions.again(
          () -> portable ? sessions.transact("SERIALIZABLE", query) : sessions.use(query));
    } catch (SQLException failed) {
      throw Commits.failed(what, failed, Outcome.NOT_WRITTEN);
    }
  }

  private List<StoredRecord> query(Connection connection, String sql, Parameters parameters)
      throws SQLException {
    try (PreparedStatement statement = sessions.prepare(connection, sql)) {
      parameters.set(statement);
      try (ResultSet rows = statement.executeQuery()) {
        List<StoredRecord> page = new ArrayList<>();
        while (rows.next()) {
          if (rows.getBoolean(5)) {
            throw SqlStates.standby();
          }
          if (rows.getString(1) != null) {
            page.add(record(rows));
          }
        }
        return page;
      }
    }
  }

  /** The constraints of the table let nothing in that is no record. */
  private static StoredRecord record(ResultSet row) throws SQLException {
    Long expiresAt = row.getObject(4, Long.class);
    return new StoredRecord(
        new RecordKey(row.getString(1)),
        row.getLong(2),
        expiresAt == null ? null : Instant.ofEpochMilli(expiresAt),
        row.getBytes(3));
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
    try {
      bell.ring();
      announcer.tell(batch, done);
    } finally {
      commits.release(done);
    }
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
