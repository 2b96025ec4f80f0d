package dev.secretvault.cli;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** What can be wrong with arguments, in words that repeat none of them. */
final class Arguments {

  /**
   * The one place where a question mark is meant, which a URL of several hosts cannot do without.
   */
  private static final Pattern PARAMETERS =
      Pattern.compile("((--jdbc|--from|--to)=)?jdbc:postgresql:[^?]*[?][A-Za-z]+=[^?]*");

  private Arguments() {}

  /** An argument that a converter of ours does not take; the message does not quote it. */
  static final class Malformed extends TypeConversionException {

    private static final long serialVersionUID = 1L;

    Malformed(String needed) {
      super(needed);
    }
  }

  /**
   * What is wrong with the arguments of a call. Says where, not what: the value of a secret that
   * somebody put there by mistake must not get into a log.
   */
  static String complaint(ParameterException wrong, String[] args) {
    if (wrong instanceof UnmatchedArgumentException unmatched) {
      return unknown(unmatched, args);
    }
    // Other messages of the library quote an argument.
    if (wrong instanceof MissingParameterException
        || wrong instanceof OverwrittenOptionException
        || wrong.getCause() instanceof Malformed) {
      String message = String.valueOf(wrong.getMessage());
      return message.substring(0, 1).toLowerCase(Locale.ROOT) + message.substring(1);
    }
    if (wrong.getArgSpec() instanceof Model.OptionSpec option) {
      return "option " + option.longestName() + " cannot be used like that";
    }
    return wrong.getCommandLine().getSubcommands().isEmpty()
        ? "the arguments cannot be used like that"
        : "a command is missing";
  }

  private static String unknown(UnmatchedArgumentException wrong, String[] args) {
    List<String> unmatched = wrong.getUnmatched();
    int at = unmatched.isEmpty() ? -1 : Arrays.asList(args).indexOf(unmatched.get(0));
    String where = at < 0 ? "an argument" : "argument " + (at + 1);
    List<String> suggestions = wrong.getSuggestions();
    return where
        + " is no command or option, or one too many"
        + (suggestions.isEmpty()
            ? ""
            : " (did you mean " + String.join(" or ", suggestions) + "?)");
  }

  /**
   * What to mend if the arguments did not reach this process as they were typed. A digest of
   * question marks instead of a name would look as good as the right one.
   *
   * @param encoding how the platform decoded the arguments
   */
  static Optional<String> garbled(String[] args, String encoding) {
    boolean ascii =
        Charset.isSupported(encoding)
            && Charset.forName(encoding).equals(StandardCharsets.US_ASCII);
    for (int i = 0; i < args.length; i++) {
      // With an ASCII locale, Java makes question marks of all other characters.
      if (args[i].indexOf('\ufffd') >= 0
          || (ascii && args[i].indexOf('?') >= 0 && !PARAMETERS.matcher(args[i]).matches())) {
        return Optional.of(
            "argument "
                + (i + 1)
                + " may hold characters that this locale does not have: set LC_ALL=C.UTF-8");
      }
    }
    return Optional.empty();
  }
}
