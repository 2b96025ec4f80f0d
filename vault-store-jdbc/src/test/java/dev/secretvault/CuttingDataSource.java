package dev.secretvault;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Connections that are cut now and then when the server has committed, before its answer is heard:
 * whoever asked cannot know.
 */
final class CuttingDataSource extends PGSimpleDataSource {

  private static final long serialVersionUID = 1L;

  private final transient Random random;
  private final int oneIn;
  private final transient AtomicInteger cuts = new AtomicInteger();
  private volatile boolean cutting;

  CuttingDataSource(String url, Random random, int oneIn) {
    setUrl(url);
    setUser("postgres");
    this.random = random;
    this.oneIn = oneIn;
  }

  /** Before this, no connection is cut. */
  void begin() {
    cutting = true;
  }

  int cuts() {
    return cuts.get();
  }

  @Override
  public Connection getConnection() throws SQLException {
    Connection real = super.getConnection();
    return proxy(
        Connection.class,
        (method, arguments) -> {
          Object result = method.invoke(real, arguments);
          if (method.getName().equals("commit")) {
            maybeCut(real);
          }
          return result instanceof PreparedStatement statement ? cutting(real, statement) : result;
        });
  }

  private PreparedStatement cutting(Connection real, PreparedStatement statement) {
    return proxy(
        PreparedStatement.class,
        (method, arguments) -> {
          Object result = method.invoke(statement, arguments);
          if (method.getName().startsWith("execute") && real.getAutoCommit()) {
            maybeCut(real);
          }
          return result;
        });
  }

  private void maybeCut(Connection real) throws SQLException {
    if (cutting && random.nextInt(oneIn) == 0) {
      cuts.incrementAndGet();
      real.close();
      throw new SQLException("cut by the test", "08006");
    }
  }

  private interface Invocation {
    Object of(Method method, Object[] arguments) throws Exception;
  }

  private static <T> T proxy(Class<T> type, Invocation invocation) {
    return type.cast(
        Proxy.newProxyInstance(
            CuttingDataSource.class.getClassLoader(),
            new Class<?>[] {type},
            (none, method, arguments) -> {
              try {
                return invocation.of(method, arguments);
              } catch (InvocationTargetException failed) {
                throw failed.getCause();
              }
            }));
  }
}
