package dev.secretvault;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.jdbc.JdbcOptions;
import dev.secretvault.store.jdbc.JdbcSecretStore;
import dev.secretvault.store.jdbc.Mode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A process that wants each secret that is revealed once, on several connections, and says what it
 * gets: {@code got N}, and {@code unknown N} where it cannot know. What fails it tries again.
 */
final class OnceClient {

  static final String KEY = "SECRETVAULT_TEST_KEY";

  private OnceClient() {}

  static String nameOf(int number) {
    return "once-" + number;
  }

  static String valueOf(int number) {
    return "value of " + number;
  }

  /** Arguments: where the database is, the connections, the secrets, the mode. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    String url = arguments[0];
    int connections = Integer.parseInt(arguments[1]);
    int secrets = Integer.parseInt(arguments[2]);
    Mode mode = Mode.valueOf(arguments[3]);
    try (HikariDataSource pool = pool(url, connections, mode);
        SecretVault vault = open(pool, mode)) {
      pool.getHikariConfigMXBean().setConnectionTimeout(1_000); // Once the first are there.
      System.out.println("ready");
      System.in.read();
      List<Thread> threads = new ArrayList<>();
      for (int connection = 0; connection < connections; connection++) {
        Thread thread = new Thread(() -> wantAll(vault, secrets));
        threads.add(thread);
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      System.out.println("finished");
    }
  }

  private static void wantAll(SecretVault vault, int secrets) {
    for (int number = 0; number < secrets; number++) {
      boolean gone = false;
      while (!gone) {
        gone = isGone(vault, number); // The store has waited for the server long enough.
      }
    }
  }

  static HikariDataSource pool(String url, int connections, Mode mode) {
    HikariConfig config = new HikariConfig();
    config.setDataSource(MortalServer.dataSource(url));
    config.setTransactionIsolation(mode.isolation());
    config.setMaximumPoolSize(connections);
    return new HikariDataSource(config);
  }

  private static SecretVault open(HikariDataSource pool, Mode mode) {
    return SecretVault.builder()
        .store(
            JdbcSecretStore.open(
                pool,
                mode.of(
                    JdbcOptions.defaults().timeouts(Duration.ofSeconds(2), Duration.ofSeconds(2)))))
        .masterKey(MasterKey.fromBytes(HexFormat.of().parseHex(System.getenv(KEY))))
        .threads(VaultFixture.IDLE)
        .open();
  }

  private static boolean isGone(SecretVault vault, int number) {
    try (SecretValue value = vault.reveal(nameOf(number))) {
      boolean right = VaultFixture.textOf(value).equals(valueOf(number));
      System.out.println((right ? "got " : "got another value instead of ") + number);
      return true;
    } catch (AlreadyRevealedException gone) {
      return true;
    } catch (StoreFailedException failed) {
      if (!failed.outcomeKnown()) {
        System.out.println("unknown " + number);
      }
      return false;
    }
  }
}
