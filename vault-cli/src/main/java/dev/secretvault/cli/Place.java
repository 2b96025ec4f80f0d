package dev.secretvault.cli;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import dev.secretvault.store.file.Recovery;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a store is. */
interface Place {

  /**
   * Refuses where there is surely no store. The store would say the same, but knows of no command.
   *
   * @param hint what to do then
   */
  void check(String hint);

  /** Opens the store, for the caller to close, and creates nothing. */
  SecretStore openExisting(Streams streams);

  /** Opens the store, for the caller to close, or creates it. */
  SecretStore open();

  /** How this is called in a sentence. */
  String name();

  /** A directory on this machine. */
  record Directory(Path path) implements Place {

    @Override
    public void check(String hint) {
      if (!Files.exists(path)) {
        throw Refusal.because("there is no directory " + path + ": " + hint);
      }
      if (Files.isDirectory(path)) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
          if (!entries.iterator().hasNext()) {
            throw Refusal.because("the directory " + path + " is empty: " + hint);
          }
        } catch (IOException e) {
          throw Refusal.because("the directory " + path + " cannot be read", e);
        }
      }
    }

    @Override
    public SecretStore openExisting(Streams streams) {
      FileSecretStore store = FileSecretStore.openExisting(path);
      report(store.recovery(), streams);
      return store;
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

    @Override
    public SecretStore open() {
      return FileSecretStore.open(path);
    }

    @Override
    public String name() {
      return path.toString();
    }
  }
}
