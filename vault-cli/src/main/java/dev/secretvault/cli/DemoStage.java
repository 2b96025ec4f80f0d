package dev.secretvault.cli;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Runs commands for the demo, shows them with what they answer, and checks that. */
final class DemoStage {

  /** The vault's directory in that of the demo. */
  static final String VAULT = "secrets";

  private static final String KEY = "master.key";

  /** The column of ids is dropped where a list is shown: with it, no line fits. */
  private static final int ID_COLUMN = 28;

  private static final int WIDTH = 68;

  private final Streams streams;
  private final Path directory;
  private boolean asPromised = true;
  private int steps;

  DemoStage(Streams streams, Path directory) {
    this.streams = streams;
    this.directory = directory;
  }

  /** What a command answered. */
  record Answer(int exitCode, String out, String err) {}

  boolean asPromised() {
    return asPromised;
  }

  void say(String line) {
    streams.out().println(line);
  }

  /** Says what was answered, indented and in lines that fit. */
  void note(String line) {
    String rest = line;
    String indent = "  ";
    while (rest.length() > WIDTH && rest.lastIndexOf(' ', WIDTH) > 0) {
      int end = rest.lastIndexOf(' ', WIDTH);
      say(indent + rest.substring(0, end));
      rest = rest.substring(end + 1);
      indent = "    ";
    }
    say(indent + rest);
  }

  /** Begins a step. */
  void step(String title) {
    steps++;
    say("");
    say(steps + ". " + title);
  }

  /** Shows whether something is as it should be. */
  void check(boolean holds, String what) {
    asPromised &= holds;
    note((holds ? "yes: " : "NO: ") + what);
  }

  /** Runs and shows a command, and returns what it answered. */
  Answer show(String... command) {
    say("$ secretvault " + shown(command));
    return shown(run("", command));
  }

  /** Runs and shows a command that should end so. */
  Answer expect(int exitCode, String... command) {
    Answer answer = show(command);
    if (answer.exitCode() != exitCode) {
      check(false, "the exit code should be " + exitCode);
    }
    return answer;
  }

  /** Runs and shows a command that reads. */
  void expectWithInput(String input, String... command) {
    say("$ printf '" + input + "' |");
    say("    secretvault " + shown(command));
    if (shown(run(input, command)).exitCode() != Main.DONE) {
      check(false, "this should be done");
    }
  }

  /** Lists the secrets, as far as a line goes. */
  void list() {
    say("$ secretvault list | cut -c" + (ID_COLUMN + 1) + "-");
    Answer answer = run("", "list");
    String cut =
        answer
            .out()
            .lines()
            .map(line -> line.substring(Math.min(ID_COLUMN, line.length())))
            .collect(Collectors.joining("\n"));
    shown(new Answer(answer.exitCode(), cut, answer.err()));
  }

  private Answer shown(Answer answer) {
    Stream.of(answer.out(), answer.err())
        .flatMap(String::lines)
        .map(this::local)
        .forEach(this::note);
    if (answer.exitCode() != Main.DONE) {
      note("(exit code " + answer.exitCode() + ")");
    }
    return answer;
  }

  /** What stands in the demo's directory is called as from there. */
  private String local(String text) {
    return text.replace(directory + directory.getFileSystem().getSeparator(), "");
  }

  private String shown(String... command) {
    return Arrays.stream(command)
        .map(this::local)
        .map(
            argument ->
                argument.matches("[A-Za-z0-9@%+=:,./_-]+") ? argument : "'" + argument + "'")
        .map(
            argument ->
                argument.matches("[0-9a-f]{64}") ? argument.substring(0, 12) + "..." : argument)
        .collect(Collectors.joining(" "));
  }

  private Answer run(String input, String... command) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--dir",
                directory.resolve(VAULT).toString(),
                "--key-file",
                directory.resolve(KEY).toString()));
    args.addAll(List.of(command));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    // Progress goes where the demo's own would: it is to be seen while it happens.
    boolean live = command[0].equals("sign");
    Streams captured =
        new Streams(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            live ? streams.err() : new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            false,
            live && streams.errIsTerminal(),
            null);
    int exitCode = Main.run(captured, args.toArray(String[]::new));
    return new Answer(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** Shows the first lines of a file, the long ones in part. */
  void showBeginning(Path of, int lines) throws IOException {
    say("$ head -n " + lines + " digests.csv");
    try (BufferedReader reader = Files.newBufferedReader(of)) {
      reader
          .lines()
          .limit(lines)
          .map(line -> line.length() > WIDTH ? line.substring(0, WIDTH - 3) + "..." : line)
          .forEach(line -> note(Printable.of(line)));
    }
  }

  /** Makes the first digests of a CSV again, the usual way, and compares. */
  void checkDigests(Path userIds, Path csv, String secret, int most) throws IOException {
    int checked = 0;
    boolean equal = true;
    try (InputStream ids = new BufferedInputStream(Files.newInputStream(userIds));
        InputStream digests = new BufferedInputStream(Files.newInputStream(csv))) {
      line(digests);
      String id = line(ids);
      while (!id.isEmpty() && checked < most) {
        equal &= line(digests).endsWith("," + mac(secret, id));
        checked++;
        id = line(ids);
      }
    }
    check(
        equal,
        String.format(
            Locale.ROOT, "javax.crypto.Mac makes the same digests (%,d compared)", checked));
  }

  /** The next line; empty at the end. A reader's lines would end with a carriage return, too. */
  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
      line.write(b);
    }
    String text = line.toString(StandardCharsets.UTF_8);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }

  /** A digest made with the platform's own class. */
  static String mac(String secret, String userId) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return HexFormat.of().formatHex(mac.doFinal(userId.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has HmacSHA256", e);
    }
  }
}
