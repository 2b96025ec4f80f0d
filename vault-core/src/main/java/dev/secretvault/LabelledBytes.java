package dev.secretvault;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Texts in bytes, each behind its length, so that no two different lists of texts give the same
 * bytes: 0xff, a label that says what it all is, then fields, which are a label and a value each,
 * and the entries of a context, which are {@code context}, a key and a value. A length is 4 bytes,
 * big-endian, and a text is UTF-8.
 *
 * <p>The first byte occurs in no UTF-8. So what a secret signs in this form is never what it signs
 * as a plain user ID, whatever somebody chooses as theirs.
 */
final class LabelledBytes {

  private static final int FIRST = 0xff;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);

  LabelledBytes(String label) {
    out.write(FIRST);
    put(label);
  }

  LabelledBytes field(String label, String value) {
    put(label);
    put(value);
    return this;
  }

  /** A field, or nothing if there is no value. */
  LabelledBytes optionalField(String label, @Nullable Object value) {
    return value == null ? this : field(label, value.toString());
  }

  /** The entries of a context, in the order of their keys. */
  LabelledBytes context(Map<String, String> sorted) {
    sorted.forEach(
        (key, value) -> {
          put("context");
          field(key, value);
        });
    return this;
  }

  private void put(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(utf8.length).array());
    out.writeBytes(utf8);
  }

  byte[] toArray() {
    return out.toByteArray();
  }
}
