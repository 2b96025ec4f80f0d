package dev.secretvault.store.jdbc;

import java.sql.SQLException;
import java.sql.SQLWarning;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the database's error codes say of a commit. */
final class SqlStates {

  /**
   * Serialization failure, deadlock, a racing insert, and the null by which {@link Tables#commit}
   * gives up: the same again, with a new look.
   */
  private static final Set<String> LOST_RACE = Set.of("40001", "40P01", "23505", "23502");

  /** Of those, a row that is there already. */
  private static final String DUPLICATE = "23505";

  private static final String STANDBY = "25006";

  private SqlStates() {}

  static boolean isLostRace(SQLException failed) {
    return LOST_RACE.contains(String.valueOf(failed.getSQLState()));
  }

  static boolean isDuplicate(SQLException failed) {
    return DUPLICATE.equals(failed.getSQLState());
  }

  static boolean isMissingTable(SQLException failed) {
    String state = failed.getSQLState();
    return "42P01".equals(state) || "3F000".equals(state);
  }

  /** Whether the next connection may be better than this one. */
  static boolean isConnection(SQLException failed) {
    if (failed instanceof Sessions.UncommittedException early && !early.connected) {
      // How long to wait for one is the data source's business.
      return false;
    }
    @Nullable String state = failed.getSQLState();
    return state == null || state.startsWith("08") || state.startsWith("57P") || isStandby(failed);
  }

  /** Whether the server was asked to give up, as the time is over. */
  static boolean isTimeout(SQLException failed) {
    return "57014".equals(failed.getSQLState());
  }

  /** Whether the server lacks memory or room on its disk. */
  static boolean isExhausted(SQLException failed) {
    return classOf(failed).equals("53");
  }

  /** Whether the server has found a page of a table or an index that it cannot read. */
  static boolean isDamage(SQLException failed) {
    return Set.of("XX001", "XX002").contains(String.valueOf(failed.getSQLState()));
  }

  /** Whether the connection leads to a server that only reads, as one does that was replaced. */
  static boolean isStandby(SQLException failed) {
    return STANDBY.equals(failed.getSQLState());
  }

  static SQLException standby() {
    return new SQLException("the server only reads", STANDBY);
  }

  /** Whether the same would be refused again: for what it is, or for who asks. */
  static boolean isForGood(SQLException failed) {
    return Set.of("22", "28", "3D", "3F", "42", "54").contains(classOf(failed));
  }

  /** Whether what the server says of it may have data in it. */
  static boolean mayQuote(SQLException failed) {
    return Set.of("22", "23", "54").contains(classOf(failed));
  }

  private static String classOf(SQLException failed) {
    String state = String.valueOf(failed.getSQLState());
    return state.substring(0, Math.min(2, state.length()));
  }

  /**
   * Whether the server refused the statement for what it is or for having to wait, and so has
   * rolled it back. Of all else (a connection that is gone, a disk that is full or fails, what
   * nobody has heard of) this is not certain; to be unsure costs one question.
   */
  static boolean isRolledBack(SQLException failed) {
    if (failed instanceof Sessions.UncommittedException
        || isLostRace(failed)
        || isStandby(failed)) {
      return true;
    }
    return "55P03".equals(failed.getSQLState())
        || Set.of("22", "23", "42").contains(classOf(failed));
  }

  /**
   * Of a commit whose wait for a standby was cut short, the server only warns. What else it has to
   * say to its client is of other classes.
   */
  static void requireNoWarning(@Nullable SQLWarning first) throws SQLWarning {
    for (SQLWarning warning = first; warning != null; warning = warning.getNextWarning()) {
      String state = String.valueOf(warning.getSQLState());
      if (state.startsWith("01") || state.startsWith("57")) {
        throw warning;
      }
    }
  }
}
