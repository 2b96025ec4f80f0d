package dev.secretvault;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.Objects;

/**
 * The identity of a secret: 26 characters out of {@code 0-9 a-z} without {@code i l o u}.
 *
 * <p>It is the lower-case form of a <a href="https://github.com/ulid/spec">ULID</a>: 48 bits of
 * creation time in milliseconds, then 80 random bits. So the order of ids is that of creation, as
 * far as the clock goes. An id is never used again, not even after its secret was deleted, and is
 * no secret itself.
 *
 * @param text the id's text
 */
public record SecretId(String text) implements Comparable<SecretId> {

  private static final int LENGTH = 26;
  private static final int RANDOM_BYTES = 10;
  private static final String ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
  private static final SecureRandom RANDOM = new SecureRandom();

  /**
   * Takes an id that was written down.
   *
   * @param text the id's text
   * @throws IllegalArgumentException if {@code text} does not have the form of an id
   */
  public SecretId {
    Objects.requireNonNull(text, "text");
    boolean wellFormed = text.length() == LENGTH && text.charAt(0) <= '7';
    for (int i = 0; wellFormed && i < LENGTH; i++) {
      wellFormed = ALPHABET.indexOf(text.charAt(i)) >= 0;
    }
    if (!wellFormed) {
      throw new IllegalArgumentException(
          "id: " + LENGTH + " characters out of 0-9 a-z without i l o u are needed");
    }
  }

  /**
   * Takes an id that was written down, as the constructor does.
   *
   * @param text the id's text
   * @return the id
   * @throws IllegalArgumentException if {@code text} does not have the form of an id
   */
  public static SecretId of(String text) {
    return new SecretId(text);
  }

  static SecretId generate(Instant now) {
    byte[] random = new byte[RANDOM_BYTES];
    RANDOM.nextBytes(random);
    char[] text = new char[LENGTH];
    long time = now.toEpochMilli();
    for (int i = 9; i >= 0; i--) {
      text[i] = ALPHABET.charAt((int) (time & 31));
      time >>>= 5;
    }
    // 80 bits are 16 characters of 5 bits: two runs of 40 bits.
    for (int run = 0; run < 2; run++) {
      long bits = 0;
      for (int i = 0; i < 5; i++) {
        bits = bits << 8 | Byte.toUnsignedLong(random[5 * run + i]);
      }
      for (int i = 7; i >= 0; i--) {
        text[10 + 8 * run + i] = ALPHABET.charAt((int) (bits & 31));
        bits >>>= 5;
      }
    }
    text[0] = ALPHABET.charAt(ALPHABET.indexOf(text[0]) & 7);
    return new SecretId(new String(text));
  }

  /** In the order of these, which are their own inverse, what was created last comes first. */
  SecretId reversed() {
    char[] reversed = text.toCharArray();
    for (int i = 0; i < LENGTH; i++) {
      int highest = i == 0 ? 7 : ALPHABET.length() - 1;
      reversed[i] = ALPHABET.charAt(highest - ALPHABET.indexOf(reversed[i]));
    }
    return new SecretId(new String(reversed));
  }

  /** Orders ids by their text, which is by time of creation. */
  @Override
  public int compareTo(SecretId other) {
    return text.compareTo(other.text);
  }

  /** The id's text. */
  @Override
  public String toString() {
    return text;
  }
}
