package dev.secretvault.cli;

import dev.secretvault.FreshnessAnchor;
import dev.secretvault.SecretVault;
import dev.secretvault.VaultBuilder;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options that say which vault is meant and where its master key is. */
final class VaultLocation {

  /** The record that a vault has from its first freshness anchor on. */
  private static final RecordKey FRESHNESS = new RecordKey("freshness");

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      scope = ScopeType.INHERIT,
      description = "The vault's directory. Default: $SECRETVAULT_DIR, or else secrets.")
  private @Nullable Path directory;

  @Option(
      names = "--jdbc",
      paramLabel = "URL",
      scope = ScopeType.INHERIT,
      description =
          "The PostgreSQL database of the vault, instead of a directory. User and password from the"
              + " URL, where the list of processes shows them, or else from $PGUSER and $PGPASSWORD.")
  private @Nullable String jdbc;

  @Option(
      names = "--jdbc-password-env",
      paramLabel = "VARIABLE",
      scope = ScopeType.INHERIT,
      description = "The environment variable that holds the database's password.")
  private @Nullable String jdbcPasswordVariable;

  private @Nullable Place place;

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
    return directory == null
        && jdbc == null
        && jdbcPasswordVariable == null
        && anchor == null
        && given(false).isEmpty();
  }

  /** Where the vault's store is. */
  Place place() {
    if (place == null) {
      place = findPlace();
    }
    return place;
  }

  private Place findPlace() {
    if (jdbc == null) {
      if (jdbcPasswordVariable != null) {
        throw Refusal.calledWrongly("--jdbc-password-env is of use with --jdbc only");
      }
      Path named =
          Objects.requireNonNullElseGet(
              directory, () -> fromEnvironment("SECRETVAULT_DIR", "secrets"));
      if (Database.isUrl(named.toString())) {
        throw Refusal.calledWrongly("a database is named with --jdbc, not as a directory");
      }
      return new Directory(named);
    }
    if (directory != null) {
      throw Refusal.calledWrongly("--dir and --jdbc exclude each other: leave one out");
    }
    return new Database(jdbc, "--jdbc", jdbcPasswordVariable);
  }

  /** Lets go of what was opened. */
  void close() {
    if (place != null) {
      place.close();
    }
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
    return openExisting(streams, this::withAnchor);
  }

  /** How a vault is opened that has a freshness anchor, or none. */
  interface Anchoring {
    void choose(VaultBuilder builder, boolean hasAnchor);
  }

  private void withAnchor(VaultBuilder builder, boolean hasAnchor) {
    Optional<Path> file = anchor();
    if (file.isEmpty() && hasAnchor) {
      throw Refusal.because("the vault has a freshness anchor: name its file with --anchor");
    }
    if (file.isPresent() && !hasAnchor) {
      // To begin with one is for good, and refused to all who do not know of it.
      throw Refusal.because(
          "the vault has no freshness anchor; to give it one, run: secretvault anchor begin FILE");
    }
    file.map(FreshnessAnchor::inFile).ifPresent(builder::freshness);
  }

  /** Opens the vault as another command than most does. */
  SecretVault openExisting(Streams streams, Anchoring anchors) {
    place().check("name the right one with --dir, or create a vault with: secretvault init");
    try (MasterKey masterKey = keySource(false).masterKey(streams)) {
      SecretStore store = place().openExisting(streams);
      VaultBuilder builder = SecretVault.builder().store(store).masterKey(masterKey);
      try {
        anchors.choose(builder, store.read(FRESHNESS).isPresent());
      } catch (RuntimeException e) {
        store.close();
        throw e;
      }
      return open(builder);
    }
  }

  private static SecretVault open(VaultBuilder builder) {
    try {
      return builder.openExisting();
    } catch (IllegalStateException otherAnchor) {
      throw Refusal.because(String.valueOf(otherAnchor.getMessage()));
    }
  }

  /** Begins to create a vault. */
  VaultBuilder builder(SecretStore store, MasterKey masterKey) {
    VaultBuilder builder = SecretVault.builder().store(store).masterKey(masterKey);
    anchor().map(FreshnessAnchor::inFile).ifPresent(builder::freshness);
    return builder;
  }

  private Optional<Path> anchor() {
    return Optional.ofNullable(anchor)
        .or(
            () ->
                Optional.ofNullable(System.getenv("SECRETVAULT_ANCHOR"))
                    .filter(name -> !name.isEmpty())
                    .map(Path::of));
  }
}
