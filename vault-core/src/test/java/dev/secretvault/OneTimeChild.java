package dev.secretvault;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.file.FileSecretStore;
import java.io.IOException;
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

  private OneTimeChild() {}

  /**
   * What runs in the other process.
   *
   * @param arguments the directory of the store, a file with the links, and how many threads
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    List<String> links = Files.readAllLines(Path.of(arguments[1]));
    int threads = Integer.parseInt(arguments[2]);
    try (SecretVault vault =
        SecretVault.builder()
            .store(FileSecretStore.openExisting(Path.of(arguments[0])))
            .masterKey(MasterKey.fromEnvironment(KEY))
            .openExisting()) {
      System.out.println("ready");
      if (System.in.read() < 0) {
        return;
      }
      Thread[] revealing = new Thread[threads];
      for (int i = 0; i < threads; i++) {
        revealing[i] = new Thread(() -> revealAll(vault.oneTime(), links));
        revealing[i].start();
      }
      for (Thread thread : revealing) {
        thread.join();
      }
      System.out.println("finished");
    }
  }

  private static void revealAll(OneTimeSecrets secrets, List<String> links) {
    for (int i = 0; i < links.size(); i++) {
      try (SecretValue value = secrets.reveal(links.get(i))) {
        if (!VaultFixture.textOf(value).equals("value-" + i)) {
          System.out.println("FAILED another value came out");
        }
        System.out.println("given " + i + "."); // The dot shows that the line is whole.
      } catch (AlreadyRevealedException another) {
        // Somebody was faster.
      } catch (RuntimeException e) {
        System.out.println("FAILED " + e);
      }
    }
  }
}
