package dev.secretvault.crypto;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/** What {@link MasterKeyProcessTest} starts: another process that takes its key from outside. */
final class MasterKeyProcess {

  private MasterKeyProcess() {}

  /** Opens a header by a variable, or makes a vault by each file that the standard input names. */
  public static void main(String[] arguments) throws IOException {
    if (arguments[0].equals("environment")) {
      byte[] header = Files.readAllBytes(Path.of(arguments[1]));
      for (int i = 2; i < arguments.length; i++) {
        System.out.println(open(arguments[i], header));
      }
      return;
    }
    BufferedReader names =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String name = names.readLine(); name != null; name = names.readLine()) {
      try (Keyring keyring = Keyring.create(MasterKey.fromFile(Path.of(name)))) {
        System.out.println(HexFormat.of().formatHex(keyring.header()));
      }
    }
  }

  private static String open(String variable, byte[] header) {
    try (MasterKey key = MasterKey.fromEnvironment(variable);
        Keyring keyring = Keyring.open(key, header)) {
      return "opened, " + key + ", " + keyring;
    } catch (CryptoException e) {
      return e.reason() + ": " + e.getMessage();
    }
  }
}
