package dev.secretvault.store.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.Base64;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;

/** Lines of a log written by hand, with nothing of the code under test. */
final class LogText {

  static final String STORE = "00112233445566778899aabbccddeeff";
  static final String HEADER = header(1);

  private LogText() {}

  static String header(int version) {
    return line(
        "{\"format\":\"secretvault-log\",\"version\":"
            + version
            + ",\"store\":\""
            + STORE
            + "\",\"generation\":1,\"first\":1,\"base\":\"00000000\"}");
  }

  /** A line with the right checksum for a document without values. */
  static String line(String document) {
    return crc(document) + " " + document + "\n";
  }

  /** A line with the right checksum for that head, and these values between quotes. */
  static String frame(String head, String... values) {
    return line(head, ",", "]}", values);
  }

  static String line(String head, String separator, String end, String... values) {
    String quoted =
        Arrays.stream(values).map(v -> "\"" + v + "\"").collect(Collectors.joining(separator));
    String masked =
        Arrays.stream(values)
            .map(v -> "\"" + "-".repeat(v.length()) + "\"")
            .collect(Collectors.joining(separator));
    return crc(head + masked + end) + " " + head + quoted + end + "\n";
  }

  /** The document of a frame up to its values. */
  static String head(long number, String... changes) {
    return "{\"n\":" + number + ",\"c\":[" + String.join(",", changes) + "],\"v\":[";
  }

  static String put(String key, long revision, String value) {
    return "{\"k\":\""
        + key
        + "\",\"r\":"
        + revision
        + ",\"l\":"
        + value.length()
        + ",\"s\":\""
        + crc(value)
        + "\"}";
  }

  static String put(String key, long revision, long expiresAt, String value) {
    return put(key, revision, value).replace(",\"l\":", ",\"x\":" + expiresAt + ",\"l\":");
  }

  /** A put of a record from another store, in place of a revision that is not one less. */
  static String copy(String key, long before, long revision, String value) {
    return put(key, revision, value).replace(",\"l\":", ",\"p\":" + before + ",\"l\":");
  }

  static String delete(String key, long revision) {
    return "{\"k\":\"" + key + "\",\"d\":" + revision + "}";
  }

  static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  static String crc(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(ISO_8859_1));
    return String.format("%08x", crc.getValue());
  }

  /** A log up to its last byte that is not zero. */
  static byte[] withoutFreeSpace(byte[] log) {
    int end = log.length;
    while (end > 0 && log[end - 1] == 0) {
      end--;
    }
    return Arrays.copyOf(log, end);
  }

  static byte[] bytes(String... lines) {
    return String.join("", lines).getBytes(ISO_8859_1);
  }
}
