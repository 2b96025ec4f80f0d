package dev.secretvault.cli;

import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Where a command reads and writes, and whom it can ask.
 *
 * @param in read without a buffer, so that no copy of a value stays behind
 * @param out written without a buffer, for the same reason
 * @param err for complaints, notes and progress
 * @param inIsTerminal whether somebody types what is read
 * @param outIsTerminal whether somebody sees what is written
 * @param errIsTerminal whether somebody sees the progress
 * @param prompt asks that somebody; null if there is nobody
 */
record Streams(
    InputStream in,
    PrintStream out,
    PrintStream err,
    boolean inIsTerminal,
    boolean outIsTerminal,
    boolean errIsTerminal,
    @Nullable Prompt prompt) {

  /**
   * Names, by its digits, which of the descriptors 0, 1 and 2 are terminals. The launcher sets it,
   * because a Java program can only ask for 0 and 1 together.
   */
  private static final String TERMINALS = "secretvault.terminals";

  /** Asks whoever sits at the terminal. */
  interface Prompt {
    /** Asks for a line; null if there is none. */
    @Nullable String line(String question);

    /** Asks for a line that is not shown while it is typed; null if there is none. */
    char @Nullable [] hidden(String question);
  }

  /** Those of this process. */
  static Streams ofProcess() {
    Console console = terminal();
    String terminals = System.getProperty(TERMINALS, console == null ? "" : "012");
    boolean outIsTerminal = terminals.contains("1");
    boolean inIsTerminal = terminals.contains("0");
    return new Streams(
        new FileInputStream(FileDescriptor.in),
        print(FileDescriptor.out, outIsTerminal ? console : null),
        print(FileDescriptor.err, console),
        inIsTerminal,
        outIsTerminal,
        terminals.contains("2"),
        console != null && inIsTerminal && outIsTerminal ? new AtConsole(console) : null);
  }

  /** The console; null if that is no terminal. */
  @SuppressWarnings("SystemConsoleNull") // Where it is never null, it can be asked.
  private static @Nullable Console terminal() {
    Console console = System.console();
    if (console == null) {
      return null;
    }
    try {
      Object isTerminal = Console.class.getMethod("isTerminal").invoke(console);
      return Boolean.TRUE.equals(isTerminal) ? console : null;
    } catch (ReflectiveOperationException beforeJdk22) {
      return console;
    }
  }

  /** A terminal gets the characters that it can show; files and pipes always get UTF-8. */
  private static PrintStream print(FileDescriptor descriptor, @Nullable Console terminal) {
    Charset charset = terminal == null ? StandardCharsets.UTF_8 : terminal.charset();
    return new PrintStream(new FileOutputStream(descriptor), true, charset);
  }

  /** Says in one line on standard error what is wrong. */
  void complain(@Nullable String line) {
    err.print("secretvault: " + Printable.of(String.valueOf(line)) + System.lineSeparator());
    err.flush();
  }

  private record AtConsole(Console console) implements Prompt {
    @Override
    public @Nullable String line(String question) {
      return console.readLine("%s", question);
    }

    @Override
    public char @Nullable [] hidden(String question) {
      return console.readPassword("%s", question);
    }
  }
}
