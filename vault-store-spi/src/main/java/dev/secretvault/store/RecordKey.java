package dev.secretvault.store;

import java.util.Objects;

/**
 * Names one record of a store: 1 to {@value #MAX_LENGTH} characters out of {@code A-Z a-z 0-9 . _
 * -}.
 *
 * <p>The alphabet is plain ASCII, so that the order of {@link #compareTo}, the order of the bytes
 * and the order of a database column with the {@code "C"} collation are one and the same. A store
 * learns nothing from a key: whoever makes keys derives them so that they tell no name.
 *
 * @param text the key itself
 */
public record RecordKey(String text) implements Comparable<RecordKey> {

  /** The longest key, in characters (which are bytes too). */
  public static final int MAX_LENGTH = 128;

  /**
   * Checks the key.
   *
   * @param text the key itself
   * @throws IllegalArgumentException if {@code text} is empty, longer than {@link #MAX_LENGTH}, or
   *     holds a character outside the alphabet
   */
  public RecordKey {
    Objects.requireNonNull(text, "text");
    if (text.isEmpty() || text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "key: 1 to " + MAX_LENGTH + " characters allowed, but there are " + text.length());
    }
    for (int i = 0; i < text.length(); i++) {
      if (!allowed(text.charAt(i))) {
        throw new IllegalArgumentException(
            "key: only A-Z a-z 0-9 . _ - are allowed, but index " + i + " differs");
      }
    }
  }

  private static boolean allowed(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '.'
        || c == '_'
        || c == '-';
  }

  /** Orders keys by their bytes. */
  @Override
  public int compareTo(RecordKey other) {
    return text.compareTo(other.text);
  }

  /** The key itself. */
  @Override
  public String toString() {
    return text;
  }
}
