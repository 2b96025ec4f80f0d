package dev.secretvault;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.file.FileSecretStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs in a process of its own: reveals one-time secrets of a vault with an anchor, in their order.
 * Prints {@code ready}, waits for a line, and then prints {@code given number} for each that it
 * got, and {@code finished}.
 */
final class FreshnessChild {

  /** The environment variable with the master key. */
  static final String KEY = "SECRETVAULT_TEST_MASTER_KEY";

  private FreshnessChild() {}

  /**
   * What runs in the other process.
   *
   * @param arguments the directory of the store, the anchor's file, and a file with the links
   */
  public static void main(String[] arguments) throws IOException {
    List<String> links = Files.readAllLines(Path.of(arguments[2]));
    try (SecretVault vault =
        SecretVault.builder()
            .store(FileSecretStore.openExisting(Path.of(arguments[0])))
            .masterKey(MasterKey.fromEnvironment(KEY))
            .freshness(FreshnessAnchor.inFile(Path.of(arguments[1])))
            .openExisting()) {
      System.out.println("ready");
      if (System.in.read() < 0) {
        return;
      }
      for (int i = 0; i < links.size(); i++) {
        try {
          vault.oneTime().reveal(links.get(i)).close();
          System.out.println("given " + i + "."); // The dot shows that the line is whole.
        } catch (AlreadyRevealedException another) {
          // Somebody was faster.
        } catch (RuntimeException e) {
          System.out.println("FAILED " + e);
        }
      }
      System.out.println("finished");
    }
  }
}
