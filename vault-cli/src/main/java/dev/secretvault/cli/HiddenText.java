package dev.secretvault.cli;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Text that is not shown: typed at the terminal, or taken from the environment. */
final class HiddenText {

  private HiddenText() {}

  /**
   * Asks once.
   *
   * @param what is asked for, such as {@code passphrase}
   * @param instead what to do where there is no terminal
   * @return what was typed, for the caller to overwrite
   */
  static char[] once(Streams streams, String what, String instead) {
    return typed(prompt(streams, instead).hidden(capitalized(what) + ": "), what);
  }

  /** Asks, and asks for the same again. */
  static char[] twice(Streams streams, String what, String instead) {
    Streams.Prompt prompt = prompt(streams, instead);
    char[] first = prompt.hidden(capitalized(what) + ": ");
    char[] second = first == null ? null : prompt.hidden("The same again: ");
    try {
      if (!Arrays.equals(typed(first, what), typed(second, what))) {
        throw Refusal.because("what was typed the second time differs; nothing was done");
      }
      return typed(first, what).clone();
    } finally {
      overwrite(first);
      overwrite(second);
    }
  }

  /** Takes an environment variable, for the caller to overwrite what of it can be. */
  static char[] ofVariable(String variable) {
    String text = System.getenv(variable);
    if (text == null || text.isEmpty()) {
      throw Refusal.because("the environment variable " + variable + " is not set");
    }
    return text.toCharArray();
  }

  private static Streams.Prompt prompt(Streams streams, String instead) {
    Streams.Prompt prompt = streams.prompt();
    if (prompt == null) {
      throw Refusal.calledWrongly("there is no terminal to ask on: " + instead);
    }
    return prompt;
  }

  private static char[] typed(char @Nullable [] text, String what) {
    if (text == null) {
      throw Refusal.because("no " + what + " was typed; nothing was done");
    }
    return text;
  }

  private static String capitalized(String what) {
    return Character.toUpperCase(what.charAt(0)) + what.substring(1);
  }

  static void overwrite(char @Nullable [] text) {
    if (text != null) {
      Arrays.fill(text, '\0');
    }
  }
}
