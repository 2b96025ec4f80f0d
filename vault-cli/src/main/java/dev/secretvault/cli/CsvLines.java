package dev.secretvault.cli;

import dev.secretvault.SecretVault;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * User IDs and their digests as lines of CSV (RFC 4180, but with line feeds alone).
 *
 * @param csv the lines
 * @param count how many there are: all of the block, or those before the malformed one
 * @param malformed what is wrong with the line behind them; null if nothing is
 */
record CsvLines(CsvBytes csv, int count, @Nullable String malformed) {

  static final byte[] HEADER = "user_id,digest\n".getBytes(StandardCharsets.US_ASCII);

  private static final int BYTE_ORDER_MARK = 0xfeff;

  /**
   * Signs a block of lines with one user ID each. They end with a line feed, or a carriage return
   * and a line feed; the last one may end without.
   *
   * @param digest makes the digest's text of a user ID
   */
  static CsvLines sign(byte[] block, Function<String, String> digest) {
    CsvBytes csv = new CsvBytes(4 * block.length);
    int count = 0;
    for (int from = 0; from < block.length; count++) {
      int lineFeed = from;
      boolean special = false;
      for (; lineFeed < block.length && block[lineFeed] != '\n'; lineFeed++) {
        byte b = block[lineFeed];
        special |= b == '"' || b == ',' || b == '\r';
      }
      boolean ended = lineFeed < block.length;
      int to = ended && lineFeed > from && block[lineFeed - 1] == '\r' ? lineFeed - 1 : lineFeed;
      String userId = "";
      String malformed = malformedLength(to - from);
      if (malformed == null) {
        userId = new String(block, from, to - from, StandardCharsets.UTF_8);
        malformed = malformedText(userId, block, from, to);
      }
      if (malformed != null) {
        return new CsvLines(csv, count, malformed);
      }
      csv.line(
          block, from, to, special && CsvBytes.needsQuotes(block, from, to), digest.apply(userId));
      from = lineFeed + 1;
    }
    return new CsvLines(csv, count, null);
  }

  private static @Nullable String malformedLength(int length) {
    if (length == 0) {
      return "is empty";
    }
    return length > SecretVault.MAX_USER_ID_BYTES
        ? "is longer than " + SecretVault.MAX_USER_ID_BYTES + " bytes"
        : null;
  }

  private static @Nullable String malformedText(String userId, byte[] block, int from, int to) {
    if (userId.charAt(0) == BYTE_ORDER_MARK) {
      return "begins with a byte order mark, which would be signed: save the file without one";
    }
    // Only where the decoder put its mark is there anything to look for.
    if (userId.indexOf('\ufffd') >= 0) {
      try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(block, from, to - from));
      } catch (CharacterCodingException e) {
        return "is not UTF-8";
      }
    }
    return null;
  }
}
