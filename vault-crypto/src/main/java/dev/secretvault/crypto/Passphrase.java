package dev.secretvault.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Objects;

/** The bytes of a passphrase: the same ones, however its characters were composed when typed. */
final class Passphrase {

  static final int MAX_CHARS = 1_024;

  private static final char FIRST_COMBINING = '\u0300';

  private Passphrase() {}

  /**
   * UTF-8 in Unicode's normalization form C.
   *
   * @param passphrase 1 to {@value #MAX_CHARS} chars, left as they are
   * @return for the receiver to overwrite
   * @throws IllegalArgumentException if it is empty, too long, or holds an unpaired surrogate
   */
  static byte[] toBytes(char[] passphrase) {
    Objects.requireNonNull(passphrase, "passphrase");
    if (passphrase.length == 0 || passphrase.length > MAX_CHARS) {
      throw new IllegalArgumentException("passphrase: 1 to " + MAX_CHARS + " chars allowed");
    }
    CharBuffer chars = CharBuffer.wrap(passphrase);
    if (mayNeedNormalizing(passphrase)) {
      // Normalizer makes Strings, which nobody can overwrite.
      chars = CharBuffer.wrap(Normalizer.normalize(chars, Normalizer.Form.NFC));
    }
    return encode(chars, new byte[3 * chars.length()]);
  }

  /** No character below the first combining one is changed: Unicode Standard Annex 15. */
  private static boolean mayNeedNormalizing(char[] passphrase) {
    boolean may = false;
    for (char c : passphrase) {
      may |= c >= FIRST_COMBINING;
    }
    return may;
  }

  /**
   * Encodes without leaving a trace.
   *
   * @param scratch three bytes for each char, overwritten with zeros afterwards
   */
  static byte[] encode(CharBuffer chars, byte[] scratch) {
    ByteBuffer utf8 = ByteBuffer.wrap(scratch);
    try {
      if (UTF_8.newEncoder().encode(chars, utf8, true).isError()) {
        throw new IllegalArgumentException("passphrase: must not have an unpaired surrogate");
      }
      return Arrays.copyOf(scratch, utf8.position());
    } finally {
      Arrays.fill(scratch, (byte) 0);
    }
  }
}
