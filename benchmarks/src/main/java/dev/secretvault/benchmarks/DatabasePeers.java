package dev.secretvault.benchmarks;

import dev.secretvault.store.RecordKey;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

/** Databases that live inside of a process. */
final class DatabasePeers {

  private DatabasePeers() {}

  /**
   * SQLite with a write-ahead log and {@code synchronous=FULL}: a commit is forced when it returns,
   * and refused if the key is there. One connection, which threads take in turns: only one can
   * write at a time anyway, and no time is lost in finding that out. Statements are prepared once.
   * Checks no checksums of what it reads.
   */
  static final class Sqlite implements Peer {
    private final Connection connection;
    private final PreparedStatement insert;
    private final PreparedStatement select;

    Sqlite(Path directory) throws SQLException {
      connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("secrets.db"));
      try (Statement statement = connection.createStatement()) {
        statement.execute("PRAGMA journal_mode=WAL");
        statement.execute("PRAGMA synchronous=FULL");
        statement.execute(
            "CREATE TABLE IF NOT EXISTS secret (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID");
      }
      insert = connection.prepareStatement("INSERT INTO secret VALUES (?, ?)");
      select = connection.prepareStatement("SELECT value FROM secret WHERE key = ?");
    }

    @Override
    public synchronized void create(RecordKey key, byte[] value) throws SQLException {
      insert.setString(1, key.text());
      insert.setBytes(2, value);
      int inserted = insert.executeUpdate();
      if (inserted != 1) {
        throw new IllegalStateException("rows inserted: " + inserted);
      }
    }

    @Override
    public synchronized void fill(RecordKey[] keys, int from, int to, byte[] value)
        throws SQLException {
      connection.setAutoCommit(false);
      for (int i = from; i < to; i++) {
        create(keys[i], value);
      }
      connection.commit();
      connection.setAutoCommit(true);
    }

    @Override
    public synchronized byte[] read(RecordKey key) throws SQLException {
      select.setString(1, key.text());
      try (ResultSet result = select.executeQuery()) {
        return result.getBytes(1);
      }
    }

    @Override
    public void close() throws IOException {
      try {
        connection.close();
      } catch (SQLException failed) {
        throw new IOException(failed);
      }
    }
  }

  /**
   * H2's MVStore, without its thread that commits now and then: each create commits and forces.
   * Whether a key is there is looked up first. Checks a checksum of each page that it reads.
   */
  static final class H2 implements Peer {
    private final MVStore store;
    private final MVMap<String, byte[]> values;

    H2(Path directory) {
      store =
          new MVStore.Builder()
              .fileName(directory.resolve("secrets.mv").toString())
              .autoCommitDisabled()
              .open();
      values = store.openMap("secret");
    }

    @Override
    public void create(RecordKey key, byte[] value) {
      if (values.putIfAbsent(key.text(), value) != null) {
        throw new IllegalStateException("a key is there already");
      }
      long unused = store.commit();
      store.sync();
    }

    @Override
    public void fill(RecordKey[] keys, int from, int to, byte[] value) {
      for (int i = from; i < to; i++) {
        byte[] unused = values.put(keys[i].text(), value);
      }
      long unused = store.commit();
    }

    @Override
    public byte[] read(RecordKey key) {
      return values.get(key.text()).clone();
    }

    @Override
    public void close() {
      store.close();
    }
  }
}
