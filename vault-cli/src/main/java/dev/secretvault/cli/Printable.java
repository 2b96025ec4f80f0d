package dev.secretvault.cli;

import java.util.Locale;

/** Text as it may be shown in a line of a terminal. */
final class Printable {

  private Printable() {}

  /**
   * The text, with an escape for each character that would end the line, steer the terminal, or
   * make the text look like another one: a name may hold what turns the direction of writing.
   */
  static String of(String text) {
    StringBuilder shown = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            codePoint -> {
              switch (Character.getType(codePoint)) {
                case Character.CONTROL,
                    Character.FORMAT,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SURROGATE ->
                    shown.append(String.format(Locale.ROOT, "\\u{%x}", codePoint));
                default -> shown.appendCodePoint(codePoint);
              }
            });
    return shown.toString();
  }
}
