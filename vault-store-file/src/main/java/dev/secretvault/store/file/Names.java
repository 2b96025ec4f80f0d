package dev.secretvault.store.file;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names of the files in a store's directory. */
final class Names {

  /** Empty; holds the lock of the operating system. */
  static final String LOCK = "lock";

  /** Says up to where the log is settled. */
  static final String SETTLED = "settled";

  private static final Pattern LOG = Pattern.compile("log\\.([1-9][0-9]{0,17})");
  private static final Pattern TORN = Pattern.compile("torn-[0-9]+-[0-9.]+");
  private static final Pattern LEFTOVER = Pattern.compile("(log|torn-[0-9]+)[.-][0-9.]+\\.tmp");

  private Names() {}

  /** The log of a generation. */
  static String log(long generation) {
    return "log." + generation;
  }

  /** The bytes that were cut off the log of a generation at an offset, for the n-th time. */
  static String torn(long generation, long offset, int nth) {
    return "torn-" + generation + "-" + offset + (nth == 1 ? "" : "." + nth);
  }

  /** What a file is called until it is complete. */
  static String unfinished(String name) {
    return name + ".tmp";
  }

  /** The highest generation that has a log among these names, 0 if there is none. */
  static long newestGeneration(List<String> names) {
    return names.stream().mapToLong(Names::generation).max().orElse(0);
  }

  /** Whether this file holds what was cut off a log. */
  static boolean isTorn(String name) {
    return TORN.matcher(name).matches();
  }

  /** The generation of a log, 0 for all other files. */
  static long generation(String name) {
    Matcher matcher = LOG.matcher(name);
    return matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
  }

  /** Whether this is a log before that generation. */
  static boolean isOlder(String name, long newest) {
    return generation(name) > 0 && generation(name) < newest;
  }

  /** Whether a crash left this file unfinished. */
  static boolean isLeftover(String name) {
    return LEFTOVER.matcher(name).matches();
  }

  /**
   * Whether a directory with these names is new, or all that a crash left of a store's creation.
   */
  static boolean holdNothing(List<String> names) {
    return names.stream()
        .allMatch(name -> name.equals(LOCK) || name.equals(SETTLED) || isLeftover(name));
  }
}
