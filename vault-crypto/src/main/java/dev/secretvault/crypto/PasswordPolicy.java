package dev.secretvault.crypto;

import java.util.EnumSet;
import java.util.Set;

/**
 * What a generated password looks like. Begins with {@link #ofLength}; each {@code with} method
 * returns a changed copy.
 *
 * <p>Passwords are drawn uniformly from all those that the policy allows.
 *
 * @param length how many characters, at least one for each class and at most {@value #MAX_LENGTH}
 * @param classes which kinds of characters occur, each at least once; unmodifiable
 * @param ambiguousExcluded whether the characters {@code 0 1 I O i l o}, which are hard to tell
 *     apart, are left out
 */
public record PasswordPolicy(int length, Set<CharacterClass> classes, boolean ambiguousExcluded) {

  /** The longest password. */
  public static final int MAX_LENGTH = 128;

  /** A kind of characters. */
  public enum CharacterClass {
    /** {@code A} to {@code Z}. */
    UPPERCASE("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    /** {@code a} to {@code z}. */
    LOWERCASE("abcdefghijklmnopqrstuvwxyz"),
    /** {@code 0} to {@code 9}. */
    DIGITS("0123456789"),
    /** The printable rest of ASCII but the space and the backslash. */
    SYMBOLS("!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~");

    private final String characters;

    CharacterClass(String characters) {
      this.characters = characters;
    }
  }

  private static final String AMBIGUOUS = "01IOilo";

  /**
   * Checks the policy.
   *
   * @throws IllegalArgumentException if there is no class, or the length is out of range
   */
  public PasswordPolicy {
    if (classes.isEmpty()) {
      throw new IllegalArgumentException("classes: at least one is needed");
    }
    classes = Set.copyOf(classes);
    if (length < classes.size() || length > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "length: " + classes.size() + " to " + MAX_LENGTH + " allowed, but was " + length);
    }
  }

  /**
   * A policy with all classes and without ambiguous characters.
   *
   * @param length how many characters, 4 to {@value #MAX_LENGTH}
   * @return the policy
   * @throws IllegalArgumentException if the length is out of range
   */
  public static PasswordPolicy ofLength(int length) {
    return new PasswordPolicy(length, EnumSet.allOf(CharacterClass.class), true);
  }

  /**
   * Allows certain classes only.
   *
   * @param first one of them
   * @param more the others
   * @return the changed copy
   * @throws IllegalArgumentException if there are more of them than characters
   */
  public PasswordPolicy withClasses(CharacterClass first, CharacterClass... more) {
    return new PasswordPolicy(length, EnumSet.of(first, more), ambiguousExcluded);
  }

  /**
   * Allows ambiguous characters, too.
   *
   * @return the changed copy
   */
  public PasswordPolicy withAmbiguous() {
    return new PasswordPolicy(length, classes, false);
  }

  /** The characters of one class that may occur. */
  String charactersOf(CharacterClass wanted) {
    StringBuilder allowed = new StringBuilder();
    wanted
        .characters
        .chars()
        .filter(c -> !ambiguousExcluded || AMBIGUOUS.indexOf(c) < 0)
        .forEach(c -> allowed.append((char) c));
    return allowed.toString();
  }
}
