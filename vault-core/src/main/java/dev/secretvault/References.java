package dev.secretvault;

import java.nio.CharBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A template with references to secrets, taken apart.
 *
 * <p>A reference is two opening braces, {@code secret:}, a name, and the next two closing braces.
 * Of more than two opening braces in a row, the last two begin it. Backslashes right before opening
 * braces that would begin one stand for half as many; if one is left over, it makes the first two
 * braces plain text. Any other backslash is one.
 */
final class References {

  private static final String OPENING = "{{";
  private static final String KIND = "secret:";
  private static final String CLOSING = "}}";

  /** Plain text and references in turn, beginning and ending with text. */
  private final List<String> parts = new ArrayList<>();

  private References() {}

  /**
   * Takes a template apart.
   *
   * @throws IllegalArgumentException if a reference is not closed, or is of another kind
   */
  static References in(String template) {
    References references = new References();
    StringBuilder text = new StringBuilder();
    int at = 0;
    for (int opening = template.indexOf(OPENING);
        opening >= 0;
        opening = template.indexOf(OPENING, at)) {
      int backslashes = opening;
      while (backslashes > at && template.charAt(backslashes - 1) == '\\') {
        backslashes--;
      }
      int count = opening - backslashes;
      text.append(template, at, backslashes + count / 2);
      int braces = opening + OPENING.length();
      if (count % 2 == 1) {
        text.append(OPENING);
        at = braces;
      } else if (template.startsWith("{", braces)) {
        text.append('{');
        at = opening + 1;
      } else {
        int closing = template.indexOf(CLOSING, braces);
        if (closing < 0 || !template.startsWith(KIND, braces)) {
          throw new IllegalArgumentException(
              "template: {{secret:NAME}} is needed at position "
                  + opening
                  + ", or \\{{ for these two characters");
        }
        references.parts.add(text.toString());
        references.parts.add(template.substring(braces + KIND.length(), closing));
        text.setLength(0);
        at = closing + CLOSING.length();
      }
    }
    references.parts.add(text.append(template, at, template.length()).toString());
    return references;
  }

  /** The names that occur, each once, in their order. */
  Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    for (int i = 1; i < parts.size(); i += 2) {
      names.add(parts.get(i));
    }
    return names;
  }

  /** {@return the texts to put in the place of the names, none of them known yet} */
  Texts texts() {
    return new Texts();
  }

  /** The texts of names, which are overwritten when this is closed. */
  final class Texts implements AutoCloseable {

    private final Map<String, char[]> known = new HashMap<>();

    private Texts() {}

    /** Takes the text of a name over. */
    void put(String name, char[] text) {
      char[] before = known.put(name, text);
      if (before != null) {
        Arrays.fill(before, '\0');
      }
    }

    /**
     * The template with all names replaced, for the receiver to overwrite.
     *
     * @throws IllegalArgumentException if it is too long
     */
    char[] inPlace() {
      CharBuffer result = CharBuffer.allocate(length());
      for (int i = 0; i < parts.size(); i++) {
        if (i % 2 == 0) {
          result.put(parts.get(i));
        } else {
          result.put(text(parts.get(i)));
        }
      }
      return result.array();
    }

    private int length() {
      long length = 0;
      for (int i = 0; i < parts.size(); i++) {
        length += i % 2 == 0 ? parts.get(i).length() : text(parts.get(i)).length;
      }
      if (length > SecretVault.MAX_RESOLVED_CHARS) {
        throw new IllegalArgumentException(
            "template: makes more than " + SecretVault.MAX_RESOLVED_CHARS + " chars");
      }
      return (int) length;
    }

    private char[] text(String name) {
      return Objects.requireNonNull(known.get(name), "a text that was not put");
    }

    @Override
    public void close() {
      known.values().forEach(text -> Arrays.fill(text, '\0'));
    }
  }
}
