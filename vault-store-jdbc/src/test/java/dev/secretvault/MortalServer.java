package dev.secretvault;

import static java.nio.file.StandardCopyOption.COPY_ATTRIBUTES;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.postgresql.ds.PGSimpleDataSource;

/** A PostgreSQL server of a test's own, as durable as a real one, to be stopped as one likes. */
final class MortalServer implements AutoCloseable {

  private static final Map<String, String> SETTINGS =
      Map.of(
          "fsync", "on",
          "full_page_writes", "on",
          "synchronous_commit", "on",
          "max_connections", "200");
  private static final Set<String> NOT_COPIED = Set.of("postmaster.pid", "postmaster.opts");

  /** Brings the programs, and stops the server that it has started. */
  private final EmbeddedPostgres postgres;

  private final String programs;
  private final Path directory;
  private final int port;
  private final boolean isCopy;

  private MortalServer(EmbeddedPostgres postgres, Path directory, int port) {
    this.postgres = postgres;
    this.directory = directory;
    this.port = port;
    this.isCopy = false;
    try (Connection connection = postgres.getPostgresDatabase().getConnection()) {
      programs = first(connection, "SELECT setting FROM pg_config WHERE name = 'BINDIR'");
    } catch (SQLException failed) {
      throw new IllegalStateException(failed);
    }
  }

  private MortalServer(MortalServer original, Path directory, int port) {
    this.postgres = original.postgres;
    this.programs = original.programs;
    this.directory = directory;
    this.port = port;
    this.isCopy = true;
  }

  static MortalServer start(Path directory) {
    try {
      EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder().setDataDirectory(directory);
      SETTINGS.forEach(builder::setServerConfig);
      EmbeddedPostgres started = builder.start();
      return new MortalServer(started, directory, started.getPort());
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** A standby that follows this server, which is stopped for the time of the copy. */
  MortalServer standby(Path copy, int standbyPort, String name) throws IOException {
    control("stop", "-m", "fast");
    copy(directory, copy);
    start();
    Files.writeString(
        copy.resolve("postgresql.auto.conf"),
        "primary_conninfo = 'host=localhost port=%d user=postgres application_name=%s'%n"
            .formatted(port, name));
    Files.createFile(copy.resolve("standby.signal"));
    MortalServer standby = new MortalServer(this, copy, standbyPort);
    standby.start();
    return standby;
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes)
              throws IOException {
            // With its mode, of which the server is particular.
            Files.copy(path, to.resolve(from.relativize(path).toString()), COPY_ATTRIBUTES);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path path, BasicFileAttributes attributes)
              throws IOException {
            if (!NOT_COPIED.contains(path.getFileName().toString())) {
              Files.copy(path, to.resolve(from.relativize(path).toString()), COPY_ATTRIBUTES);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  void start() {
    StringBuilder options = new StringBuilder("-p " + port);
    SETTINGS.forEach(
        (name, value) -> options.append(" -c ").append(name).append('=').append(value));
    control(
        "start",
        "-w",
        "-l",
        directory.resolveSibling(directory.getFileName() + ".log").toString(),
        "-o",
        options.toString());
  }

  /** Ends the server as a crash does. */
  void crash() {
    control("stop", "-m", "immediate");
  }

  /** Ends the server as a crash does, and has it recover after a time. */
  void crashAndRecover(Duration down) {
    crash();
    for (long end = System.nanoTime() + down.toNanos(); System.nanoTime() < end; ) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
    start();
  }

  /** Ends the server's processes at once; nothing is left that would answer. */
  void kill() {
    long pid;
    try {
      pid = Long.parseLong(Files.readAllLines(directory.resolve("postmaster.pid")).get(0));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
    ProcessHandle server = ProcessHandle.of(pid).orElseThrow();
    server.destroyForcibly();
    server.onExit().join();
  }

  /** Makes a standby the primary. */
  void promote() {
    control("promote", "-w");
  }

  private void control(String... arguments) {
    List<String> command = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      command.addAll(List.of("unshare", "-U")); // PostgreSQL does not run as root.
    }
    command.addAll(List.of(Path.of(programs, "pg_ctl").toString(), "-D", directory.toString()));
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(directory.resolveSibling("pg_ctl.log").toFile())
              .start();
      int code = process.waitFor();
      if (code != 0) {
        String said =
            Files.readString(directory.resolveSibling("pg_ctl.log"), StandardCharsets.UTF_8);
        throw new IllegalStateException(String.join(" ", command) + ": " + said);
      }
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }

  int port() {
    return port;
  }

  /** Connections that give up soon on a server that does not answer. */
  PGSimpleDataSource dataSource() {
    return dataSource("jdbc:postgresql://localhost:%d/postgres".formatted(port));
  }

  static PGSimpleDataSource dataSource(String url) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(url);
    source.setUser("postgres");
    source.setConnectTimeout(2);
    source.setLoginTimeout(2);
    source.setSocketTimeout(10);
    return source;
  }

  /** Runs a statement, on a connection of its own; the first column of the first row, if any. */
  String query(String sql) throws SQLException {
    try (Connection connection = dataSource().getConnection()) {
      return first(connection, sql);
    }
  }

  private static String first(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      if (!statement.execute(sql)) {
        return "";
      }
      try (ResultSet row = statement.getResultSet()) {
        return row.next() ? String.valueOf(row.getString(1)) : "";
      }
    }
  }

  /** Ends one connection of another client, mostly one that is at work; false if there is none. */
  boolean terminateAny() throws SQLException {
    return query(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
            ORDER BY state = 'active' AND random() < 0.8 DESC, random() LIMIT 1
            """)
        .equals("t");
  }

  @Override
  public void close() throws IOException {
    if (isCopy) {
      crash();
    } else {
      postgres.close();
    }
  }
}
