package dev.secretvault.cli;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import dev.secretvault.store.file.Recovery;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A directory on this machine.
 *
 * @param directory which one
 */
record Directory(Path directory) implements Place {

  @Override
  public void check(String hint) {
    if (!Files.exists(directory)) {
      throw Refusal.because("there is no directory " + directory + ": " + hint);
    }
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
        if (!entries.iterator().hasNext()) {
          throw Refusal.because("the directory " + directory + " is empty: " + hint);
        }
      } catch (IOException e) {
        throw Refusal.because("the directory " + directory + " cannot be read", e);
      }
    }
  }

  @Override
  public SecretStore openExisting(Streams streams) {
    return reported(FileSecretStore.openExisting(directory), streams);
  }

  @Override
  public SecretStore open(Streams streams) {
    return reported(FileSecretStore.open(directory), streams);
  }

  private static SecretStore reported(FileSecretStore store, Streams streams) {
    Recovery recovery = store.recovery();
    if (recovery.acknowledgedLost()) {
      streams.complain(
          "warning: at least "
              + recovery.lost()
              + " bytes of changes that were done are damaged or missing in the vault, and with them"
              + " what they stored or deleted; "
              + (recovery.tornTailCut()
                  ? "what is left is in "
                      + recovery.keptIn()
                      + ": copy that elsewhere now, as a later change removes it; "
                  : "")
              + "look for damage of the disk, and for copies that were put back");
    } else if (recovery.tornTailCut()) {
      streams.complain(
          "note: a crash had left "
              + recovery.bytes()
              + " bytes of an unfinished change; they are now in "
              + recovery.keptIn());
    }
    return store;
  }

  @Override
  public String name() {
    return directory.toString();
  }

  @Override
  public void close() {
    // Its stores leave nothing open.
  }
}
