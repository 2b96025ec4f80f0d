package dev.secretvault.store.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** A way to the server on which one can let everything get lost without a word. */
final class Wire implements AutoCloseable {

  private final ServerSocket here = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final int there = server().getPortNumbers()[0];
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final CountDownLatch cut = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);

  Wire() throws IOException {
    start(this::accept);
  }

  private static PGSimpleDataSource server() {
    return (PGSimpleDataSource) Server.superuser();
  }

  /** Connects to the server by this way. */
  DataSource source() {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setServerNames(new String[] {here.getInetAddress().getHostAddress()});
    source.setPortNumbers(new int[] {here.getLocalPort()});
    source.setUser(server().getUser());
    source.setDatabaseName(server().getDatabaseName());
    return source;
  }

  /** From now on nothing gets through, and nobody is told. */
  void cut() {
    cut.countDown();
  }

  @Override
  public void close() throws IOException {
    end();
  }

  /** Now everybody is told. */
  void end() throws IOException {
    closed.countDown();
    here.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = here.accept();
      Socket server = new Socket(here.getInetAddress(), there);
      sockets.add(client);
      sockets.add(server);
      start(() -> forward(client, server));
      start(() -> forward(server, client));
    }
  }

  private void forward(Socket from, Socket to) throws IOException {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] buffer = new byte[8192];
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        if (cut.getCount() == 0) {
          closed.await();
        }
        out.write(buffer, 0, length);
      }
      if (cut.getCount() == 0) {
        closed.await();
      }
    } catch (InterruptedException nobodyDoes) {
      throw new AssertionError(nobodyDoes);
    }
  }

  private interface Work {
    void run() throws IOException;
  }

  private static void start(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException closed) {
                // One of the two ends is closed.
              }
            });
    thread.setDaemon(true);
    thread.start();
  }
}
