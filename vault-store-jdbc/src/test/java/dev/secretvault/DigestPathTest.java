package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.jdbc.JdbcSecretStore;
import dev.secretvault.store.jdbc.Mode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** Who makes digests asks the database for what has changed only. */
class DigestPathTest {

  private static final String USER = "user-42";

  private final Thread caller = Thread.currentThread();
  private final AtomicInteger asked = new AtomicInteger();

  /** Counts how often this thread wants a connection: it needs one for whatever it asks. */
  private DataSource counting(DataSource real) {
    return (DataSource)
        Proxy.newProxyInstance(
            DigestPathTest.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (self, method, arguments) -> {
              if (method.getName().equals("getConnection") && Thread.currentThread() == caller) {
                asked.incrementAndGet();
              }
              try {
                return method.invoke(real, arguments);
              } catch (InvocationTargetException failed) {
                throw failed.getCause();
              }
            });
  }

  @Test
  void whileNothingChanges_digestsDoNotTouchTheDatabase() {
    Mode mode = Mode.READ_COMMITTED;
    byte[] masterKey = new byte[MasterKey.BYTES];
    masterKey[0] = 1;
    try (SecretVault vault =
        SecretVault.builder()
            .store(JdbcSecretStore.open(counting(mode.pool()), mode.newOptions()))
            .masterKey(MasterKey.fromBytes(masterKey))
            .threads(VaultFixture.IDLE)
            .open()) {
      SecretId id = VaultFixture.create(vault, "web");
      String digest = vault.hmac("web", USER).hex();
      asked.set(0);
      for (int i = 0; i < 1_000; i++) {
        assertThat(vault.hmac("web", USER).hex()).isEqualTo(digest);
        assertThat(vault.verify(id, USER, digest)).isTrue();
      }
      assertThat(asked).as("times that the database was asked").hasValue(0);
      vault.deactivate(id);
      asked.set(0);
      assertThat(vault.verify(id, USER, digest)).isFalse();
      assertThat(asked).as("times that it was, after a change").hasPositiveValue();
    }
  }
}
