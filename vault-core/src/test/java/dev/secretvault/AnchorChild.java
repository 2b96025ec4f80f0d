package dev.secretvault;

import dev.secretvault.FreshnessAnchor.Mark;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/**
 * Runs in a process of its own: has an anchor follow its last mark, so often. Prints {@code ready},
 * waits for a line, and then prints {@code finished}.
 */
final class AnchorChild {

  private AnchorChild() {}

  /**
   * What runs in the other process.
   *
   * @param arguments the anchor's file, and how often
   */
  public static void main(String[] arguments) throws IOException {
    FreshnessAnchor anchor = FreshnessAnchor.inFile(Path.of(arguments[0]));
    int left = Integer.parseInt(arguments[1]);
    System.out.println("ready");
    if (System.in.read() < 0) {
      return;
    }
    while (left > 0) {
      Optional<Mark> noted = anchor.read();
      Mark next = new Mark(1 + noted.map(Mark::counter).orElse(0L), UUID.randomUUID());
      if (anchor.advance(noted.orElse(null), next)) {
        left--;
      }
    }
    System.out.println("finished");
  }
}
