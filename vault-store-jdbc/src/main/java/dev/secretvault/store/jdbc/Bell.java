package dev.secretvault.store.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Says when to look what others have committed. This one goes by time alone. */
class Bell {

  private static final long MILLISECONDS = 200;

  /** Called with each new connection, before the first look. */
  void install(Connection connection) throws SQLException {}

  /** Called before the connection is given back. */
  void remove(Connection connection) throws SQLException {}

  /** Waits until it is time for another look, or all is over. */
  void await(CountDownLatch stopped) throws SQLException {
    try {
      stopped.await(MILLISECONDS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException leftByAListener) {
      // A look too early does no harm.
    }
  }

  /** Asks the other nodes to look soon. May be called by any thread, and does not wait. */
  void ring() {}
}
