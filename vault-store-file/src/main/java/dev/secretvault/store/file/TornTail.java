package dev.secretvault.store.file;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Tells what a crash can leave at the end of a log from damage that only looks like it.
 *
 * <p>A crash interrupts one write of one frame, since a frame is forced before the next one is
 * written. So whatever was forced later, or was surely written as it is, speaks against a crash,
 * and must not be cut off.
 */
final class TornTail {

  /** What the document of a frame begins with. */
  static final byte[] DOCUMENT_START = "{\"n\":".getBytes(StandardCharsets.US_ASCII);

  private static final byte[] VALUES_START = "\"v\":[".getBytes(StandardCharsets.US_ASCII);
  private static final int PREFIX = Checksum.DIGITS + 1;
  private static final int MAX_NUMBER_DIGITS = 19;

  private TornTail() {}

  /**
   * Whether an interrupted write of one frame can have left these bytes.
   *
   * @param tail all bytes behind the last good frame, up to the free space
   * @param number the number that the interrupted frame had
   */
  static boolean canBe(byte[] tail, long number) {
    return tail.length <= FreeSpace.MAX_TAIL
        && !holdsAnotherFrame(tail, number)
        && !isIntactLine(tail);
  }

  /**
   * Looks for the start of another frame anywhere, not only behind a line feed, as that may be just
   * the byte that is damaged. No other part of a frame has a brace before an "n". Frames that are
   * older do not count: blocks of a removed file may come back in a tail that was never written.
   */
  private static boolean holdsAnotherFrame(byte[] tail, long number) {
    for (int i = PREFIX + 1; i + DOCUMENT_START.length < tail.length; i++) {
      if (matches(tail, i, DOCUMENT_START)
          && isPrefix(tail, i - PREFIX)
          && number(tail, i + DOCUMENT_START.length) >= number) {
        return true;
      }
    }
    return false;
  }

  private static boolean isPrefix(byte[] bytes, int at) {
    try {
      Checksum.parse(bytes, at);
      return bytes[at + Checksum.DIGITS] == ' ';
    } catch (FrameException other) {
      return false;
    }
  }

  /** The number at a place, {@link Long#MAX_VALUE} if it fits no long, 0 if there is none. */
  private static long number(byte[] bytes, int at) {
    int end = at;
    while (end < bytes.length && bytes[end] >= '0' && bytes[end] <= '9') {
      end++;
    }
    if (end == at || end - at > MAX_NUMBER_DIGITS) {
      return 0;
    }
    try {
      return Long.parseLong(new String(bytes, at, end - at, StandardCharsets.US_ASCII));
    } catch (NumberFormatException tooLarge) {
      return Long.MAX_VALUE;
    }
  }

  /**
   * Whether this is a whole line that its checksum confirms. Somebody wrote it so, and only its
   * meaning is beyond us. Where its values end is beyond us too, so quotes must do.
   */
  private static boolean isIntactLine(byte[] tail) {
    int end = tail.length - 1;
    if (end < PREFIX || tail[end] != '\n' || !isPrefix(tail, 0)) {
      return false;
    }
    byte[] document = Arrays.copyOfRange(tail, PREFIX, end);
    maskValues(document);
    try {
      return Checksum.parse(tail, 0) == Checksum.of(document, 0, document.length);
    } catch (FrameException impossible) {
      throw new AssertionError(impossible);
    }
  }

  private static void maskValues(byte[] document) {
    int at = 0;
    while (at < document.length && !matches(document, at, VALUES_START)) {
      at++;
    }
    boolean inValue = false;
    for (int i = at + VALUES_START.length; i < document.length; i++) {
      if (document[i] == '"') {
        inValue = !inValue;
      } else if (inValue) {
        document[i] = '-';
      } else if (document[i] == ']') {
        return;
      }
    }
  }

  private static boolean matches(byte[] bytes, int at, byte[] part) {
    return at + part.length <= bytes.length
        && Arrays.equals(bytes, at, at + part.length, part, 0, part.length);
  }
}
