package dev.secretvault.store.jdbc;

import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.jdbc.Batch.Held;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jspecify.annotations.Nullable;

/**
 * Commits, again where a race was lost, and finds out what became of a commit when the connection
 * was lost.
 */
final class Commits {

  /** What was committed, and whose work it stands on; null if that was lost with the connection. */
  record Done(Position position, @Nullable List<Position> before) {}

  /** How many steps of a stream are kept for those that look what is new. */
  private static final int KEPT_STEPS = 256;

  private static final int STEPS_BETWEEN_TRIMS = 64;

  private final Sessions sessions;
  private final Tables tables;
  private final Writer writer;
  private final Duration patience;
  private final SecureRandom random = new SecureRandom();

  /** The last steps of the streams that nobody commits on at the moment. */
  private final Deque<Position> idle = new ConcurrentLinkedDeque<>();

  Commits(Sessions sessions, Tables tables, Writer writer, Duration patience) {
    this.sessions = sessions;
    this.tables = tables;
    this.writer = writer;
    this.patience = patience;
  }

  /** The stream of one commit, which takes it no sooner than it has a connection. */
  private final class Turn {
    private @Nullable Position last;
    private boolean refused;

    Position next() {
      if (last == null) {
        last = idle.pollFirst();
      }
      if (last == null) {
        last = new Position(random.nextLong(), 0);
      }
      return last.next();
    }

    /**
     * Nothing was committed.
     *
     * @param duplicate because something was there already: a record, but twice in a row most
     *     likely the step
     */
    void refuse(boolean duplicate) {
      if (duplicate && refused) {
        leave();
      }
      refused = duplicate && !refused;
    }

    /** Goes on with another stream; nobody makes a step of this one any more. */
    void leave() {
      last = null;
    }

    /** Gives it back, as nothing was committed. */
    void end() {
      if (last != null) {
        idle.addFirst(last);
      }
    }
  }

  /**
   * Commits. The stream remains the caller's until it has told of the commit: who takes it next
   * stands on a step that was told of, and need not ask the log.
   */
  Done commit(Batch batch) {
    Patience left = new Patience(patience);
    Turn turn = new Turn();
    while (true) {
      try {
        Map<String, Held> stored = writer.write(batch, turn::next);
        RevisionConflictException conflict = batch.conflict(stored);
        if (conflict != null) {
          turn.end();
          throw conflict;
        }
        Position position = turn.next();
        trim(position);
        return done(position, stored);
      } catch (SQLException failed) {
        boolean again = true;
        if (SqlStates.isRolledBack(failed)) {
          turn.refuse(SqlStates.isDuplicate(failed));
          again = SqlStates.isLostRace(failed) || SqlStates.isConnection(failed);
        } else {
          Position position = turn.next();
          if (hasHappened(position, failed)) {
            return new Done(position, null);
          }
          // The question has taken the step, and keeps it for as long as nobody trims the stream.
          turn.leave();
          again = !SqlStates.isTimeout(failed) && !SqlStates.isDamage(failed);
        }
        if (!again || !left.pause()) {
          turn.end();
          throw failed("commit", failed, Outcome.NOT_WRITTEN);
        }
      }
    }
  }

  /** Lets others have the stream of a commit. */
  void release(Done done) {
    idle.addFirst(done.position());
  }

  private static Done done(Position position, Map<String, Held> stored) {
    return new Done(position, stored.values().stream().map(Held::writer).distinct().toList());
  }

  /**
   * Takes the place of a commit whose outcome is not known, unless it is there: if it is still
   * under way, this waits for it, and if it is yet to come, it will not find its place.
   */
  private boolean hasHappened(Position position, SQLException failed) {
    Patience left = new Patience(patience);
    while (true) {
      try {
        return sessions.ask(connection -> hasHappened(connection, position));
      } catch (SQLException | StoreException again) {
        if (!left.pause()) {
          failed.addSuppressed(again);
          // The stream is given up, as its next step may come or not.
          throw failed("commit", failed, Outcome.UNKNOWN);
        }
      }
    }
  }

  private boolean hasHappened(Connection connection, Position position) throws SQLException {
    try (PreparedStatement fence = sessions.prepare(connection, tables.fence)) {
      fence.setLong(1, position.stream());
      fence.setLong(2, position.step());
      try (ResultSet row = fence.executeQuery()) {
        row.next();
        boolean happened = row.getBoolean(1);
        SqlStates.requireNoWarning(fence.getWarnings());
        return happened;
      }
    }
  }

  private void trim(Position last) {
    if (last.step() % STEPS_BETWEEN_TRIMS != 0) {
      return;
    }
    try {
      sessions.use(
          connection ->
              trim(connection, tables.trim, last) + trim(connection, tables.trimLog, last));
    } catch (SQLException | RuntimeException later) {
      // The next time, or after a day.
    }
  }

  private int trim(Connection connection, String sql, Position last) throws SQLException {
    try (PreparedStatement trim = sessions.prepare(connection, sql)) {
      trim.setLong(1, last.stream());
      trim.setLong(2, last.step() - KEPT_STEPS);
      return trim.executeUpdate();
    }
  }

  /** The message has the state only, and where the server may quote a record, this is all. */
  static StoreException failed(String what, SQLException failed, Outcome outcome) {
    String message =
        "the database failed in a " + what + " (SQLSTATE " + failed.getSQLState() + ")";
    if (SqlStates.isDamage(failed) && outcome == Outcome.NOT_WRITTEN) {
      return new StoreCorruptException(message, failed);
    }
    return new StoreException(
        message, outcome, !SqlStates.isForGood(failed), SqlStates.mayQuote(failed) ? null : failed);
  }
}
