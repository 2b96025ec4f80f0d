package dev.secretvault.benchmarks;

import dev.secretvault.Disclosure;
import dev.secretvault.SecretSpec;
import dev.secretvault.SecretValue;
import dev.secretvault.SecretVault;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.jdbc.JdbcOptions;
import dev.secretvault.store.jdbc.JdbcSecretStore;
import java.io.IOException;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Secrets in a vault on PostgreSQL; what one writes there by hand is {@link PostgresByHand}. */
final class PostgresVaults {

  private PostgresVaults() {}

  /** Creates secrets, each durable when that returns. */
  static class Create implements Creator {
    final Postgres postgres = Postgres.use();
    private final String schema = postgres.newSchema();
    private final byte[] key = new byte[MasterKey.BYTES];
    final SecretVault vault;

    Create() throws IOException, SQLException {
      new SecureRandom().nextBytes(key);
      vault = open();
    }

    /** One more vault on the same tables. */
    final SecretVault open() {
      return SecretVault.builder()
          .store(JdbcSecretStore.open(postgres.pool(), JdbcOptions.defaults().schema(schema)))
          .masterKey(MasterKey.fromBytes(key.clone()))
          .open();
    }

    final String schema() {
      return schema;
    }

    final void put(String name, byte[] value, Disclosure disclosure) {
      vault
          .create(SecretSpec.named(name).value(value.clone()).disclosure(disclosure).active())
          .close();
    }

    static void reveal(SecretVault vault, String name, byte[] expected) {
      try (SecretValue value = vault.reveal(name)) {
        PostgresByHand.requireLength(value.<Integer>use(bytes -> bytes.length), expected);
      }
    }

    @Override
    public void create(RecordKey key, byte[] value) {
      put(key.text(), value, Disclosure.REVEALABLE);
    }

    @Override
    public void fill(RecordKey[] keys, int from, int to, byte[] value) {
      postgres.each(from, to, i -> put(keys[i].text(), value, Disclosure.REVEALABLE));
    }

    @Override
    public void close() throws IOException {
      vault.close();
      postgres.leave();
    }
  }

  /**
   * Reveals any of the secrets that were filled in, each of which was revealed before. A vault
   * keeps up to 10,000 of those it used last, sealed, as long as nobody changes them: of these it
   * asks the database nothing.
   */
  static final class Reveal extends Create {
    private volatile RecordKey[] filled = {};

    Reveal() throws IOException, SQLException {}

    @Override
    public void fill(RecordKey[] keys, int from, int to, byte[] value) {
      super.fill(keys, from, to, value);
      postgres.each(from, to, i -> reveal(vault, keys[i].text(), value));
      filled = Arrays.copyOfRange(keys, from, to);
    }

    @Override
    public void create(RecordKey key, byte[] value) {
      RecordKey any = filled[ThreadLocalRandom.current().nextInt(filled.length)];
      reveal(vault, any.text(), value);
    }
  }

  /**
   * Reveals secrets that were created for it before the time began, each once, in a vault that has
   * not read them: of each the name, the secret and the value are read from the database.
   */
  static class RevealFirst extends Create {
    private final SecretVault other = open();
    private final Disclosure disclosure;
    private final Queue<String> names = new ConcurrentLinkedQueue<>();
    private final AtomicLong next = new AtomicLong();

    RevealFirst() throws IOException, SQLException {
      this(Disclosure.REVEALABLE);
    }

    private RevealFirst(Disclosure disclosure) throws IOException, SQLException {
      this.disclosure = disclosure;
    }

    @Override
    public final void prepare(int creates, byte[] value) {
      postgres.each(
          0,
          creates,
          i -> {
            String name = "prepared-" + next.getAndIncrement();
            put(name, value, disclosure);
            names.add(name);
          });
    }

    @Override
    public final void create(RecordKey key, byte[] value) {
      reveal(other, names.remove(), value);
    }

    @Override
    public final void close() throws IOException {
      other.close();
      super.close();
    }
  }

  /** The same, and the value is gone from the database, durably, when a reveal returns. */
  static final class Once extends RevealFirst {

    Once() throws IOException, SQLException {
      super(Disclosure.ONCE);
    }
  }
}
