package dev.secretvault.cli;

import java.util.ArrayList;
import java.util.List;

/** Types prepared answers. */
final class Typist implements Streams.Prompt {
  final List<char[]> hidden = new ArrayList<>();
  final List<String> questions = new ArrayList<>();
  private final String[] answers;

  Typist(String... answers) {
    this.answers = answers;
  }

  @Override
  public String line(String question) {
    questions.add(question);
    return answers[questions.size() - 1];
  }

  @Override
  public char[] hidden(String question) {
    String answer = line(question);
    if (answer == null) {
      return null;
    }
    hidden.add(answer.toCharArray());
    return hidden.get(hidden.size() - 1);
  }
}
