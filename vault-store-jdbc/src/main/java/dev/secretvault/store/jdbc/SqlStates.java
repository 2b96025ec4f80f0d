package dev.secretvault.store.jdbc;

import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the database's error codes say of a commit. */
final class SqlStates {

  /**
   * Serialization failure, deadlock, a racing insert, and the null by which {@link Tables#commit}
   * gives up: the same again, with a new look.
   */
  private static final Set<String> LOST_RACE = Set.of("40001", "40P01", "23505", "23502");

  private SqlStates() {}

  static boolean isLostRace(SQLException failed) {
    return LOST_RACE.contains(String.valueOf(failed.getSQLState()));
  }

  static boolean isMissingTable(SQLException failed) {
    String state = failed.getSQLState();
    return "42P01".equals(state) || "3F000".equals(state);
  }

  /** Whether the next connection may be better than this one. */
  static boolean isConnection(SQLException failed) {
    if (failed instanceof Sessions.NoConnectionException) {
      return false;
    }
    @Nullable String state = failed.getSQLState();
    return state == null || state.startsWith("08") || state.startsWith("57P");
  }

  /**
   * Whether the server refused the statement for what it is or for having to wait, and so has
   * rolled it back. Of all else (a connection that is gone, a disk that is full or fails, what
   * nobody has heard of) this is not certain.
   */
  static boolean isRolledBack(SQLException failed) {
    if (failed instanceof Sessions.NoConnectionException
        || failed instanceof Sessions.UncommittedException
        || isLostRace(failed)) {
      return true;
    }
    String state = String.valueOf(failed.getSQLState());
    return state.equals("57014")
        || state.equals("55P03")
        || state.startsWith("22")
        || state.startsWith("23")
        || state.startsWith("25")
        || state.startsWith("28")
        || state.startsWith("42");
  }
}
