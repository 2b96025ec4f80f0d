package dev.secretvault.cli;

import static java.util.regex.Pattern.CASE_INSENSITIVE;
import static java.util.regex.Pattern.DOTALL;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.jdbc.JdbcOptions;
import dev.secretvault.store.jdbc.JdbcSecretStore;
import java.nio.file.Path;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGConnectionPoolDataSource;

/** Tables of a PostgreSQL database, whose names are the default ones. */
final class Database implements Place {

  /** What cannot be meant for a directory; also when a path has made one slash of two. */
  private static final Pattern URL =
      Pattern.compile(
          "(jdbc|postgres(ql)?):.*|.*[a-z0-9+.-]{2}:/.*|.*password=.*", CASE_INSENSITIVE | DOTALL);

  /** So that the next one is asked in time, if a server cannot be reached. */
  private static final int SECONDS_TO_CONNECT = 5;

  /** A server that takes a connection and says nothing would keep the command for ever. */
  private static final int SECONDS_TO_LOG_IN = 10;

  /** Would quote a part of a URL that it cannot parse, which may be the password. */
  private static final Logger DRIVER = Logger.getLogger("org.postgresql");

  static {
    DRIVER.setLevel(Level.OFF);
  }

  private final PGConnectionPoolDataSource server = new PGConnectionPoolDataSource();
  private final Connections connections = new Connections(server);

  /**
   * Names a database; connects to nothing yet. What the URL does not have is taken from the
   * environment.
   *
   * @param url may have a password in it, so that no message repeats it
   * @param option what it was given with
   * @param passwordVariable where the password is; null for {@code PGPASSWORD}
   */
  Database(String url, String option, @Nullable String passwordVariable) {
    try {
      server.setUrl(url);
      limitTime(url);
    } catch (IllegalArgumentException quotesTheUrl) {
      throw unfit(option);
    }
    // What the driver takes for names, as it knows no user and password before them.
    if (Stream.of(server.getServerNames()).anyMatch(Database::mayHavePassword)
        || mayHavePassword(server.getDatabaseName())) {
      throw unfit(option);
    }
    if (server.getUser() == null) {
      server.setUser(System.getenv("PGUSER"));
    }
    if (passwordVariable != null) {
      String password = System.getenv(passwordVariable);
      if (password == null) {
        throw Refusal.because("the environment variable " + passwordVariable + " is not set");
      }
      server.setPassword(password);
    } else if (server.getPassword() == null) {
      server.setPassword(System.getenv("PGPASSWORD"));
    }
  }

  private static Refusal unfit(String option) {
    return Refusal.calledWrongly(option + " needs a URL like jdbc:postgresql://HOST:PORT/DATABASE");
  }

  private void limitTime(String url) {
    // The server has a default by now.
    if (!url.contains("connectTimeout=")) {
      server.setConnectTimeout(SECONDS_TO_CONNECT);
    }
    if (server.getLoginTimeout() == 0) {
      server.setLoginTimeout(SECONDS_TO_LOG_IN * server.getServerNames().length);
    }
  }

  private static boolean mayHavePassword(@Nullable String name) {
    return name != null && name.contains("@");
  }

  /** Whether this is no directory; it need not be a right URL, and may have a password in it. */
  static boolean isUrl(String place) {
    return URL.matcher(place).matches();
  }

  @Override
  public @Nullable Path directory() {
    return null;
  }

  @Override
  public void check(String hint) {
    // The store says what there is not.
  }

  @Override
  public SecretStore openExisting(Streams streams) {
    return JdbcSecretStore.open(connections, JdbcOptions.defaults().existingTables());
  }

  @Override
  public SecretStore open(Streams streams) {
    return JdbcSecretStore.open(connections);
  }

  /** Where it is, and nothing else that the URL may hold. */
  @Override
  public String name() {
    String[] hosts = server.getServerNames();
    int[] ports = server.getPortNumbers();
    String schema = server.getCurrentSchema();
    return IntStream.range(0, hosts.length)
        .mapToObj(i -> hosts[i] + (ports[i] == 0 ? "" : ":" + ports[i]))
        .collect(
            Collectors.joining(
                ",",
                "jdbc:postgresql://",
                "/"
                    + Objects.requireNonNullElse(server.getDatabaseName(), "")
                    + (schema == null ? "" : "?currentSchema=" + schema)));
  }

  @Override
  public void close() {
    connections.close();
  }
}
