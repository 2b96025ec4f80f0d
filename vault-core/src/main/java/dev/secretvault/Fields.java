package dev.secretvault;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The fields that the plaintexts of several records have; {@code docs/FORMAT.md}, section 3, is
 * their layout. What takes one fails with a {@link BufferUnderflowException} if the bytes end in
 * it.
 */
final class Fields {

  private static final long NEVER = Long.MIN_VALUE;
  private static final List<Boolean> FLAGS = List.of(false, true);

  private Fields() {}

  /** A text in UTF-8 behind its length in two bytes. */
  static byte[] text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Short.BYTES + utf8.length)
        .putShort((short) utf8.length)
        .put(utf8)
        .array();
  }

  /**
   * The text that {@link #text} made.
   *
   * @throws CharacterCodingException if it is no UTF-8
   */
  static String takeText(ByteBuffer in) throws CharacterCodingException {
    byte[] utf8 = new byte[Short.toUnsignedInt(in.getShort())];
    in.get(utf8);
    return new String(Text.decode(utf8));
  }

  /** Labels in the order of their keys, behind their number in two bytes. */
  static byte[] labels(Map<String, String> labels) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(ByteBuffer.allocate(Short.BYTES).putShort((short) labels.size()).array());
    new TreeMap<>(labels)
        .forEach(
            (key, value) -> {
              out.writeBytes(text(key));
              out.writeBytes(text(value));
            });
    return out.toByteArray();
  }

  /**
   * The labels that {@link #labels} made.
   *
   * @throws CharacterCodingException if one is no UTF-8
   */
  static Map<String, String> takeLabels(ByteBuffer in) throws CharacterCodingException {
    Map<String, String> labels = new LinkedHashMap<>();
    for (int count = Short.toUnsignedInt(in.getShort()); count > 0; count--) {
      labels.put(takeText(in), takeText(in));
    }
    return labels;
  }

  /** A moment in milliseconds since 1970; {@link Long#MIN_VALUE} if it never comes, or came. */
  static long millis(@Nullable Instant moment) {
    return moment == null ? NEVER : moment.toEpochMilli();
  }

  /** The moment that {@link #millis} made a number of. */
  static @Nullable Instant takeMoment(ByteBuffer in) {
    long millis = in.getLong();
    return millis == NEVER ? null : Instant.ofEpochMilli(millis);
  }

  static byte flag(boolean flag) {
    return (byte) FLAGS.indexOf(flag);
  }

  /**
   * What {@link #flag} made.
   *
   * @throws IndexOutOfBoundsException if it is neither
   */
  static boolean takeFlag(ByteBuffer in) {
    return FLAGS.get(in.get());
  }
}
