package dev.secretvault.store.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
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

  /** The data source gave no connection, so nothing was asked of the database. */
  static final class NoConnectionException extends SQLException {
    private static final long serialVersionUID = 1L;

    NoConnectionException(SQLException cause) {
      super(cause.getMessage(), cause.getSQLState(), cause);
    }
  }

  /** The connection failed before anything was asked of it that is more than a look. */
  static final class UncommittedException extends SQLException {
    private static final long serialVersionUID = 1L;

    UncommittedException(SQLException cause) {
      super(cause.getMessage(), cause.getSQLState(), cause);
    }
  }

  private final DataSource source;
  private final boolean portable;
  private final int timeoutSeconds;

  Sessions(DataSource source, boolean portable, Duration statementTimeout) {
    this.source = source;
    this.portable = portable;
    this.timeoutSeconds = Math.toIntExact(statementTimeout.toSeconds());
  }

  /** Prepares a statement that does not take longer than it may. */
  PreparedStatement prepare(Connection connection, String sql) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    statement.setQueryTimeout(timeoutSeconds);
    return statement;
  }

  /** Works on a connection that commits each statement by itself. */
  <T> T use(Work<T> work) throws SQLException {
    return with(true, work);
  }

  /** Works in a transaction, and commits it unless the work throws. */
  <T> T transact(Work<T> work) throws SQLException {
    return with(
        false,
        connection -> {
          T result;
          boolean done = false;
          try {
            result = work.with(connection);
            done = true;
          } catch (SQLException failed) {
            throw new UncommittedException(failed);
          } finally {
            if (!done) {
              quietly(connection::rollback);
            }
          }
          connection.commit();
          return result;
        });
  }

  private <T> T with(boolean autoCommit, Work<T> work) throws SQLException {
    boolean interrupted = Thread.interrupted();
    try {
      Connection connection = connect();
      try {
        return with(connection, autoCommit, work);
      } finally {
        quietly(connection::close);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private <T> T with(Connection connection, boolean autoCommit, Work<T> work) throws SQLException {
    boolean formerMode = connection.getAutoCommit();
    boolean readOnly = connection.isReadOnly();
    // To ask is a round trip for some drivers.
    int isolation = portable ? connection.getTransactionIsolation() : SERIALIZABLE;
    try {
      if (formerMode != autoCommit) {
        connection.setAutoCommit(autoCommit);
      }
      if (readOnly) {
        connection.setReadOnly(false);
      }
      if (isolation != SERIALIZABLE) {
        connection.setTransactionIsolation(SERIALIZABLE);
      }
      return work.with(connection);
    } finally {
      if (isolation != SERIALIZABLE) {
        quietly(() -> connection.setTransactionIsolation(isolation));
      }
      if (readOnly) {
        quietly(() -> connection.setReadOnly(true));
      }
      if (formerMode != autoCommit) {
        quietly(() -> connection.setAutoCommit(formerMode));
      }
    }
  }

  private static final int SERIALIZABLE = Connection.TRANSACTION_SERIALIZABLE;

  private Connection connect() throws NoConnectionException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return source.getConnection();
        } catch (SQLException failed) {
          if (!Thread.interrupted() && !isInterrupt(failed)) {
            throw new NoConnectionException(failed);
          }
          // A pool stops to wait when it is interrupted; we do not.
          interrupted = true;
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
    } catch (SQLException broken) {
      // A pool throws away a connection that is broken.
    }
  }
}
