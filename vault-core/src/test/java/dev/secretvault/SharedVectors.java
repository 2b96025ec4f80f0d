package dev.secretvault;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Digests of a hosted service, and those of RFC 4231, which are not part of this source. The system
 * property {@code secretvault.shared} names the directory that they lie in; without it their tests
 * are skipped, with it a missing file is a failure.
 */
final class SharedVectors {

  private SharedVectors() {}

  /**
   * The vectors of one part of the file, by the names of their fields, without those of no value.
   */
  static List<Map<String, String>> read(String part) {
    String shared = System.getProperty("secretvault.shared", "");
    assumeTrue(
        !shared.isEmpty() && Files.isDirectory(Path.of(shared)),
        () -> "no test vectors: -Dsecretvault.shared=" + shared + " is no directory");
    Path file = Path.of(shared, "vectors", "user-id-digests.json");
    return StreamSupport.stream(
            JsonMapper.shared().readTree(file).required(part).spliterator(), false)
        .map(SharedVectors::fields)
        .toList();
  }

  private static Map<String, String> fields(JsonNode vector) {
    Map<String, String> fields = new HashMap<>();
    vector
        .properties()
        .forEach(
            field -> {
              if (!field.getValue().isNull()) {
                fields.put(field.getKey(), field.getValue().asString());
              }
            });
    return fields;
  }
}
