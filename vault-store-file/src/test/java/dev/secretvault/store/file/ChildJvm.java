package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.put;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoredRecord;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Another process at work on a store. */
final class ChildJvm implements AutoCloseable {

  private static final int SECONDS = 30;

  private final Process process;
  private final BufferedReader output;

  private ChildJvm(Class<?> main, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Each of them lives for a second.
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx64m"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    this.process = new ProcessBuilder(command).redirectErrorStream(true).start();
    this.output = process.inputReader(StandardCharsets.UTF_8);
  }

  /** What comes of creating the record "child" there: "done" or an error. */
  static String commitOnce(Path directory) throws Exception {
    try (ChildJvm child = new ChildJvm(ChildJvm.class, "once", directory.toString())) {
      return child.line();
    }
  }

  /** Commits number after number, each acknowledged by a line with the number. */
  static ChildJvm committing(Path directory) throws IOException {
    return new ChildJvm(ChildJvm.class, "forever", directory.toString());
  }

  /**
   * Consumes one record after the other, none that somebody else got, each of which is a line of
   * output; and counts up with each.
   */
  static ChildJvm consuming(Path directory) throws IOException {
    return new ChildJvm(ChildJvm.class, "consume", directory.toString());
  }

  /** Creates and takes records until it is killed. */
  static ChildJvm working(Path directory, String name, long seed) throws IOException {
    return new ChildJvm(DoomedWorker.class, directory.toString(), name, Long.toString(seed));
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
    if (arguments[0].equals("forever")) {
      System.out.println("starts");
    }
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
          List<Thread> threads = new ArrayList<>();
          for (int i = 0; i < 4; i++) {
            threads.add(new Thread(() -> consume(store)));
          }
          threads.forEach(Thread::start);
          for (Thread thread : threads) {
            thread.join();
          }
          System.out.println("end");
        }
      }
    } catch (StoreException | RevisionConflictException refused) {
      System.out.println(refused.getMessage());
    }
  }

  /** Gets what it can of the records whose key begins with "once". */
  private static void consume(FileSecretStore store) {
    RecordKey after = new RecordKey("once");
    while (true) {
      List<StoredRecord> next = store.scan(after, 1);
      if (next.isEmpty()) {
        return;
      }
      RecordKey key = next.get(0).key();
      try {
        store.commit(List.of(Change.delete(key, 1)));
        // One call, so that lines of threads do not mix.
        System.out.print(key + "\n");
        Records.increment(store, "counter");
      } catch (RevisionConflictException lost) {
        // Somebody else has it.
      }
      after = key;
    }
  }
}
