package dev.secretvault.store.file;

import java.io.EOFException;
import java.io.IOException;

/**
 * A part of a file in memory, moved forward over the file as it is read, and never made smaller.
 */
final class Window {

  private static final int CAPACITY = 1 << 20;

  private final DiskFile file;
  private final long size;
  private byte[] bytes;
  private long start;
  private int length;

  /** Shows the bytes of a file from a position on up to another. */
  Window(DiskFile file, long from, long to) {
    this.file = file;
    this.size = to;
    this.start = from;
    this.bytes = new byte[(int) Math.min(CAPACITY, to - from)];
  }

  /** What {@link #show} returns an index into, until it is called again. */
  byte[] bytes() {
    return bytes;
  }

  /**
   * Brings a position into memory, with at least the wanted number of bytes behind it, or with all
   * that the file has.
   *
   * @return where in {@link #bytes} the position is
   */
  int show(long position, int wanted) throws IOException {
    if (position < start || position + Math.min(wanted, size - position) > start + length) {
      moveTo(position, (int) Math.min(wanted, size - position));
    }
    return (int) (position - start);
  }

  /** How many bytes behind a position that was just shown are in memory. */
  int shown(long position) {
    return (int) (start + length - position);
  }

  private void moveTo(long position, int wanted) throws IOException {
    byte[] target = wanted > bytes.length ? new byte[wanted] : bytes;
    int kept = 0;
    if (position >= start && position < start + length) {
      kept = shown(position);
      System.arraycopy(bytes, (int) (position - start), target, 0, kept);
    }
    bytes = target;
    int missing = (int) Math.min(bytes.length - kept, size - position - kept);
    start = position;
    length = kept;
    if (file.readAt(position + kept, bytes, kept, missing) < missing) {
      throw new EOFException("the file became shorter while it was read");
    }
    length += missing;
  }
}
