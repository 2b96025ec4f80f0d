package dev.secretvault;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * The digest of a user ID, in the form that is needed. Immutable; has identity equality, as
 * comparing digests is {@link SecretVault#verify(SecretId, String, String)}'s business.
 */
public final class Digest {

  /** The two digits of each byte, as ASCII. */
  private static final byte[] DIGITS = new byte[512];

  static {
    byte[] digits = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    for (int b = 0; b < 256; b++) {
      DIGITS[2 * b] = digits[b >> 4];
      DIGITS[2 * b + 1] = digits[b & 15];
    }
  }

  private final byte[] bytes;

  /** Takes the array over. */
  Digest(byte[] bytes) {
    this.bytes = bytes;
  }

  /** {@return the digest in lower-case hexadecimal digits, two for each byte} */
  public String hex() {
    byte[] text = new byte[2 * bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      int digit = 2 * (bytes[i] & 0xff);
      text[2 * i] = DIGITS[digit];
      text[2 * i + 1] = DIGITS[digit + 1];
    }
    return new String(text, StandardCharsets.ISO_8859_1);
  }

  /**
   * {@return the digest in Base64 with the URL-safe alphabet and without padding (RFC 4648, section
   * 5)}
   */
  public String base64Url() {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /** {@return the digest itself, in a new array} */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** The length only. */
  @Override
  public String toString() {
    return "Digest[" + bytes.length + " bytes]";
  }
}
