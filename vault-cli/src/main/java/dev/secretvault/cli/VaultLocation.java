package dev.secretvault.cli;

import dev.secretvault.SecretVault;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
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

  /** Whether none of the options was given. */
  boolean isDefault() {
    return directory == null && given(false).isEmpty();
  }

  Path directory() {
    return Objects.requireNonNullElseGet(
        directory, () -> fromEnvironment("SECRETVAULT_DIR", "secrets"));
  }

  Place place() {
    return new Place.Directory(directory());
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
    Place place = place();
    place.check("name the right one with --dir, or create a vault with: secretvault init");
    try (MasterKey masterKey = keySource(false).masterKey(streams)) {
      SecretStore store = place.openExisting(streams);
      return SecretVault.builder().store(store).masterKey(masterKey).openExisting();
    }
  }
}
