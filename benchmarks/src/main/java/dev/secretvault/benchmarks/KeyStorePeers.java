package dev.secretvault.benchmarks;

import dev.secretvault.store.RecordKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Provider;
import java.util.Base64;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;
import org.wildfly.security.auth.server.IdentityCredentials;
import org.wildfly.security.credential.PasswordCredential;
import org.wildfly.security.credential.store.CredentialStore;
import org.wildfly.security.credential.store.WildFlyElytronCredentialStoreProvider;
import org.wildfly.security.password.WildFlyElytronPasswordProvider;
import org.wildfly.security.password.interfaces.ClearPassword;

/**
 * Key stores in one file, which each create writes anew. They encrypt each value under a password
 * that is stretched each time, which the others here do not; reading decrypts. None of them may be
 * used by two processes at once: the second to write takes back what the first one wrote.
 */
final class KeyStorePeers {

  private static final char[] PASSWORD = "correct horse battery staple".toCharArray();

  private KeyStorePeers() {}

  /** Something that takes time for each entry, at the JDK's default of 10,000 iterations. */
  private interface Filling {
    void run() throws Exception;
  }

  /** Fills a key store with entries under a password that is hardly stretched. */
  private static void quickly(Filling filling) throws Exception {
    String iterations = "keystore.pkcs12.keyPbeIterationCount";
    System.setProperty(iterations, "1");
    try {
      filling.run();
    } finally {
      System.clearProperty(iterations);
    }
  }

  /**
   * The JDK's PKCS#12. As shipped, the file is written in place and not forced: a crash may leave
   * the former values or none. Made durable, it is written beside, forced, renamed, and its
   * directory forced.
   */
  static final class Pkcs12 implements Peer {
    private final Path file;
    private final boolean durable;
    private final KeyStore keys;
    private final KeyStore.ProtectionParameter protection =
        new KeyStore.PasswordProtection(PASSWORD);

    Pkcs12(Path directory, boolean durable) throws GeneralSecurityException, IOException {
      this.file = directory.resolve("secrets.p12");
      this.durable = durable;
      this.keys = KeyStore.getInstance("PKCS12");
      if (Files.exists(file)) {
        try (InputStream in = Files.newInputStream(file)) {
          keys.load(in, PASSWORD);
        }
      } else {
        keys.load(null, PASSWORD);
      }
    }

    @Override
    public synchronized void create(RecordKey key, byte[] value)
        throws GeneralSecurityException, IOException {
      set(key, value);
      store();
    }

    private void set(RecordKey key, byte[] value) throws GeneralSecurityException {
      keys.setEntry(
          key.text(), new KeyStore.SecretKeyEntry(new SecretKeySpec(value, "AES")), protection);
    }

    private void store() throws GeneralSecurityException, IOException {
      if (durable) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        keys.store(bytes, PASSWORD);
        Peer.replace(file, bytes.toByteArray());
      } else {
        try (OutputStream out = Files.newOutputStream(file)) {
          keys.store(out, PASSWORD);
        }
      }
    }

    @Override
    public void fill(RecordKey[] names, int from, int to, byte[] value) throws Exception {
      quickly(
          () -> {
            for (int i = from; i < to; i++) {
              set(names[i], value);
            }
          });
      store();
    }

    @Override
    public synchronized byte[] read(RecordKey key) throws GeneralSecurityException {
      return keys.getKey(key.text(), PASSWORD).getEncoded();
    }

    @Override
    public void close() {}
  }

  /**
   * WildFly Elytron's {@code KeyStoreCredentialStore} on PKCS#12, as shipped: it writes beside and
   * renames, and does not force. A crash may leave the former values or none. Keeps text, so the
   * value goes in as Base64.
   */
  static final class Elytron implements Peer {
    private final CredentialStore store;

    Elytron(Path directory) throws GeneralSecurityException {
      store =
          CredentialStore.getInstance(
              "KeyStoreCredentialStore", new WildFlyElytronCredentialStoreProvider());
      store.initialize(
          Map.of(
              "location",
              directory.resolve("secrets.cs").toString(),
              "create",
              "true",
              "modifiable",
              "true",
              "keyStoreType",
              "PKCS12"),
          new CredentialStore.CredentialSourceProtectionParameter(
              IdentityCredentials.NONE.withCredential(credential(PASSWORD))),
          new Provider[] {new WildFlyElytronPasswordProvider()});
    }

    private static PasswordCredential credential(char[] text) {
      return new PasswordCredential(ClearPassword.createRaw(ClearPassword.ALGORITHM_CLEAR, text));
    }

    private void set(RecordKey key, byte[] value) throws GeneralSecurityException {
      store.store(key.text(), credential(Base64.getEncoder().encodeToString(value).toCharArray()));
    }

    @Override
    public synchronized void create(RecordKey key, byte[] value) throws GeneralSecurityException {
      set(key, value);
      store.flush();
    }

    @Override
    public void fill(RecordKey[] keys, int from, int to, byte[] value) throws Exception {
      quickly(
          () -> {
            for (int i = from; i < to; i++) {
              set(keys[i], value);
            }
          });
      store.flush();
    }

    @Override
    public synchronized byte[] read(RecordKey key) throws GeneralSecurityException {
      PasswordCredential found = store.retrieve(key.text(), PasswordCredential.class);
      ClearPassword password = found.getPassword(ClearPassword.class);
      return Base64.getDecoder().decode(new String(password.getPassword()));
    }

    @Override
    public void close() {}
  }
}
