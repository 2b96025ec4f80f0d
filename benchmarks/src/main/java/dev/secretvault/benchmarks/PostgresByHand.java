package dev.secretvault.benchmarks;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.aead.AeadConfig2026;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import com.google.crypto.tink.config.TinkConfig2026;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.jdbc.JdbcOptions;
import dev.secretvault.store.jdbc.JdbcSecretStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What one writes by hand in place of a vault on PostgreSQL: a ciphertext of Tink, with the name as
 * associated data, in a table; one statement for each call, which commits by itself. Connections
 * are of the same pool as those of the vaults.
 */
final class PostgresByHand {

  private PostgresByHand() {}

  static void requireLength(int length, byte[] expected) {
    if (length != expected.length) {
      throw new IllegalStateException("another value was revealed");
    }
  }

  /** A key in memory, and a schema with something in it. */
  abstract static class ByHand implements Creator {
    final Postgres postgres = Postgres.use();
    final String schema = postgres.newSchema();
    private final Aead aead;

    ByHand() throws IOException, SQLException, GeneralSecurityException {
      aead =
          KeysetHandle.generateNew(PredefinedAeadParameters.AES256_GCM, TinkConfig2026.get())
              .getPrimitive(AeadConfig2026.get(), Aead.class);
    }

    final byte[] encrypt(byte[] value, String name) throws GeneralSecurityException {
      return aead.encrypt(value, name.getBytes(StandardCharsets.UTF_8));
    }

    final byte[] decrypt(byte[] ciphertext, String name) throws GeneralSecurityException {
      return aead.decrypt(ciphertext, name.getBytes(StandardCharsets.UTF_8));
    }

    final void createAll(int from, int to, Creation creation) {
      postgres.each(
          from,
          to,
          i -> {
            try {
              creation.create(i);
            } catch (SQLException | GeneralSecurityException failed) {
              throw new IllegalStateException(failed);
            }
          });
    }

    /** Creates the i-th. */
    interface Creation {
      void create(int i) throws SQLException, GeneralSecurityException;
    }

    @Override
    public final void close() throws IOException {
      postgres.leave();
    }
  }

  /** One row for each secret, with a name that is unique. */
  static class Insert extends ByHand {
    private final String insert = "INSERT INTO " + schema + ".secret VALUES (?, ?)";

    Insert() throws IOException, SQLException, GeneralSecurityException {
      postgres.execute(
          "CREATE TABLE " + schema + ".secret (name text PRIMARY KEY, ciphertext bytea NOT NULL)");
    }

    final void insert(String name, byte[] value) throws SQLException, GeneralSecurityException {
      try (Connection connection = postgres.pool().getConnection();
          PreparedStatement statement = connection.prepareStatement(insert)) {
        statement.setString(1, name);
        statement.setBytes(2, encrypt(value, name));
        statement.executeUpdate();
      }
    }

    /** By a statement that is given a name, and returns its ciphertext. */
    final void reveal(String sql, String name, byte[] expected)
        throws SQLException, GeneralSecurityException {
      try (Connection connection = postgres.pool().getConnection();
          PreparedStatement statement = connection.prepareStatement(sql)) {
        statement.setString(1, name);
        try (ResultSet row = statement.executeQuery()) {
          if (!row.next()) {
            throw new IllegalStateException("no such secret");
          }
          requireLength(decrypt(row.getBytes(1), name).length, expected);
        }
      }
    }

    @Override
    public void create(RecordKey key, byte[] value) throws SQLException, GeneralSecurityException {
      insert(key.text(), value);
    }

    @Override
    public void fill(RecordKey[] keys, int from, int to, byte[] value) {
      createAll(from, to, i -> insert(keys[i].text(), value));
    }
  }

  /** Reads any of those that were filled in. */
  static final class Select extends Insert {
    private final String select = "SELECT ciphertext FROM " + schema + ".secret WHERE name = ?";
    private volatile RecordKey[] filled = {};

    Select() throws IOException, SQLException, GeneralSecurityException {}

    @Override
    public void fill(RecordKey[] keys, int from, int to, byte[] value) {
      super.fill(keys, from, to, value);
      filled = Arrays.copyOfRange(keys, from, to);
    }

