package dev.secretvault.crypto;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.function.BiConsumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Test vectors that are not part of this source: those of Project Wycheproof, and the digests of a
 * hosted service. The system property {@code secretvault.shared} names the directory that they lie
 * in; without it their tests are skipped, with it a missing file is a failure.
 */
final class Vectors {

  private Vectors() {}

  /** Hands each case of the file, with the group it belongs to, to {@code test}. */
  static void wycheproof(String file, BiConsumer<JsonNode, JsonNode> test) {
    for (JsonNode group : read("wycheproof", file).required("testGroups")) {
      for (JsonNode vector : group.required("tests")) {
        test.accept(group, vector);
      }
    }
  }

  static JsonNode userIdDigests() {
    return read("user-id-digests.json").required("userIdDigests");
  }

  private static JsonNode read(String... file) {
    String shared = System.getProperty("secretvault.shared", "");
    assumeTrue(
        !shared.isEmpty() && Files.isDirectory(Path.of(shared)),
        () -> "no test vectors: -Dsecretvault.shared=" + shared + " is no directory");
    return JsonMapper.shared().readTree(Path.of(shared, "vectors").resolve(Path.of("", file)));
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
