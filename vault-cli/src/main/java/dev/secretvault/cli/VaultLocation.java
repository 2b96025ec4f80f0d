package dev.secretvault.cli;

import dev.secretvault.FreshnessAnchor;
import dev.secretvault.SecretVault;
import dev.secretvault.VaultBuilder;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.file.FileSecretStore;
import dev.secretvault.store.file.Recovery;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options that say which vault is meant and where its master key is. */
final class VaultLocation {

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      scope = ScopeType.INHERIT,
      description = "The vault's directory. Default: $SECRETVAULT_DIR, or else secrets.")
  private @Nullable Path directory;

  @Option(
      names = "--key-file",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description =
          "The file of its master key. Default: $SECRETVAULT_KEY_FILE, or else master.key.")
  private @Nullable Path keyFile;

  @Option(
      names = "--key-env",
      paramLabel = "VARIABLE",
      scope = ScopeType.INHERIT,
      description = "The environment variable that holds its master key.")
  private @Nullable String keyVariable;

  @Option(
      names = "--key-passphrase",
      scope = ScopeType.INHERIT,
      description = "Ask for the passphrase that its master key is made from.")
  private boolean passphrase;

  @Option(
      names = "--key-passphrase-env",
      paramLabel = "VARIABLE",
      scope = ScopeType.INHERIT,
      description = "The environment variable that holds that passphrase.")
  private @Nullable String passphraseVariable;

  @Option(
      names = "--anchor",
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      description =
          "The file of its freshness anchor, if it has one. Default: $SECRETVAULT_ANCHOR.")
  private @Nullable Path anchor;

  /** Whether none of the options was given. */
  boolean isDefault() {
    return directory == null && anchor == null && given(false).isEmpty();
  }

  Path directory() {
    return Objects.requireNonNullElseGet(
        directory, () -> fromEnvironment("SECRETVAULT_DIR", "secrets"));
  }

  private Optional<KeySource> given(boolean isNew) {
    return KeySource.of("--key", keyFile, keyVariable, passphrase, passphraseVariable, isNew);
  }

  /**
   * Where the master key comes from.
   *
   * @param isNew whether the vault is still to be created
   */
  KeySource keySource(boolean isNew) {
    return given(isNew)
        .orElseGet(() -> KeySource.ofFile(fromEnvironment("SECRETVAULT_KEY_FILE", "master.key")));
  }

  private static Path fromEnvironment(String variable, String otherwise) {
    String value = System.getenv(variable);
    return Path.of(value == null || value.isEmpty() ? otherwise : value);
  }

  /** Opens the vault, for the caller to close, and creates nothing. */
  SecretVault openExisting(Streams streams) {
    Path existing = directory();
    refuseIfNothingThere(existing);
    try (MasterKey masterKey = keySource(false).masterKey(streams)) {
      FileSecretStore store = FileSecretStore.openExisting(existing);
      report(store.recovery(), streams);
      return open(builder(store, masterKey));
    }
  }

  private SecretVault open(VaultBuilder builder) {
    try {
      return builder.openExisting();
    } catch (IllegalStateException hasAnAnchor) {
      throw Refusal.because("the vault has a freshness anchor: name its file with --anchor");
    }
  }

  /** Begins to open the vault, whether it is there or not. */
  VaultBuilder builder(FileSecretStore store, MasterKey masterKey) {
    VaultBuilder builder = SecretVault.builder().store(store).masterKey(masterKey);
    String variable = Objects.requireNonNullElse(System.getenv("SECRETVAULT_ANCHOR"), "");
    if (anchor != null || !variable.isEmpty()) {
      builder.freshness(
          FreshnessAnchor.inFile(Objects.requireNonNullElseGet(anchor, () -> Path.of(variable))));
    }
    return builder;
  }

  /** The store would say the same, but knows of no command to run. */
  private static void refuseIfNothingThere(Path directory) {
    String hint = ": name the right one with --dir, or create a vault with: secretvault init";
    if (!Files.exists(directory)) {
      throw Refusal.because("there is no directory " + directory + hint);
    }
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
        if (!entries.iterator().hasNext()) {
          throw Refusal.because("the directory " + directory + " is empty" + hint);
        }
      } catch (IOException e) {
        throw Refusal.because("the directory " + directory + " cannot be read", e);
      }
    }
  }

  private static void report(Recovery recovery, Streams streams) {
    if (recovery.tornTailCut()) {
      streams.complain(
          "note: a crash had left "
              + recovery.bytes()
              + " bytes of an unfinished change; they are now in "
              + recovery.keptIn());
    }
  }
}
