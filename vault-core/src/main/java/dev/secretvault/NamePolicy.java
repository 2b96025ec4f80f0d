package dev.secretvault;

import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * Which names secrets may have. Applies to new names: a secret keeps one that it has, whatever the
 * policy is later. Immutable.
 */
public final class NamePolicy {

  /**
   * 1 to {@value SecretSpec#MAX_NAME} code points, no control characters, no white space at either
   * end. Every other policy is narrower.
   */
  public static final NamePolicy DEFAULT = new NamePolicy(SecretSpec.MAX_NAME, false, List.of());

  /** 1 to 50 letters and digits of ASCII and {@code _ + = - @ # $}. */
  public static final NamePolicy IDENTIFIER = new NamePolicy(50, true, List.of());

  private static final String IDENTIFIER_SYMBOLS = "_+=-@#$";

  private final int maxLength;
  private final boolean identifiersOnly;
  private final List<String> reservedPrefixes;

  private NamePolicy(int maxLength, boolean identifiersOnly, List<String> reservedPrefixes) {
    this.maxLength = maxLength;
    this.identifiersOnly = identifiersOnly;
    this.reservedPrefixes = reservedPrefixes;
  }

  /**
   * Limits the length of names.
   *
   * @param codePoints the longest name, 1 to {@value SecretSpec#MAX_NAME} code points
   * @return the changed copy
   * @throws IllegalArgumentException if it is out of range
   */
  public NamePolicy maxLength(int codePoints) {
    if (codePoints < 1 || codePoints > SecretSpec.MAX_NAME) {
      throw new IllegalArgumentException(
          "maxLength: 1 to " + SecretSpec.MAX_NAME + " allowed, but was " + codePoints);
    }
    return new NamePolicy(codePoints, identifiersOnly, reservedPrefixes);
  }

  /**
   * Keeps names that begin in certain ways for others, whatever their case.
   *
   * @param prefixes the beginnings, none of them empty; they replace those set before
   * @return the changed copy
   * @throws IllegalArgumentException if one is empty
   */
  public NamePolicy reservedPrefixes(String... prefixes) {
    for (String prefix : prefixes) {
      if (Objects.requireNonNull(prefix, "prefix").isEmpty()) {
        throw new IllegalArgumentException("reservedPrefixes: must not be empty");
      }
    }
    return new NamePolicy(maxLength, identifiersOnly, List.of(prefixes));
  }

  /**
   * Checks a new name.
   *
   * @return the name
   * @throws IllegalArgumentException if it is not allowed, saying why
   */
  String check(String name) {
    Text.check("name", Objects.requireNonNull(name, "name"), 1, maxLength);
    if (Character.isSpaceChar(name.codePointAt(0))
        || Character.isSpaceChar(name.codePointBefore(name.length()))) {
      throw new IllegalArgumentException(
          "name: white space at the beginning or end is not allowed");
    }
    if (identifiersOnly && !name.codePoints().allMatch(NamePolicy::isOfIdentifiers)) {
      throw new IllegalArgumentException(
          "name: only letters and digits of ASCII and " + IDENTIFIER_SYMBOLS + " are allowed");
    }
    String folded = fold(name);
    if (reservedPrefixes.stream().anyMatch(prefix -> folded.startsWith(fold(prefix)))) {
      throw new IllegalArgumentException("name: begins with a reserved prefix");
    }
    return name;
  }

  /**
   * Down and up again, as letters with several lower-case forms have one upper-case form. Down one
   * by one: as part of a text, a letter's lower-case form may depend on what follows.
   */
  private static String fold(String text) {
    int[] lower = text.codePoints().map(Character::toLowerCase).toArray();
    return new String(lower, 0, lower.length).toUpperCase(Locale.ROOT);
  }

  private static boolean isOfIdentifiers(int codePoint) {
    return (codePoint >= 'a' && codePoint <= 'z')
        || (codePoint >= 'A' && codePoint <= 'Z')
        || (codePoint >= '0' && codePoint <= '9')
        || IDENTIFIER_SYMBOLS.indexOf(codePoint) >= 0;
  }
}
