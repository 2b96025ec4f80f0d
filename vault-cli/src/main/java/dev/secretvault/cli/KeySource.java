package dev.secretvault.cli;

import dev.secretvault.crypto.MasterKey;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where a master key comes from.
 *
 * @param file the file that it is in, or is put in when it is made; empty if it is in none
 * @param reader gets it
 */
record KeySource(Optional<Path> file, Function<Streams, MasterKey> reader) {

  /** The key is in a file. */
  static KeySource ofFile(Path file) {
    return new KeySource(Optional.of(file), streams -> MasterKey.fromFile(file));
  }

  /**
   * What the options of a command say, of which one may be given.
   *
   * @param option how they begin
   * @param isNew whether a passphrase is typed twice, lest a vault be locked with a slip of a key
   * @return empty if none was given
   */
  static Optional<KeySource> of(
      String option,
      @Nullable Path file,
      @Nullable String variable,
      boolean passphrase,
      @Nullable String passphraseVariable,
      boolean isNew) {
    long given =
        Stream.of(file, variable, passphraseVariable).filter(Objects::nonNull).count()
            + (passphrase ? 1 : 0);
    if (given > 1) {
      throw Refusal.calledWrongly(
          String.format(
              "%1$s-file, %1$s-env, %1$s-passphrase and %1$s-passphrase-env exclude each other:"
                  + " leave all out but one",
              option));
    }
    if (file != null) {
      return Optional.of(ofFile(file));
    }
    if (variable != null) {
      return Optional.of(
          new KeySource(Optional.empty(), streams -> MasterKey.fromEnvironment(variable)));
    }
    if (passphraseVariable != null) {
      return Optional.of(ofPassphrase(streams -> HiddenText.ofVariable(passphraseVariable)));
    }
    if (passphrase) {
      String what = isNew ? "new passphrase of the vault" : "passphrase of the vault";
      String instead =
          "use " + option + "-file, " + option + "-env or " + option + "-passphrase-env";
      return Optional.of(
          ofPassphrase(
              streams ->
                  isNew
                      ? HiddenText.twice(streams, what, instead)
                      : HiddenText.once(streams, what, instead)));
    }
    return Optional.empty();
  }

  private static KeySource ofPassphrase(Function<Streams, char[]> typed) {
    return new KeySource(
        Optional.empty(),
        streams -> {
          char[] passphrase = typed.apply(streams);
          try {
            return MasterKey.fromPassphrase(passphrase);
          } finally {
            HiddenText.overwrite(passphrase);
          }
        });
  }

  /**
   * Refuses a file in the vault's directory, or in one that is not there, before anything is made.
   */
  void checkPlace(Place vault) {
    file.ifPresent(given -> checkPlace(given.toAbsolutePath().normalize(), vault.directory()));
  }

  private static void checkPlace(Path file, @Nullable Path vault) {
    if (vault != null && file.startsWith(vault.toAbsolutePath().normalize())) {
      throw Refusal.calledWrongly(
          "the master key's file must not lie in the vault's directory: whoever copies the one"
              + " would have the other");
    }
    Path place = file.getParent();
    if (place == null || !Files.isDirectory(place)) {
      throw Refusal.because("there is no directory " + place + " for the master key's file");
    }
  }

  /** Whether using the key will make its file. */
  boolean makesFile() {
    return file.filter(given -> !Files.exists(given)).isPresent();
  }

  /** The key, for the caller to close. */
  MasterKey masterKey(Streams streams) {
    return reader.apply(streams);
  }
}
