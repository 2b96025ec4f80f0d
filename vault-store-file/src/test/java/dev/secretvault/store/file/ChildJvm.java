package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.put;

import dev.secretvault.store.StoreException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Another process at work on a store. */
final class ChildJvm implements AutoCloseable {

  private static final int SECONDS = 30;

  private final Process process;
  private final BufferedReader output;

  private ChildJvm(String task, Path directory) throws IOException {
    this.process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                ChildJvm.class.getName(),
                task,
                directory.toString())
            .redirectErrorStream(true)
            .start();
    this.output = process.inputReader(StandardCharsets.UTF_8);
  }

  /**
   * What comes of opening a store there, with a commit and closing it again: "done" or an error.
   */
  static String tryToOpen(Path directory) throws Exception {
    try (ChildJvm child = new ChildJvm("once", directory)) {
      return child.line();
    }
  }

  /** Commits number after number, each acknowledged by a line with the number. */
  static ChildJvm committing(Path directory) throws IOException {
    return new ChildJvm("forever", directory);
  }

  /** Opens a store, says so in a line, and keeps it open until killed. */
  static ChildJvm holding(Path directory) throws IOException {
    return new ChildJvm("hold", directory);
  }

  /** The next line of output, null when there are no more. */
  String line() throws IOException {
    return output.readLine();
  }

  /** Ends the process without a chance to do anything, like {@code kill -9}. */
  void kill() {
    // Not by the process itself, which would throw away what it has not read yet.
    process.toHandle().destroyForcibly();
    process.onExit().orTimeout(SECONDS, TimeUnit.SECONDS).join();
  }

  @Override
  public void close() {
    kill();
  }

  /** What runs in the other process. */
  public static void main(String[] arguments) throws InterruptedException {
    try (FileSecretStore store = FileSecretStore.openExisting(Path.of(arguments[1]))) {
      switch (arguments[0]) {
        case "once" -> {
          commit(store, put("child", 0, "was here"));
          System.out.println("done");
        }
        case "forever" -> {
          for (long number = store.scan(null, 1_000).size(); ; number++) {
            commit(store, put("k" + number, 0, "value " + number));
            System.out.println(number);
          }
        }
        default -> {
          System.out.println("open");
          Thread.currentThread().join();
        }
      }
    } catch (StoreException refused) {
      System.out.println(refused.getMessage());
    }
  }
}
