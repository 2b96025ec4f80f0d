package dev.secretvault;

import dev.secretvault.crypto.MasterKey;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * Text to UTF-8 and back, strictly. Java's own conversions turn whatever is malformed into a
 * question mark, so two user IDs could get one digest, and a value could come back as another one.
 */
final class Text {

  private static final VarHandle EIGHT =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long ONES = 0x0101010101010101L;
  private static final long TOP_BITS = 0x8080808080808080L;
  private static final long QUESTION_MARKS = 0x3f3f3f3f3f3f3f3fL;

  private Text() {}

  /**
   * Encodes, or refuses malformed text naming {@code field}. Leaves no copy of the text but the
   * result.
   */
  static byte[] encode(char[] text, String field) {
    ByteBuffer out = ByteBuffer.allocate(Math.multiplyExact(text.length, 3));
    try {
      var encoder =
          StandardCharsets.UTF_8
              .newEncoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT);
      if (encoder.encode(CharBuffer.wrap(text), out, true).isError()) {
        throw new IllegalArgumentException(
            field + ": holds an unpaired surrogate, which is no character");
      }
      return Arrays.copyOf(out.array(), out.position());
    } finally {
      Arrays.fill(out.array(), (byte) 0);
    }
  }

  /**
   * Decodes, or fails with {@link CharacterCodingException}. Leaves no copy of the text but the
   * result.
   */
  static char[] decode(byte[] utf8) throws CharacterCodingException {
    CharBuffer out = CharBuffer.allocate(utf8.length);
    try {
      var result =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(utf8), out, true);
      if (result.isError()) {
        result.throwException();
      }
      return Arrays.copyOf(out.array(), out.position());
    } finally {
      Arrays.fill(out.array(), '\0');
    }
  }

  /**
   * The bytes of a user ID.
   *
   * @throws IllegalArgumentException naming the field and the limit, if it is none
   */
  static byte[] userIdBytes(String field, String userId) {
    // Each char takes a byte at least; so whoever sends millions does not have them encoded first.
    if (Objects.requireNonNull(userId, field).length() > SecretVault.MAX_USER_ID_BYTES) {
      throw wrongLength(field, "at least " + userId.length());
    }
    byte[] utf8 = userId.getBytes(StandardCharsets.UTF_8);
    if (utf8.length == 0 || utf8.length > SecretVault.MAX_USER_ID_BYTES) {
      throw wrongLength(field, Integer.toString(utf8.length));
    }
    // getBytes makes a question mark of an unpaired surrogate; only then is there anything to look
    // for.
    if (hasQuestionMark(utf8) && !isWellFormed(userId)) {
      throw new IllegalArgumentException(
          field + ": holds an unpaired surrogate, which is no character");
    }
    return utf8;
  }

  /** Refuses what {@link #userIdBytes} does, for those who do not need the bytes yet. */
  static String checkUserId(String field, String userId) {
    // Short enough however it is encoded: a char takes three bytes at most.
    boolean isShort = !userId.isEmpty() && userId.length() <= SecretVault.MAX_USER_ID_BYTES / 3;
    if (!isShort || !isWellFormed(userId)) {
      userIdBytes(field, userId);
    }
    return userId;
  }

  private static IllegalArgumentException wrongLength(String field, String bytes) {
    return new IllegalArgumentException(
        field
            + ": 1 to "
            + SecretVault.MAX_USER_ID_BYTES
            + " bytes in UTF-8 allowed, but there are "
            + bytes);
  }

  /** Looks at eight bytes at a time, as this is done for every digest. */
  private static boolean hasQuestionMark(byte[] utf8) {
    int i = 0;
    for (; i + Long.BYTES <= utf8.length; i += Long.BYTES) {
      long zeroWhereEqual = (long) EIGHT.get(utf8, i) ^ QUESTION_MARKS;
      if (((zeroWhereEqual - ONES) & ~zeroWhereEqual & TOP_BITS) != 0) {
        return true;
      }
    }
    for (; i < utf8.length; i++) {
      if (utf8[i] == '?') {
        return true;
      }
    }
    return false;
  }

  /** Whether every surrogate has its partner. */
  static boolean isWellFormed(CharSequence text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (!Character.isHighSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  /**
   * Checks a passphrase: well-formed, and within its limit.
   *
   * @return the passphrase
   * @throws IllegalArgumentException naming the limit
   */
  static char[] checkPassphrase(char[] passphrase) {
    if (Objects.requireNonNull(passphrase, "passphrase").length < 1
        || passphrase.length > MasterKey.MAX_PASSPHRASE_CHARS) {
      throw new IllegalArgumentException(
          "passphrase: 1 to "
              + MasterKey.MAX_PASSPHRASE_CHARS
              + " chars allowed, but there are "
              + passphrase.length);
    }
    if (!isWellFormed(CharBuffer.wrap(passphrase))) {
      throw new IllegalArgumentException(
          "passphrase: holds an unpaired surrogate, which is no character");
    }
    return passphrase;
  }

  /**
   * Checks a short text: well-formed, without control characters, and within its limit.
   *
   * @return the text
   * @throws IllegalArgumentException naming the field and the limit
   */
  static String check(String field, String text, int minCodePoints, int maxCodePoints) {
    if (!isWellFormed(text)) {
      throw new IllegalArgumentException(
          field + ": holds an unpaired surrogate, which is no character");
    }
    int length = text.codePointCount(0, text.length());
    if (length < minCodePoints || length > maxCodePoints) {
      throw new IllegalArgumentException(
          field
              + ": "
              + minCodePoints
              + " to "
              + maxCodePoints
              + " characters allowed, but there are "
              + length);
    }
    for (int i = 0; i < text.length(); i++) {
      if (Character.isISOControl(text.charAt(i))) {
        throw new IllegalArgumentException(field + ": control characters are not allowed");
      }
    }
    return text;
  }
}
