package dev.secretvault.store.jdbc;

import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Borrows connections for one piece of work each, and gives them back as they were. An interrupt
 * does not keep a thread from its connection; its flag is set again in the end.
 */
final class Sessions {

  /** What to do with a connection. */
  interface Work<T> {
    T with(Connection connection) throws SQLException;
  }

  /** Nothing was committed, as it failed before anything was asked that is more than a look. */
  static final class UncommittedException extends SQLException {
    private static final long serialVersionUID = 1L;

    /** Whether there was a connection at all. */
    final boolean connected;

    UncommittedException(SQLException cause, boolean connected) {
      super(cause.getMessage(), cause.getSQLState(), cause);
      this.connected = connected;
    }
  }

  /** How much longer than the server, which is asked to give up, a connection waits for it. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  /** For how long a look what is new waits, which is worth nothing later. */
  private static final int LOOK_MILLIS = 2_000;

  /** For how long a connection that is lost while reading is replaced by another one. */
  private static final Duration READING = Duration.ofSeconds(2);

  /** How often a thread that is not interrupted is told so by a pool before this believes it. */
  private static final int INTERRUPTS = 10;

  private final DataSource source;
  private final int timeoutSeconds;
  private final int answerMillis;

  Sessions(DataSource source, Duration statementTimeout) {
    this.source = source;
    this.timeoutSeconds = Math.toIntExact(statementTimeout.toSeconds());
    this.answerMillis = Math.toIntExact(statementTimeout.plus(GRACE).toMillis());
  }

  /** Prepares a statement that does not take longer than it may. */
  PreparedStatement prepare(Connection connection, String sql) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    statement.setQueryTimeout(timeoutSeconds);
    return statement;
  }

  /** Works on a connection that commits each statement by itself. */
  <T> T use(Work<T> work) throws SQLException {
    return with(answerMillis, true, work);
  }

  /** The same for a question that another connection may answer sooner. */
  <T> T ask(Work<T> work) throws SQLException {
    return with(Math.toIntExact(GRACE.toMillis()), true, work);
  }

  /** The same for work that nobody waits for long. */
  <T> T look(Work<T> work) throws SQLException {
    return with(LOOK_MILLIS, true, work);
  }

  /** Something that may be tried again. */
  interface Attempt<T> {
    T make() throws SQLException;
  }

  /** Tries again for a while, if it is the connection's fault or a race was lost. */
  static <T> T again(Attempt<T> attempt) throws SQLException {
    Patience patience = new Patience(READING);
    while (true) {
      try {
        return attempt.make();
      } catch (SQLException failed) {
        boolean again = SqlStates.isLostRace(failed) || SqlStates.isConnection(failed);
        if (!again || !patience.pause()) {
          throw failed;
        }
      }
    }
  }

  /**
   * Works in a transaction, and commits it unless the work throws.
   *
   * @param level of isolation, asked for inside the transaction: what is set before it need not
   *     reach the same server connection
   */
  <T> T transact(String level, Work<T> work) throws SQLException {
    return with(
        answerMillis,
        false,
        connection -> {
          boolean done = false;
          try {
            T result = begin(connection, level, work);
            connection.clearWarnings();
            connection.commit();
            done = true;
            SqlStates.requireNoWarning(connection.getWarnings());
            return result;
          } finally {
            if (!done) {
              rollBack(connection);
            }
          }
        });
  }

  private <T> T begin(Connection connection, String level, Work<T> work)
      throws UncommittedException {
    try {
      try (PreparedStatement set =
          prepare(connection, "SET TRANSACTION ISOLATION LEVEL " + level)) {
        set.executeUpdate();
      }
      return work.with(connection);
    } catch (SQLException failed) {
      throw new UncommittedException(failed, true);
    }
  }

  /** What is not rolled back would be committed by the mode that is restored. */
  private static void rollBack(Connection connection) {
    try {
      connection.rollback();
    } catch (SQLException | RuntimeException broken) {
      abort(connection);
    }
  }

  /** Makes sure that nobody gets the connection any more. */
  static void abort(Connection connection) {
    quietly(() -> connection.abort(Runnable::run));
  }

  private <T> T with(int answerMillis, boolean autoCommit, Work<T> work) throws SQLException {
    boolean interrupted = Thread.interrupted();
    try {
      Connection connection = connect();
      Deque<Step> restore = new ArrayDeque<>();
      try {
        prepare(connection, answerMillis, autoCommit, restore);
        return work.with(connection);
      } catch (SQLException failed) {
        if (SqlStates.isStandby(failed)) {
          abort(connection);
        }
        throw failed;
      } catch (StoreException refused) {
        throw refused;
      } catch (RuntimeException broken) {
        // Of whoever is between us and the driver: the server may have done its part.
        throw new SQLException(broken);
      } finally {
        restore.forEach(Sessions::quietly);
        quietly(connection::close);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void prepare(
      Connection connection, int answerMillis, boolean autoCommit, Deque<Step> restore)
      throws UncommittedException {
    try {
      limit(connection, answerMillis, restore);
      boolean formerMode = connection.getAutoCommit();
      if (!formerMode) {
        requireIdle(connection);
      }
      if (formerMode != autoCommit) {
        restore.push(() -> connection.setAutoCommit(formerMode));
        connection.setAutoCommit(autoCommit);
      }
      if (connection.isReadOnly()) {
        restore.push(() -> connection.setReadOnly(true));
        connection.setReadOnly(false);
      }
    } catch (SQLException failed) {
      throw new UncommittedException(failed, true);
    }
  }

  /** Without this, a server that is gone without a word is waited for until TCP gives up. */
  private static void limit(Connection connection, int millis, Deque<Step> restore)
      throws SQLException {
    try {
      int former = connection.getNetworkTimeout();
      if (former == 0 || former > millis) {
        restore.push(() -> connection.setNetworkTimeout(Runnable::run, former));
        connection.setNetworkTimeout(Runnable::run, millis);
      }
    } catch (SQLFeatureNotSupportedException otherDriver) {
      restore.clear();
    }
  }

  /** To change the mode of a connection commits what its owner has not. */
  private static void requireIdle(Connection connection) throws SQLException {
    if (PostgresDriver.isThere() && PostgresDriver.isInTransaction(connection)) {
      throw new StoreException(
          "the data source gave a connection that is in a transaction",
          Outcome.NOT_WRITTEN,
          false,
          null);
    }
  }

  private Connection connect() throws UncommittedException {
    boolean interrupted = false;
    try {
      for (int interrupts = 0; ; interrupts++) {
        try {
          return source.getConnection();
        } catch (SQLException failed) {
          // A pool stops to wait when it is interrupted; we do not.
          boolean again = Thread.interrupted();
          interrupted |= again;
          if (!again && (!isInterrupt(failed) || interrupts >= INTERRUPTS)) {
            throw new UncommittedException(failed, false);
          }
        } catch (RuntimeException failed) {
          throw new UncommittedException(new SQLException(failed), false);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static boolean isInterrupt(@Nullable Throwable failed) {
    for (Throwable cause = failed; cause != null; cause = cause.getCause()) {
      if (cause instanceof InterruptedException) {
        return true;
      }
    }
    return false;
  }

  private interface Step {
    void run() throws SQLException;
  }

  /** The work is done or has failed by now, and that is what counts. */
  private static void quietly(Step step) {
    try {
      step.run();
    } catch (SQLException | RuntimeException broken) {
      // A pool throws away a connection that is broken.
    }
  }
}
