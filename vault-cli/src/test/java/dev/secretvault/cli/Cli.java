package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The command on a vault of its own, in this process or in a new one, with what it answers. */
final class Cli {

  /** What a run left behind. */
  @SuppressWarnings("ArrayRecordComponent") // Never compared as a whole.
  record Answer(int exitCode, byte[] bytes, String err) {
    String out() {
      return new String(bytes, StandardCharsets.UTF_8);
    }

    /** The only line of the output. */
    String line() {
      assertThat(out()).as("output of %s", err).endsWith("\n").hasLineCount(1);
      return out().strip();
    }
  }

  private final Path place;
  private @Nullable InputStream in;
  private Streams.@Nullable Prompt prompt;
  private boolean terminal;

  /** Works in a directory that exists: the vault goes to {@code secrets} in it. */
  Cli(Path place) {
    this.place = place;
  }

  /** With a vault that has no secrets yet. */
  static Cli withVault(Path place) {
    Cli cli = new Cli(place);
    cli.does("init");
    return cli;
  }

  Path vault() {
    return place.resolve("secrets");
  }

  Path key() {
    return place.resolve("master.key");
  }

  Path file(String name) {
    return place.resolve(name);
  }

  Cli reading(String text) {
    return reading(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  Cli reading(InputStream newIn) {
    in = newIn;
    return this;
  }

  /** On a terminal where somebody answers. */
  Cli asking(Streams.@Nullable Prompt somebody) {
    prompt = somebody;
    terminal = true;
    return this;
  }

  /** Runs a command on the vault, in this process. */
  Answer run(String... command) {
    return runBare(onVault(command));
  }

  /** Runs a command as it is, in this process. */
  Answer runBare(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int exitCode =
        Main.run(
            new Streams(
                in == null ? InputStream.nullInputStream() : in,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                terminal,
                terminal,
                terminal,
                prompt),
            args);
    in = null;
    prompt = null;
    terminal = false;
    return new Answer(exitCode, out.toByteArray(), err.toString(StandardCharsets.UTF_8));
  }

  /** Runs a command that must succeed. */
  Answer does(String... command) {
    Answer answer = run(command);
    assertThat(answer.exitCode()).as("exit code; error output: %s", answer.err()).isZero();
    return answer;
  }

  /** Creates an active secret with this value. */
  void creates(String name, String value) {
    reading(value).does("create", name, "--value-stdin", "--active");
  }

  private String[] onVault(String... command) {
    List<String> args =
        new ArrayList<>(List.of("--dir", vault().toString(), "--key-file", key().toString()));
    args.addAll(List.of(command));
    return args.toArray(String[]::new);
  }

  /** A process of its own that runs a command on the vault; its directory is this one's place. */
  ProcessBuilder process(String... command) {
    List<String> args = new ArrayList<>(java());
    args.addAll(List.of(onVault(command)));
    return new ProcessBuilder(args).directory(place.toFile());
  }

  /** The beginning of a command line that runs the command. */
  static List<String> java() {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        "-cp",
        System.getProperty("java.class.path"),
        Main.class.getName());
  }

  /** Runs a process that says little to its end. */
  static Answer finish(ProcessBuilder builder) throws Exception {
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      byte[] out = process.getInputStream().readAllBytes();
      byte[] err = process.getErrorStream().readAllBytes();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("ends").isTrue();
      return new Answer(process.exitValue(), out, new String(err, StandardCharsets.UTF_8));
    } finally {
      process.destroyForcibly();
    }
  }

  /** Every file and directory below the place, with its mode and its content. */
  Map<String, String> disk() {
    Map<String, String> disk = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(place)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        String content =
            Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                ? HexFormat.of().formatHex(Files.readAllBytes(path))
                : "no file";
        String mode =
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
        disk.put(place.relativize(path).toString(), mode + " " + content);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return disk;
  }
}
