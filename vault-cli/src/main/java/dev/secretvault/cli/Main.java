package dev.secretvault.cli;

import dev.secretvault.Disclosure;
import dev.secretvault.SecretState;
import dev.secretvault.SecretVault;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;

/**
 * The command {@code secretvault}: reads its arguments, runs one command, and ends with 0 if that
 * was done, 1 if it was refused or the answer is no, and 2 if it was called wrongly. What went
 * wrong is one line on standard error.
 */
@Command(
    name = "secretvault",
    description =
        "Keeps secrets in a directory or a PostgreSQL database, encrypted, and signs user IDs with them.",
    synopsisSubcommandLabel = "COMMAND",
    versionProvider = Main.Version.class,
    subcommands = {
      InitCommand.class,
      CreateCommand.class,
      StateCommand.Activate.class,
      StateCommand.Deactivate.class,
      ListCommand.class,
      RevealCommand.class,
      HmacCommand.class,
      VerifyCommand.class,
      DeleteCommand.class,
      SweepCommand.class,
      SignCommand.class,
      AuditCommand.class,
      KeysCommand.class,
      CopyCommand.class,
      AnchorCommand.class,
      DemoCommand.class
    },
    footer = {
      "",
      "NAME-OR-ID is the name of a secret or its id; of two secrets that fit, the id's is taken.",
      "A value never is an argument. Arguments that begin with a dash go behind a --.",
      "Exit codes: 0 done; 1 refused, or not genuine; 2 called wrongly."
    })
public final class Main {

  static final int DONE = 0;
  static final int REFUSED = 1;
  static final int CALLED_WRONGLY = 2;

  private final Streams streams;

  @Mixin private VaultLocation location;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help.")
  @SuppressWarnings("UnusedVariable") // Picocli sets it and shows the help.
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the version.")
  @SuppressWarnings("UnusedVariable") // Picocli sets it and shows the version.
  private boolean version;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show where in the program an error came from.")
  private boolean debug;

  private Main(Streams streams) {
    this.streams = streams;
  }

  /**
   * Runs one command and ends the process with its exit code.
   *
   * @param args the command and its arguments
   */
  public static void main(String[] args) {
    Streams streams = Streams.ofProcess();
    Optional<String> garbled =
        Arguments.garbled(args, System.getProperty("sun.jnu.encoding", "UTF-8"));
    if (garbled.isPresent()) {
      streams.complain(garbled.get());
      System.exit(CALLED_WRONGLY);
    }
    System.exit(run(streams, args));
  }

  /** Runs one command. */
  static int run(Streams streams, String... args) {
    Main main = new Main(streams);
    CommandLine command = new CommandLine(main);
    command
        .registerConverter(Disclosure.class, text -> Choice.parse(Disclosure.class, text))
        .registerConverter(SecretState.class, text -> Choice.parse(SecretState.class, text))
        .registerConverter(Label.class, Label::parse)
        // A user ID like @name is a user ID, not a file to read arguments from.
        .setExpandAtFiles(false)
        .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF))
        .setOut(writer(streams.out()))
        .setErr(writer(streams.err()))
        .setParameterExceptionHandler(main::calledWrongly)
        .setExecutionExceptionHandler((failure, of, parsed) -> main.failed(failure));
    int exitCode;
    try {
      exitCode = command.execute(args);
    } finally {
      main.location.close();
    }
    if (exitCode == DONE && streams.out().checkError()) {
      streams.complain("standard output could not be written in full");
      return REFUSED;
    }
    return exitCode;
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, StandardCharsets.US_ASCII), true);
  }

  private int calledWrongly(ParameterException wrong, String[] args) {
    streams.complain(
        Arguments.complaint(wrong, args)
            + "; run: "
            + wrong.getCommandLine().getCommandSpec().qualifiedName()
            + " --help");
    return CALLED_WRONGLY;
  }

  private int failed(Exception failure) {
    Refusal refusal = Refusal.of(failure);
    streams.complain(refusal.getMessage());
    if (debug) {
      failure.printStackTrace(streams.err());
    }
    return refusal.exitCode();
  }

  Streams streams() {
    return streams;
  }

  VaultLocation location() {
    return location;
  }

  /** Opens the vault that the options name. */
  SecretVault openExisting() {
    return location.openExisting(streams);
  }

  /** The version that the build wrote down. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
      Properties properties = new Properties();
      try (InputStream in = Main.class.getResourceAsStream("version.properties")) {
        if (in != null) {
          properties.load(new InputStreamReader(in, StandardCharsets.UTF_8));
        }
      }
      return new String[] {
        String.format(Locale.ROOT, "secretvault %s", properties.getProperty("version", "unknown"))
      };
    }
  }
}
