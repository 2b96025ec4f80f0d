package dev.secretvault.cli;

import java.io.PrintStream;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Shows on standard error how far a long work is: on a terminal a bar that is drawn anew in its
 * line, elsewhere a line now and then. A short work shows nothing.
 */
final class Progress implements AutoCloseable {

  /** The size of an input that nobody knows the size of. */
  static final long UNKNOWN = -1;

  private static final long MILLISECOND = 1_000_000;
  private static final long SECOND = 1_000 * MILLISECOND;
  private static final long FIRST_BAR = 300 * MILLISECOND;
  private static final long NEXT_BAR = 100 * MILLISECOND;
  private static final long NEXT_LINE = 5 * SECOND;
  private static final int CELLS = 24;

  private final PrintStream err;
  private final boolean terminal;
  private final long size;
  private final String what;
  private final LongSupplier nanoTime;
  private final long start;
  private long bytes;
  private long count;
  private long nextShown;
  private int shown;

  /**
   * Begins.
   *
   * @param size of the input in bytes, or {@link #UNKNOWN}
   * @param what is counted, and what was done with it
   * @param nanoTime a clock like {@link System#nanoTime}
   */
  Progress(Streams streams, long size, String what, LongSupplier nanoTime) {
    this.err = streams.err();
    this.terminal = streams.errIsTerminal();
    this.size = size;
    this.what = what;
    this.nanoTime = nanoTime;
    this.start = nanoTime.getAsLong();
    this.nextShown = terminal ? FIRST_BAR : NEXT_LINE;
  }

  /** Some more is done. */
  void advanced(int moreBytes, int more) {
    bytes += moreBytes;
    count += more;
    long elapsed = nanoTime.getAsLong() - start;
    if (elapsed >= nextShown) {
      nextShown = elapsed + (terminal ? NEXT_BAR : NEXT_LINE);
      if (terminal) {
        draw("\r" + bar() + numbers(elapsed));
      } else {
        err.println("secretvault: " + percent() + numbers(elapsed));
      }
    }
  }

  /** How many were done, and how fast. */
  String summary() {
    long elapsed = nanoTime.getAsLong() - start;
    return String.format(
        Locale.ROOT,
        "%,d %s in %.2f s%s",
        count,
        what,
        (double) elapsed / SECOND,
        count == 0 ? "" : String.format(Locale.ROOT, " (%,d a second)", rate(elapsed)));
  }

  private String bar() {
    if (size <= 0) {
      return "";
    }
    int done = (int) (CELLS * share());
    return "[" + "#".repeat(done) + "-".repeat(CELLS - done) + "] " + percent();
  }

  private String percent() {
    return size <= 0 ? "" : String.format(Locale.ROOT, "%3d%%  ", (int) (100 * share()));
  }

  private double share() {
    // A file may grow while it is read.
    return Math.min(1, (double) bytes / size);
  }

  private String numbers(long elapsed) {
    return String.format(Locale.ROOT, "%,d %s, %,d a second", count, what, rate(elapsed));
  }

  private long rate(long elapsed) {
    return Math.round(count / (Math.max(1, elapsed) / (double) SECOND));
  }

  private void draw(String line) {
    String padding = " ".repeat(Math.max(0, shown - line.length()));
    shown = line.length();
    err.print(line + padding);
    err.flush();
  }

  /** Takes the bar away. */
  @Override
  public void close() {
    if (shown > 0) {
      draw("\r");
      err.print("\r");
      err.flush();
      shown = 0;
    }
  }
}
