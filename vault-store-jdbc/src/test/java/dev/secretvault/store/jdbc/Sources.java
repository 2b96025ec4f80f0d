package dev.secretvault.store.jdbc;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/** Data sources made of what the test says. */
final class Sources {

  private Sources() {}

  interface Lender {
    Connection lend() throws SQLException;
  }

  static DataSource of(Lender lender) {
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (self, method, arguments) -> {
              if (method.getName().equals("getConnection") && arguments == null) {
                return lender.lend();
              }
              throw new UnsupportedOperationException(method.toString());
            });
  }

  /** A connection that waits for an answer for ever, whatever limit it is given. */
  static Connection patient(Connection connection) {
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (self, method, arguments) -> {
              if (method.getName().equals("setNetworkTimeout")) {
                return null;
              }
              try {
                return method.invoke(connection, arguments);
              } catch (InvocationTargetException failed) {
                throw failed.getCause();
              }
            });
  }
}
