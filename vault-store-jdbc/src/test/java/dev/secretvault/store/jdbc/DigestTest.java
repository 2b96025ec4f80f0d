package dev.secretvault.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.SecretId;
import dev.secretvault.SecretSpec;
import dev.secretvault.SecretUpdate;
import dev.secretvault.SecretVault;
import dev.secretvault.crypto.MasterKey;
import java.util.Set;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is made with a secret costs no statement, as long as nobody changes the secret. */
@Timeout(60)
class DigestTest {

  private static SecretVault open(DataSource source, JdbcOptions options) {
    byte[] key = new byte[MasterKey.BYTES];
    key[0] = 1;
    return SecretVault.builder()
        .store(JdbcSecretStore.open(source, options))
        .masterKey(MasterKey.fromBytes(key))
        .open();
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void use_nothingChanged_asksTheDatabaseNothing(Mode mode) {
    JdbcOptions options = mode.newOptions();
    FaultySource source = new FaultySource(mode.pool());
    try (SecretVault here = open(source, options);
        SecretVault there = open(mode.pool(), options)) {
      SecretId id = here.create(SecretSpec.named("users").generated().active()).info().id();
      SecretSpec spec = SecretSpec.named("shown").value("value".toCharArray()).active();
      here.create(spec).close();
      // From here on, only the connection that watches is open; and it is kept.
      while (source.connectionsOpen() != 1) {
        Thread.onSpinWait();
      }
      // As watching begins, it may say that something was missed.
      assertThat(IntStream.range(0, 50).anyMatch(round -> asksNothing(here, id, source))).isTrue();
      // And this counts what there is to count: a change is read.
      there.update(id, SecretUpdate.none().description("changed"));
      while (onlyWatches(source)) {
        use(here, id);
      }
    }
  }

  private static void use(SecretVault vault, SecretId id) {
    String digest = vault.hmac("users", "user-42").hex();
    assertThat(vault.verify(id, "user-42", digest)).isTrue();
    vault.reveal("shown").close();
  }

  private static boolean asksNothing(SecretVault vault, SecretId id, FaultySource source) {
    use(vault, id);
    source.failAt(Integer.MAX_VALUE, FaultySource.When.BEFORE, false);
    for (int i = 0; i < 200; i++) {
      use(vault, id);
    }
    return onlyWatches(source);
  }

  /** Whether no thread has asked anything since the count began, but for the one that watches. */
  private static boolean onlyWatches(FaultySource source) {
    return Set.of("secretvault-store-jdbc").containsAll(source.callers());
  }
}
