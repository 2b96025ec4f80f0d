package dev.secretvault.store.jdbc;

import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Logger;
import javax.sql.DataSource;

/**
 * Counts the calls of JDBC that are of use to a fault, and loses the connection at one of them, or
 * at each from that on: just before it, or when the server has done it but nobody heard.
 */
final class FaultySource implements DataSource {

  enum When {
    BEFORE,
    AFTER,
    /** And says so as no driver does, but what may be around one. */
    AFTER_STRANGELY
  }

  private final DataSource real;
  private final Set<Connection> open = ConcurrentHashMap.newKeySet();
  private final List<String> calls = new ArrayList<>();
  private final Set<String> callers = new HashSet<>();
  private int failing = Integer.MAX_VALUE;
  private boolean lasting;
  private When when = When.BEFORE;
  private volatile String state = "08006";

  FaultySource(DataSource real) {
    this.real = real;
  }

  /** Counts anew, and fails at the n-th call from 1. */
  synchronized void failAt(int n, When when, boolean lasting) {
    calls.clear();
    callers.clear();
    this.failing = n;
    this.when = when;
    this.lasting = lasting;
  }

  /** Fails no more; the calls since the fault was planned. */
  synchronized List<String> heal() {
    failing = Integer.MAX_VALUE;
    lasting = false;
    return List.copyOf(calls);
  }

  /** The names of the threads that called anything since the count began. */
  synchronized Set<String> callers() {
    return Set.copyOf(callers);
  }

  int connectionsOpen() {
    return open.size();
  }

  /** Cuts all connections, which the server need not notice. */
  void abortAll() throws SQLException {
    for (Connection connection : open) {
      connection.abort(Runnable::run);
    }
  }

  /** Says from now on that this is why a connection is lost. */
  void blame(String newState) {
    state = newState;
  }

  private synchronized boolean fails(String call) {
    calls.add(call);
    callers.add(Thread.currentThread().getName());
    return lasting ? calls.size() >= failing : calls.size() == failing;
  }

  private SQLException lost() {
    if (when == When.AFTER_STRANGELY) {
      throw new IllegalStateException("the connection is lost on purpose");
    }
    return new SQLException("the connection is lost on purpose", state);
  }

  @Override
  public Connection getConnection() throws SQLException {
    if (fails("getConnection")) {
      throw lost();
    }
    Connection connection = real.getConnection();
    open.add(connection);
    return proxy(Connection.class, connection, connection);
  }

  private <T> T proxy(Class<T> type, T target, Connection connection) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> call(method, target, arguments, connection)));
  }

  private Object call(Method method, Object target, Object[] arguments, Connection connection)
      throws Throwable {
    String name = method.getName();
    if (name.equals("close") && target == connection) {
      open.remove(connection);
    }
    boolean counts =
        Set.of("prepareStatement", "executeQuery", "executeUpdate", "commit", "rollback", "close")
            .contains(name);
    boolean fails = counts && fails(name);
    if (fails && when == When.BEFORE) {
      connection.close();
      throw lost();
    }
    try {
      Object result = method.invoke(target, arguments);
      if (fails) {
        connection.close();
        throw lost();
      }
      if (result instanceof PreparedStatement statement) {
        return proxy(PreparedStatement.class, statement, connection);
      }
      return result;
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public PrintWriter getLogWriter() {
    return null;
  }

  @Override
  public void setLogWriter(PrintWriter out) {}

  @Override
  public void setLoginTimeout(int seconds) {}

  @Override
  public int getLoginTimeout() {
    return 0;
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    throw new SQLException("wraps nothing of that type");
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }
}
