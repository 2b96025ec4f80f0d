package dev.secretvault.crypto;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The injective encoding under every digest, derived key and associated data of a vault: each part
 * is preceded by its length as a 32-bit big-endian number, so no two different lists of parts give
 * the same bytes.
 */
final class Encoding {

  private Encoding() {}

  /**
   * Encodes parts.
   *
   * @param parts each a {@code String} (encoded in UTF-8), a {@code byte[]}, a {@code Long} (8
   *     bytes, big-endian) or an {@code Integer} (4 bytes, big-endian)
   * @throws IllegalArgumentException if a text has half of a surrogate pair
   */
  static byte[] of(Object... parts) {
    byte[][] encoded = new byte[parts.length][];
    int size = 0;
    for (int i = 0; i < parts.length; i++) {
      encoded[i] = bytesOf(parts[i]);
      size += Integer.BYTES + encoded[i].length;
    }
    ByteBuffer out = ByteBuffer.allocate(size);
    for (byte[] part : encoded) {
      out.putInt(part.length).put(part);
    }
    return out.array();
  }

  private static byte[] bytesOf(Object part) {
    if (part instanceof String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      // Half of a surrogate pair has no UTF-8 form: it would become a question mark, and two texts
      // one.
      if (!new String(utf8, StandardCharsets.UTF_8).equals(text)) {
        throw new IllegalArgumentException("text: must not have half of a surrogate pair");
      }
      return utf8;
    }
    if (part instanceof byte[] bytes) {
      return bytes;
    }
    if (part instanceof Long number) {
      return ByteBuffer.allocate(Long.BYTES).putLong(number).array();
    }
    if (part instanceof Integer number) {
      return ByteBuffer.allocate(Integer.BYTES).putInt(number).array();
    }
    throw new IllegalArgumentException("not encodable: " + part.getClass().getName());
  }
}
