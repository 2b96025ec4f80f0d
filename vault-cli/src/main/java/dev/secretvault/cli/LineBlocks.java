package dev.secretvault.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Cuts a stream into blocks of whole lines, without looking into them. */
final class LineBlocks {

  /** Large enough for the longest line, small enough to share a short input among the cores. */
  static final int BLOCK = 1 << 16;

  private final InputStream in;
  private final byte[] buffer = new byte[BLOCK];
  private int kept;
  private boolean ended;

  LineBlocks(InputStream in) {
    this.in = in;
  }

  /**
   * The next lines; null behind the last. If a line is longer than a block, the block holds its
   * beginning only, which is for the caller to refuse.
   */
  byte @Nullable [] next() throws IOException {
    if (ended) {
      return null;
    }
    int filled = kept + in.readNBytes(buffer, kept, BLOCK - kept);
    if (filled < BLOCK) {
      ended = true;
      return filled == 0 ? null : Arrays.copyOf(buffer, filled);
    }
    int end = filled;
    while (end > 0 && buffer[end - 1] != '\n') {
      end--;
    }
    if (end == 0) {
      ended = true;
      return buffer.clone();
    }
    byte[] block = Arrays.copyOf(buffer, end);
    kept = filled - end;
    System.arraycopy(buffer, end, buffer, 0, kept);
    return block;
  }
}