    @Override
    public void create(RecordKey key, byte[] value) throws SQLException, GeneralSecurityException {
      RecordKey any = filled[ThreadLocalRandom.current().nextInt(filled.length)];
      reveal(select, any.text(), value);
    }
  }

  /** Deletes those that were inserted before the time began, and has what was deleted. */
  static final class Take extends Insert {
    private final String take =
        "DELETE FROM " + schema + ".secret WHERE name = ? RETURNING ciphertext";
    private final Queue<String> names = new ConcurrentLinkedQueue<>();
    private final AtomicLong next = new AtomicLong();

    Take() throws IOException, SQLException, GeneralSecurityException {}

    @Override
    public void prepare(int creates, byte[] value) {
      createAll(
          0,
          creates,
          i -> {
            String name = "prepared-" + next.getAndIncrement();
            insert(name, value);
            names.add(name);
          });
    }

    @Override
    public void create(RecordKey key, byte[] value) throws SQLException, GeneralSecurityException {
      reveal(take, names.remove(), value);
    }
  }

  /**
   * The rows that a vault writes for a secret, in the tables of a store: the name, the secret and
   * the value, each encrypted, and the line of the log; and locks on the two that a vault requires
   * to be as they are.
   */
  static final class Rows extends ByHand {
    /** What is encrypted in place of what a vault keeps of a name, and of a secret. */
    private static final byte[] NAME = new byte[26];

    private static final byte[] SECRET = new byte[105];

    private static final String[] REQUIRED = {"header", "jx0r3fq9tba.c.n"};

    private final String insert =
        """
        WITH required AS MATERIALIZED (
          SELECT FROM {schema}.secretvault_record WHERE key = ANY (?) FOR SHARE
        ), logged AS (
          INSERT INTO {schema}.secretvault_log (stream, step, keys) VALUES (?, ?, ?)
        )
        INSERT INTO {schema}.secretvault_record (key, revision, value, stream, step)
        SELECT key, 1, value, ?, ? FROM unnest(?::text[], ?::bytea[]) AS r (key, value)
        WHERE (SELECT count(*) FROM required) = 2
        """
            .replace("{schema}", schema);

    private final AtomicLong step = new AtomicLong();

    Rows() throws IOException, SQLException, GeneralSecurityException {
      postgres.execute(JdbcSecretStore.script(JdbcOptions.defaults().schema(schema)));
      for (String key : REQUIRED) {
        postgres.execute(
            "INSERT INTO %s.secretvault_record VALUES ('%s', 1, '', null, 0, 0)"
                .formatted(schema, key));
      }
    }

    @Override
    public void create(RecordKey key, byte[] value) throws SQLException, GeneralSecurityException {
      write(key, value);
    }

    @Override
    public void fill(RecordKey[] keys, int from, int to, byte[] value) {
      createAll(from, to, i -> write(keys[i], value));
    }

    private void write(RecordKey key, byte[] value) throws SQLException, GeneralSecurityException {
      String text = key.text();
      String[] keys = {
        text.replace(".v.", ".n.").substring(0, 36), text.replace(".v.", ".s."), text + ".1"
      };
      byte[][] values = {encrypt(NAME, keys[0]), encrypt(SECRET, keys[1]), encrypt(value, keys[2])};
      long stream = Thread.currentThread().getId();
      long next = step.incrementAndGet();
      try (Connection connection = postgres.pool().getConnection();
          PreparedStatement statement = connection.prepareStatement(insert)) {
        statement.setArray(1, connection.createArrayOf("text", REQUIRED));
        statement.setLong(2, stream);
        statement.setLong(3, next);
        statement.setArray(4, connection.createArrayOf("text", keys));
        statement.setLong(5, stream);
        statement.setLong(6, next);
        statement.setArray(7, connection.createArrayOf("text", keys));
        statement.setArray(8, connection.createArrayOf("bytea", values));
        if (statement.executeUpdate() != keys.length) {
          throw new IllegalStateException("not all rows were inserted");
        }
      }
    }
  }
}
