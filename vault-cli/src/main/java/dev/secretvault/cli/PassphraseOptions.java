package dev.secretvault.cli;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say which passphrase protects a secret. */
final class PassphraseOptions {

  @Option(
      names = "--passphrase",
      description = "Ask for the passphrase that protects the secret besides the master key.")
  private boolean asked;

  @Option(
      names = "--passphrase-env",
      paramLabel = "VARIABLE",
      description = "The environment variable that holds that passphrase.")
  private @Nullable String variable;

  /**
   * The passphrase, for the caller to overwrite; empty if none of the options was given.
   *
   * @param isNew whether it is typed twice
   */
  Optional<char[]> read(Streams streams, boolean isNew) {
    if (asked && variable != null) {
      throw Refusal.calledWrongly("--passphrase and --passphrase-env exclude each other");
    }
    if (variable != null) {
      return Optional.of(HiddenText.ofVariable(variable));
    }
    if (!asked) {
      return Optional.empty();
    }
    String instead = "use --passphrase-env";
    return Optional.of(
        isNew
            ? HiddenText.twice(streams, "passphrase", instead)
            : HiddenText.once(streams, "passphrase", instead));
  }
}
