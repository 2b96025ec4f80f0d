package dev.secretvault.store.file;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A note for whoever has the lock next: up to where the log is durable, and free of values that its
 * commits replaced or deleted. Whoever died or failed in a commit did not come to write it, and
 * leaves a log that is longer.
 *
 * <p>Never forced, so it may say too little after a loss of power. Nobody has the store open then:
 * opening only reads it to say what is missing, if it says more than there is.
 */
final class Settled implements Closeable {

  /** What is settled: a generation of the log, up to an offset. */
  record Mark(long generation, long end) {
    static final Mark NONE = new Mark(0, 0);

    /** How many bytes more of the same log this has; 0 if none, or if it is of another log. */
    long ahead(Mark other) {
      return generation == other.generation ? Math.max(0, end - other.end) : 0;
    }
  }

  private static final int DIGITS = 19;
  private static final int LENGTH = 2 * DIGITS + 2;
  private static final Pattern LINE = Pattern.compile("([0-9]{19}) ([0-9]{19})\n");

  private final DiskFile file;

  private Settled(DiskFile file) {
    this.file = file;
  }

  static Settled open(Disk disk) throws IOException {
    List<String> names = disk.list();
    return new Settled(
        names.contains(Names.SETTLED) ? disk.open(Names.SETTLED) : disk.create(Names.SETTLED));
  }

  /** What is known to be settled. */
  Mark read() throws IOException {
    byte[] bytes = new byte[LENGTH];
    int length = file.readAt(0, bytes, 0, LENGTH);
    Matcher line = LINE.matcher(new String(bytes, 0, length, US_ASCII));
    try {
      return line.matches()
          ? new Mark(Long.parseLong(line.group(1)), Long.parseLong(line.group(2)))
          : Mark.NONE;
    } catch (NumberFormatException tooLarge) {
      return Mark.NONE;
    }
  }

  void write(Mark mark) throws IOException {
    file.writeAt(0, (padded(mark.generation) + ' ' + padded(mark.end) + '\n').getBytes(US_ASCII));
  }

  private static String padded(long number) {
    String digits = Long.toString(number);
    return "0".repeat(DIGITS - digits.length()) + digits;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
