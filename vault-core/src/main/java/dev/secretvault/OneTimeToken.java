package dev.secretvault;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.zip.CRC32;

/**
 * What a link or a receipt is made of: 32 random bytes, as 43 characters of URL-safe Base64 and a
 * checksum of 6, which tells a typo from a secret that is not there. The checksum also covers the
 * kind, so that one is not taken for the other.
 */
final class OneTimeToken {

  static final int BYTES = 32;

  /** Of the text. */
  static final int CHARS = 49;

  private static final int TOKEN_CHARS = 43;
  private static final SecureRandom RANDOM = new SecureRandom();

  /** What a token is for. */
  enum Kind {
    LINK,
    RECEIPT;

    /** What it is called in messages, and in its checksum. */
    String label() {
      return this == LINK ? "link" : "receipt";
    }
  }

  private OneTimeToken() {}

  static byte[] random() {
    byte[] token = new byte[BYTES];
    RANDOM.nextBytes(token);
    return token;
  }

  static String encode(Kind kind, byte[] token) {
    String text = base64(token);
    return text + checksum(kind, text);
  }

  /**
   * The token that was encoded.
   *
   * @throws IllegalArgumentException if it was mistyped, or is of another kind
   */
  static byte[] decode(Kind kind, String text) {
    requireIntact(kind, text);
    return Base64.getUrlDecoder().decode(text.substring(0, TOKEN_CHARS));
  }

  /**
   * Refuses a text that is not that of a token.
   *
   * @throws IllegalArgumentException if it was mistyped, or is of another kind
   */
  static void requireIntact(Kind kind, String text) {
    requireIntact(kind, text, kind.label());
  }

  /** The same, of one that the message shall call something else. */
  static void requireIntact(Kind kind, String text, String called) {
    if (text.length() == CHARS) {
      String token = text.substring(0, TOKEN_CHARS);
      if (text.endsWith(checksum(kind, token)) && isBase64(token)) {
        return;
      }
    }
    throw new IllegalArgumentException(
        called + ": is mistyped or incomplete; it has " + CHARS + " characters");
  }

  /** Whether it is the one text for its bytes. */
  private static boolean isBase64(String text) {
    try {
      byte[] token = Base64.getUrlDecoder().decode(text);
      boolean canonical = base64(token).equals(text);
      Arrays.fill(token, (byte) 0);
      return canonical;
    } catch (IllegalArgumentException otherCharacters) {
      return false;
    }
  }

  private static String checksum(Kind kind, String text) {
    CRC32 checksum = new CRC32();
    checksum.update((kind.label() + ":" + text).getBytes(StandardCharsets.UTF_8));
    return base64(ByteBuffer.allocate(Integer.BYTES).putInt((int) checksum.getValue()).array());
  }

  private static String base64(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
