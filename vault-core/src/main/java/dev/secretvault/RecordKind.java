package dev.secretvault;

import java.util.Locale;

/** What a record is: the letter in its key, and the purpose that it is sealed for. */
enum RecordKind {
  SECRET('s'),
  NAME('n'),
  VALUE('v'),
  ATTEMPTS('a'),
  COUNT('c'),
  EVENT('e'),
  TRAIL('h'),
  NAMESPACE('i'),
  TIME('t'),
  ONE_TIME('o'),
  LINK('l'),
  RECEIPT('r'),
  SHARED_VALUE('p'),
  SHOWN_VALUE('g');

  private final char letter;
  private final String purpose = name().toLowerCase(Locale.ROOT);

  RecordKind(char letter) {
    this.letter = letter;
  }

  char letter() {
    return letter;
  }

  String purpose() {
    return purpose;
  }
}
