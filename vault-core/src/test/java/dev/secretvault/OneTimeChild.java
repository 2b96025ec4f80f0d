package dev.secretvault;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.file.FileSecretStore;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs in a process of its own: reveals one-time secrets, all in the same order, with several
 * threads. Prints {@code ready}, waits for a line, and then prints {@code given number} for each
 * plaintext it got.
 */
final class OneTimeChild {

  /** The environment variable with the master key. */
  static final String KEY = "SECRETVAULT_TEST_MASTER_KEY";

  /** Whether it waits for a line between the reveal and what it prints, and which comes first. */
  enum Order {
    /** Reveals and prints at once. */
    AS_IT_SHOULD,
    /** Prints {@code revealed} and waits before it says what it got. */
    REVEALS_AND_WAITS,
    /** Says what it got and waits before it reveals, which is wrong. */
    PRINTS_AND_WAITS
  }

  private static final BufferedReader INPUT =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  private OneTimeChild() {}

  /**
   * What runs in the other process.
   *
   * @param arguments the directory of the store, a file with the links, how many threads, and the
   *     order
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    List<String> links = Files.readAllLines(Path.of(arguments[1]));
    int threads = Integer.parseInt(arguments[2]);
    Order order = Order.valueOf(arguments[3]);
    try (SecretVault vault =
        SecretVault.builder()
            .store(FileSecretStore.openExisting(Path.of(arguments[0])))
            .masterKey(MasterKey.fromEnvironment(KEY))
            .openExisting()) {
      System.out.println("ready");
      await();
      Thread[] revealing = new Thread[threads];
      for (int i = 0; i < threads; i++) {
        revealing[i] = new Thread(() -> revealAll(vault.oneTime(), links, order));
        revealing[i].start();
      }
      for (Thread thread : revealing) {
        thread.join();
      }
      System.out.println("finished");
    }
  }

  private static void await() {
    try {
      if (INPUT.readLine() == null) {
        Runtime.getRuntime().halt(1);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void revealAll(OneTimeSecrets secrets, List<String> links, Order order) {
    for (int i = 0; i < links.size(); i++) {
      String given = "given " + i + "."; // The dot shows that the line is whole.
      if (order == Order.PRINTS_AND_WAITS) {
        System.out.println(given);
        await();
      }
      try (SecretValue value = secrets.reveal(links.get(i))) {
        if (!VaultFixture.textOf(value).equals("value-" + i)) {
          System.out.println("FAILED another value came out");
        }
        if (order == Order.REVEALS_AND_WAITS) {
          System.out.println("revealed");
          await();
        }
        if (order != Order.PRINTS_AND_WAITS) {
          System.out.println(given);
        }
      } catch (AlreadyRevealedException another) {
        // Somebody was faster.
      } catch (RuntimeException e) {
        System.out.println("FAILED " + e);
      }
    }
  }
}
