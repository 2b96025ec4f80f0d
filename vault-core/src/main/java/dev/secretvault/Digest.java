package dev.secretvault;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;

/**
 * The digest of a user ID, in the form that is needed. Immutable; has identity equality, as
 * comparing digests is {@link SecretVault#verify(SecretId, String, String)}'s business.
 */
public final class Digest {

  /** The two digits of each byte, as ASCII, to be written at once. */
  private static final short[] DIGITS = new short[256];

  /** From then on it makes a string of the digits without copying them. */
  private static final boolean PLATFORM_IS_FASTER = Runtime.version().feature() >= 25;

  private static final VarHandle PAIR =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);

  static {
    byte[] digits = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    for (int b = 0; b < 256; b++) {
      DIGITS[b] = (short) (digits[b >> 4] << 8 | digits[b & 15]);
    }
  }

  private final byte[] bytes;

  /** Takes the array over. */
  Digest(byte[] bytes) {
    this.bytes = bytes;
  }

  /** {@return the digest in lower-case hexadecimal digits, two for each byte} */
  @SuppressWarnings("deprecation") // Wrong for characters, right for digits; decodes nothing.
  public String hex() {
    if (PLATFORM_IS_FASTER) {
      return HexFormat.of().formatHex(bytes);
    }
    byte[] text = new byte[2 * bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      PAIR.set(text, 2 * i, DIGITS[bytes[i] & 0xff]);
    }
    return new String(text, 0);
  }

  /**
   * {@return the digest in Base64 with the URL-safe alphabet and without padding (RFC 4648, section
   * 5)}
   */
  public String base64Url() {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /**
   * The bytes of what {@link #base64Url} writes.
   *
   * @throws IllegalArgumentException if it writes no bytes like that
   */
  static byte[] parseBase64Url(String text) {
    byte[] bytes = Base64.getUrlDecoder().decode(text);
    if (!new Digest(bytes).base64Url().equals(text)) {
      throw new IllegalArgumentException("digest: not as Base64 is written");
    }
    return bytes;
  }

  /** {@return the digest itself, in a new array} */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Whether the digest is this, in time that does not depend on where the two differ. */
  boolean equalsInConstantTime(byte[] other) {
    return MessageDigest.isEqual(bytes, other);
  }

  /** The length only. */
  @Override
  public String toString() {
    return "Digest[" + bytes.length + " bytes]";
  }
}
