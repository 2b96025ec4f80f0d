package dev.secretvault.cli;

/** A label as it is written on the command line. */
record Label(String key, String value) {

  static Label parse(String text) {
    int at = text.indexOf('=');
    if (at < 1) {
      throw new Arguments.Malformed("a key, =, and a value are needed");
    }
    return new Label(text.substring(0, at), text.substring(at + 1));
  }
}
