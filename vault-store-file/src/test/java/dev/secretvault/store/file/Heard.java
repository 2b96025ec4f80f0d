package dev.secretvault.store.file;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** What several processes say, line by line as it comes. */
final class Heard {

  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final List<Thread> listeners = new ArrayList<>();

  void listenTo(ChildJvm child) {
    Thread listener =
        new Thread(
            () -> {
              try {
                for (String line = child.line(); line != null; line = child.line()) {
                  lines.add(line);
                }
              } catch (IOException failed) {
                lines.add(failed.toString());
              }
            });
    listener.start();
    listeners.add(listener);
  }

  /** The next line of anybody. */
  String line() throws InterruptedException {
    return lines.take();
  }

  /** All that is left, once they all have ended. */
  List<String> rest() throws InterruptedException {
    for (Thread listener : listeners) {
      listener.join();
    }
    return List.copyOf(lines);
  }
}
