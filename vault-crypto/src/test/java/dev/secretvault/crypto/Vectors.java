package dev.secretvault.crypto;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.function.BiConsumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The published test vectors of Project Wycheproof, which are not part of this source. The system
 * property {@code secretvault.shared} names the directory that they lie in; without it their tests
 * are skipped, with it a missing file is a failure.
 */
final class Vectors {

  private Vectors() {}

  /** Hands each case of the file, with the group it belongs to, to {@code test}. */
  static void wycheproof(String file, BiConsumer<JsonNode, JsonNode> test) {
    String shared = System.getProperty("secretvault.shared", "");
    assumeTrue(
        !shared.isEmpty() && Files.isDirectory(Path.of(shared)),
        () -> "no test vectors: -Dsecretvault.shared=" + shared + " is no directory");
    JsonNode vectors =
        JsonMapper.shared().readTree(Path.of(shared, "vectors", "wycheproof", file).toFile());
    for (JsonNode group : vectors.required("testGroups")) {
      for (JsonNode vector : group.required("tests")) {
        test.accept(group, vector);
      }
    }
  }

  static byte[] bytes(JsonNode vector, String field) {
    return HexFormat.of().parseHex(vector.required(field).asString());
  }

  static boolean isValid(JsonNode vector) {
    String result = vector.required("result").asString();
    if (!result.equals("valid") && !result.equals("invalid")) {
      throw new IllegalArgumentException("result: neither valid nor invalid, but " + result);
    }
    return result.equals("valid");
  }

  static String name(JsonNode vector) {
    return "case " + vector.required("tcId").asInt() + ": " + vector.required("comment").asString();
  }
}
