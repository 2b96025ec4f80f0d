package dev.secretvault.cli;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FileSecretStore;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import java.nio.file.Path;

/** A process that copies one directory to another, and prints a line before each commit. */
final class CopyWorker {

  private CopyWorker() {}

  public static void main(String[] args) {
    try (SecretStore source = FileSecretStore.openExisting(Path.of(args[0]));
        FaultyStore target = new FaultyStore(FileSecretStore.open(Path.of(args[1])))) {
      target.from(Call.COMMIT, 1).before(() -> System.out.println("commit"));
      CopyFixture.copying(source, target).finish();
    }
  }
}
