package dev.secretvault.store.file;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/** A CRC32C in the making. */
final class Checksum {

  /** How many characters a checksum has when written. */
  static final int DIGITS = 8;

  private static final byte[] DASHES = new byte[1 << 12];

  static {
    Arrays.fill(DASHES, (byte) '-');
  }

  private final CRC32C crc = new CRC32C();

  /** The checksum of a range of bytes. */
  static int of(byte[] bytes, int offset, int length) {
    return new Checksum().add(bytes, offset, length).value();
  }

  Checksum add(byte[] bytes, int offset, int length) {
    crc.update(bytes, offset, length);
    return this;
  }

  /** Adds another checksum, as it is written. */
  Checksum addText(int checksum) {
    crc.update(text(checksum).getBytes(US_ASCII));
    return this;
  }

  /** Adds a value of this length as a frame's checksum sees it: dashes only. */
  Checksum addMasked(int length) {
    for (int left = length; left > 0; left -= DASHES.length) {
      crc.update(DASHES, 0, Math.min(left, DASHES.length));
    }
    return this;
  }

  int value() {
    return (int) crc.getValue();
  }

  /** Eight lower-case hexadecimal digits. */
  static String text(int checksum) {
    return HexFormat.of().toHexDigits(checksum);
  }

  /** Reads what {@link #text} wrote and nothing else. */
  static int parse(byte[] text, int offset) throws FrameException {
    int checksum = 0;
    for (int i = offset; i < offset + DIGITS; i++) {
      checksum = checksum << 4 | digit(text[i]);
    }
    return checksum;
  }

  private static int digit(byte character) throws FrameException {
    if (character >= '0' && character <= '9') {
      return character - '0';
    }
    if (character >= 'a' && character <= 'f') {
      return character - 'a' + 10;
    }
    throw new FrameException("a checksum is not 8 lower-case hexadecimal digits");
  }
}
