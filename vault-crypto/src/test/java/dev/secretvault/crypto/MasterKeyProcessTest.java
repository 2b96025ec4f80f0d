package dev.secretvault.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What one process cannot try: its environment, and another process at the same file. */
@Timeout(60)
final class MasterKeyProcessTest {

  private static final byte[] KEY = Seeded.bytes(new Random(1), MasterKey.BYTES);

  @TempDir private Path directory;
  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void stop() {
    started.forEach(Process::destroyForcibly);
  }

  @Test
  void fromEnvironment_aKey_opensAndAnythingElseIsRefusedUnquoted() throws Exception {
    Path header = directory.resolve("header");
    try (Keyring keyring = Keyring.create(MasterKey.fromBytes(KEY))) {
      Files.write(header, keyring.header());
    }
    Map<String, String> variables = new LinkedHashMap<>();
    Map<String, String> expected = new LinkedHashMap<>();
    String opened = "opened, MasterKey[hidden], Keyring[hidden]";
    String hex = HexFormat.of().formatHex(KEY);
    for (String form :
        List.of(
            hex,
            " " + hex + "\n",
            Base64.getEncoder().encodeToString(KEY),
            Base64.getUrlEncoder().withoutPadding().encodeToString(KEY))) {
      String variable = "SECRETVAULT_KEY_" + variables.size();
      variables.put(variable, form);
      expected.put(variable, opened);
    }
    variables.put("SECRETVAULT_BLANK", " \t");
    expected.put(
        "SECRETVAULT_BLANK",
        "KEY_UNAVAILABLE: the environment variable SECRETVAULT_BLANK is not set");
    expected.put(
        "SECRETVAULT_UNSET",
        "KEY_UNAVAILABLE: the environment variable SECRETVAULT_UNSET is not set");
    for (String noKey : List.of("canary", "canary€", hex.substring(1), "x".repeat(10_000))) {
      String variable = "SECRETVAULT_BAD_" + variables.size();
      variables.put(variable, noKey);
      expected.put(
          variable,
          "KEY_UNAVAILABLE: the environment variable "
              + variable
              + " holds no key: 64 hexadecimal digits or the Base64 of 32 bytes are needed");
    }
    variables.put("SECRETVAULT_ZERO", "0".repeat(64));
    expected.put(
        "SECRETVAULT_ZERO",
        "KEY_UNAVAILABLE: the environment variable SECRETVAULT_ZERO holds no key: all its bytes"
            + " are zero");
    variables.put("SECRETVAULT_OTHER", "1".repeat(64));
    expected.put(
        "SECRETVAULT_OTHER",
        "WRONG_KEY: this master key does not unlock the vault: give one that it was created with, or"
            + " that was added to it");

    List<String> arguments = new ArrayList<>(List.of("environment", header.toString()));
    arguments.addAll(expected.keySet());
    Process child = start(variables, arguments);

    try (BufferedReader output = reader(child)) {
      assertThat(output.lines().toList())
          .as(() -> standardError())
          .containsExactlyElementsOf(expected.values());
    }
    assertThat(child.waitFor()).isZero();
  }

  @Test
  void fromFile_twoProcessesAtTheSameMissingFile_shareOneKey() throws Exception {
    Process one = start(Map.of(), List.of("files"));
    Process two = start(Map.of(), List.of("files"));
    try (BufferedReader fromOne = reader(one);
        BufferedReader fromTwo = reader(two)) {
      for (int round = 0; round < 100; round++) {
        Path file = directory.resolve("key-" + round);
        byte[] line = (file + "\n").getBytes(UTF_8);
        for (Process process : round % 2 == 0 ? List.of(one, two) : List.of(two, one)) {
          process.getOutputStream().write(line);
          process.getOutputStream().flush();
        }
        for (BufferedReader output : List.of(fromOne, fromTwo)) {
          String header = output.readLine();
          assertThat(header).as(() -> standardError()).isNotNull();
          Keyring.open(MasterKey.fromFile(file), HexFormat.of().parseHex(header)).close();
        }
      }
    }
    try (var entries = Files.list(directory)) {
      assertThat(entries.filter(entry -> entry.toString().endsWith(".tmp"))).isEmpty();
    }
  }

  private Process start(Map<String, String> variables, List<String> arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                MasterKeyProcess.class.getName()));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(variables);
    builder.redirectError(ProcessBuilder.Redirect.appendTo(errors()));
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private File errors() {
    return directory.resolve("stderr").toFile();
  }

  private String standardError() {
    try {
      return Files.readString(errors().toPath());
    } catch (IOException e) {
      return "no standard error: " + e;
    }
  }

  private static BufferedReader reader(Process process) {
    return new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
  }
}
