package dev.secretvault.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The constants of an enum as words of the command line: {@code AT_CREATION} is at-creation. */
final class Choice {

  private Choice() {}

  static String word(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static <E extends Enum<E>> E parse(Class<E> type, String word) {
    return Arrays.stream(type.getEnumConstants())
        .filter(constant -> word(constant).equals(word))
        .findFirst()
        .orElseThrow(
            () ->
                new Arguments.Malformed(
                    "one of "
                        + Arrays.stream(type.getEnumConstants())
                            .map(Choice::word)
                            .collect(Collectors.joining(", "))
                        + " is needed"));
  }
}
