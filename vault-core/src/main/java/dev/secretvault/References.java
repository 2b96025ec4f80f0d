package dev.secretvault;

import java.nio.CharBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * A template with references to secrets, taken apart. A reference is two braces, {@code secret:}, a
 * name, and two braces; a backslash before the first brace makes it plain text.
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
    while (true) {
      int opening = template.indexOf(OPENING, at);
      if (opening < 0) {
        references.parts.add(text.append(template, at, template.length()).toString());
        return references;
      }
      if (opening > at && template.charAt(opening - 1) == '\\') {
        text.append(template, at, opening - 1).append(OPENING);
        at = opening + OPENING.length();
        continue;
      }
      int closing = template.indexOf(CLOSING, opening);
      if (closing < 0 || !template.startsWith(KIND, opening + OPENING.length())) {
        throw new IllegalArgumentException(
            "template: {{secret:NAME}} is needed at position "
                + opening
                + ", or \\{{ for these two characters");
      }
      references.parts.add(text.append(template, at, opening).toString());
      text.setLength(0);
      references.parts.add(template.substring(opening + OPENING.length() + KIND.length(), closing));
      at = closing + CLOSING.length();
    }
  }

  /** The names that occur, each once, in their order. */
  Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    for (int i = 1; i < parts.size(); i += 2) {
      names.add(parts.get(i));
    }
    return names;
  }

  /**
   * Puts values in the place of names.
   *
   * @param values gives each name's text once, for this to overwrite
   * @param reader what to do with the result, which is overwritten afterwards
   */
  <T> T resolve(Function<String, char[]> values, Function<char[], T> reader) {
    Map<String, char[]> known = new HashMap<>();
    try {
      names().forEach(name -> known.put(name, values.apply(name)));
      CharBuffer result = CharBuffer.allocate(length(known));
      try {
        for (int i = 0; i < parts.size(); i++) {
          if (i % 2 == 0) {
            result.put(parts.get(i));
          } else {
            result.put(known.getOrDefault(parts.get(i), new char[0]));
          }
        }
        return reader.apply(result.array());
      } finally {
        Arrays.fill(result.array(), '\0');
      }
    } finally {
      known.values().forEach(value -> Arrays.fill(value, '\0'));
    }
  }

  private int length(Map<String, char[]> known) {
    int length = 0;
    for (int i = 0; i < parts.size(); i++) {
      String part = parts.get(i);
      length += i % 2 == 0 ? part.length() : known.getOrDefault(part, new char[0]).length;
    }
    return length;
  }
}
