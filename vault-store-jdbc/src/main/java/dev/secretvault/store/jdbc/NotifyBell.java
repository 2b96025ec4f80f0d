package dev.secretvault.store.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * Goes by NOTIFY, too: one is sent for all commits of some milliseconds, outside of them, as the
 * server lets only one transaction at a time commit that has sent one. Getting lost does no harm,
 * as it only says that it is worth to look.
 */
final class NotifyBell extends Bell {

  private static final int BETWEEN_MILLIS = 50;

  private final String channel;
  private final long longestNanos;
  private final AtomicBoolean rung = new AtomicBoolean();
  private @Nullable Connection connection;
  private @Nullable PGConnection notified;

  NotifyBell(String channel) {
    this(channel, TimeUnit.MILLISECONDS.toNanos(200));
  }

  /** One that waits for others at most so long. */
  NotifyBell(String channel, long longestNanos) {
    this.channel = channel;
    this.longestNanos = longestNanos;
  }

  @Override
  void install(Connection connection) throws SQLException {
    this.connection = connection;
    notified = null;
    if (connection.isWrapperFor(PGConnection.class)) {
      send(connection, "LISTEN " + channel);
      notified = connection.unwrap(PGConnection.class);
    }
  }

  @Override
  void remove(Connection connection) throws SQLException {
    if (notified != null) {
      send(connection, "UNLISTEN " + channel);
    }
  }

  @Override
  void await(CountDownLatch stopped) throws SQLException {
    PGConnection listening = notified;
    Connection sending = connection;
    if (listening == null || sending == null) {
      super.await(stopped);
      return;
    }
    long begin = System.nanoTime();
    boolean heard = false;
    while (!heard && stopped.getCount() > 0 && System.nanoTime() - begin < longestNanos) {
      if (rung.getAndSet(false)) {
        send(sending, "NOTIFY " + channel);
      }
      heard = isFromOthers(listening, listening.getNotifications(BETWEEN_MILLIS));
    }
  }

  private static boolean isFromOthers(
      PGConnection connection, PGNotification @Nullable [] notifications) {
    if (notifications != null) {
      for (PGNotification notification : notifications) {
        if (notification.getPID() != connection.getBackendPID()) {
          return true;
        }
      }
    }
    return false;
  }

  private static void send(Connection connection, String command) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(command);
    }
  }

  @Override
  void ring() {
    rung.set(true);
  }
}
