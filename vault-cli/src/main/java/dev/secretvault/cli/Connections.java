package dev.secretvault.cli;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.logging.Logger;
import javax.sql.ConnectionEvent;
import javax.sql.ConnectionEventListener;
import javax.sql.ConnectionPoolDataSource;
import javax.sql.DataSource;
import javax.sql.PooledConnection;
import org.jspecify.annotations.Nullable;

/** Connections that are used again: to make one takes longer than most of what is asked on it. */
final class Connections implements DataSource, ConnectionEventListener, AutoCloseable {

  private final ConnectionPoolDataSource server;
  private final Deque<PooledConnection> idle = new ArrayDeque<>();

  Connections(ConnectionPoolDataSource server) {
    this.server = server;
  }

  @Override
  public Connection getConnection() throws SQLException {
    PooledConnection connection = takeIdle();
    if (connection == null) {
      connection = server.getPooledConnection();
      connection.addConnectionEventListener(this);
    }
    return connection.getConnection();
  }

  private synchronized @Nullable PooledConnection takeIdle() {
    return idle.poll();
  }

  /** Its user is done with a connection. */
  @Override
  public synchronized void connectionClosed(ConnectionEvent event) {
    idle.push((PooledConnection) event.getSource());
  }

  /** A connection is lost; its user is told by an exception. */
  @Override
  public void connectionErrorOccurred(ConnectionEvent event) {
    PooledConnection lost = (PooledConnection) event.getSource();
    lost.removeConnectionEventListener(this);
    close(lost);
  }

  @Override
  public synchronized void close() {
    idle.forEach(
        connection -> {
          connection.removeConnectionEventListener(this);
          close(connection);
        });
    idle.clear();
  }

  private static void close(PooledConnection connection) {
    try {
      connection.close();
    } catch (SQLException gone) {
      // Which is what was wanted.
    }
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public @Nullable PrintWriter getLogWriter() {
    return null;
  }

  @Override
  public void setLogWriter(@Nullable PrintWriter out) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public void setLoginTimeout(int seconds) throws SQLException {
    server.setLoginTimeout(seconds);
  }

  @Override
  public int getLoginTimeout() throws SQLException {
    return server.getLoginTimeout();
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }
}
