package dev.secretvault.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** Lines of CSV in the making. Not synchronized, as millions of short lines would notice. */
final class CsvBytes {

  private byte[] bytes;
  private int length;

  CsvBytes(int capacity) {
    bytes = new byte[capacity];
  }

  /**
   * Adds a line of a field, quoted if it {@linkplain #needsQuotes has to be}, and one that needs no
   * quotes.
   *
   * @param plain ASCII
   */
  @SuppressWarnings("deprecation") // Right for ASCII, and copies once.
  void line(byte[] from, int start, int end, boolean quoted, String plain) {
    int most = 2 * (end - start) + plain.length() + 4;
    if (bytes.length - length < most) {
      bytes = Arrays.copyOf(bytes, 2 * bytes.length + most);
    }
    if (quoted) {
      quote(from, start, end);
    } else {
      System.arraycopy(from, start, bytes, length, end - start);
      length += end - start;
    }
    bytes[length++] = ',';
    plain.getBytes(0, plain.length(), bytes, length);
    length += plain.length();
    bytes[length++] = '\n';
  }

  /** Whether a field holds what means something in CSV. */
  static boolean needsQuotes(byte[] from, int start, int end) {
    for (int i = start; i < end; i++) {
      byte b = from[i];
      if (b == '"' || b == ',' || b == '\r') {
        return true;
      }
    }
    return false;
  }

  private void quote(byte[] from, int start, int end) {
    bytes[length++] = '"';
    for (int i = start; i < end; i++) {
      if (from[i] == '"') {
        bytes[length++] = '"';
      }
      bytes[length++] = from[i];
    }
    bytes[length++] = '"';
  }

  void writeTo(OutputStream out) throws IOException {
    out.write(bytes, 0, length);
  }
}
