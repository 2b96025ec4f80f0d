package dev.secretvault.store.file;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One commit as a line of the log. Carries an array, so its identity is its equality.
 *
 * <p>The line's checksum sees dashes in place of the values, each of which has a checksum of its
 * own. That is what lets a value be overwritten with dashes, once its record is gone, without a
 * change to any other byte.
 */
final class Frame {

  private static final byte[] SEPARATOR = {'"', ',', '"'};

  private final HeadScanner head = new HeadScanner();
  private final byte[] bytes;
  private final int firstValue;

  private Frame(byte[] bytes) {
    this.bytes = bytes;
    int headEnd = head.scan(bytes, Checksum.DIGITS + 1, bytes.length);
    if (headEnd < 0) {
      // Better here than when the log is read.
      throw new IllegalStateException("a commit is written as no reader would read it");
    }
    this.firstValue = headEnd + 1;
  }

  /** A line with that head and the texts of its values. */
  static Frame of(FrameHead head, List<byte[]> values) {
    byte[] encoded = head.encode();
    int headEnd = Checksum.DIGITS + 1 + encoded.length;
    ByteBuffer line = ByteBuffer.allocate(headEnd + head.tailLength());
    line.position(Checksum.DIGITS + 1);
    line.put(encoded);
    Checksum checksum = new Checksum().add(encoded, 0, encoded.length);
    for (int i = 0; i < values.size(); i++) {
      punctuate(line, checksum, SEPARATOR, i == 0 ? 2 : 0, SEPARATOR.length);
      line.put(values.get(i));
      checksum.addMasked(values.get(i).length);
    }
    if (!values.isEmpty()) {
      punctuate(line, checksum, SEPARATOR, 0, 1);
    }
    punctuate(line, checksum, FrameHead.CLOSING, 0, FrameHead.CLOSING.length - 1);
    line.put((byte) '\n');
    line.rewind();
    line.put((Checksum.text(checksum.value()) + " ").getBytes(StandardCharsets.US_ASCII));
    return new Frame(line.array());
  }

  private static void punctuate(
      ByteBuffer line, Checksum checksum, byte[] marks, int from, int to) {
    line.put(marks, from, to - from);
    checksum.add(marks, from, to - from);
  }

  /** What the line begins with, as a reader reads it. */
  HeadScanner head() {
    return head;
  }

  /** The whole line. No copy. */
  byte[] bytes() {
    return bytes;
  }

  /** Where in the line the text of the first value begins. */
  int firstValue() {
    return firstValue;
  }
}
