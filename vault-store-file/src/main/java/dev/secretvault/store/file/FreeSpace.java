package dev.secretvault.store.file;

import java.io.EOFException;
import java.io.IOException;

/**
 * Zeros at the end of a log, which the next frames are written over. To force those, the system
 * need not give the file a new length, nor find new places for it on the disk.
 *
 * <p>A frame ends with a byte that is not zero, so that a log ends behind its last such byte.
 */
final class FreeSpace {

  /** How much of it there is at most, in bytes. */
  static final int MAX_LENGTH = 1 << 18;

  /** How much a crash can leave behind the last good frame: another one, and free space. */
  static final int MAX_TAIL = FrameHead.MAX_FRAME + MAX_LENGTH;

  /** What part of a log it is at most. */
  private static final int PART = 8;

  private static final int BLOCK = 1 << 12;
  private static final int PIECE = 1 << 16;

  private FreeSpace() {}

  /** How much of it a log is to have, in bytes: none as long as that would be little. */
  static int lengthBehind(long end) {
    return (int) Math.min(MAX_LENGTH, end / PART / BLOCK * BLOCK);
  }

  /**
   * Where the free space of a log begins, which is its length if it has none. More zeros than
   * anybody writes are no free space: frames may have been there.
   *
   * @param from where it begins at the earliest
   */
  static long start(DiskFile file, long from) throws IOException {
    long size = file.size();
    long earliest = Math.max(from, size - MAX_TAIL - 1);
    byte[] piece = new byte[(int) Math.min(PIECE, Math.max(0, size - earliest))];
    int length;
    for (long end = size; end > earliest; end -= length) {
      length = (int) Math.min(piece.length, end - earliest);
      if (file.readAt(end - length, piece, 0, length) < length) {
        throw new EOFException("the file became shorter while it was read");
      }
      for (int i = length; i > 0; i--) {
        if (piece[i - 1] != 0) {
          return end - length + i;
        }
      }
    }
    return size - from > MAX_TAIL ? size : from;
  }
}
