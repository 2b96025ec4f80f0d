package dev.secretvault;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Another process, spoken to in lines. */
final class ChildJvm implements AutoCloseable {

  private static final int SECONDS = 60;

  private final Process process;
  private final BufferedReader output;
  private final BufferedWriter input;

  private ChildJvm(Process process) {
    this.process = process;
    output = process.inputReader(StandardCharsets.UTF_8);
    input = process.outputWriter(StandardCharsets.UTF_8);
  }

  /** Starts the main method of a class of these tests. */
  static ChildJvm start(
      Class<?> main, List<String> options, Map<String, String> environment, Object... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    return new ChildJvm(builder.start());
  }

  /** The next line that it prints, null when there are no more. */
  String line() throws IOException {
    return output.readLine();
  }

  /** All lines that it still prints. */
  List<String> rest() {
    return output.lines().toList();
  }

  void say(String line) throws IOException {
    input.write(line);
    input.newLine();
    input.flush();
  }

  int exitCode() {
    return process.onExit().orTimeout(SECONDS, TimeUnit.SECONDS).join().exitValue();
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
}
