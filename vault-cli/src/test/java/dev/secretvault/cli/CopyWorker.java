package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A process that copies a directory to another place, and prints a line before each commit. */
final class CopyWorker {

  private CopyWorker() {}

  public static void main(String[] args) {
    try (Place from = place(args[0]);
        Place to = place(args[1]);
        SecretStore source = from.openExisting(CopyFixture.QUIET);
        FaultyStore target = new FaultyStore(to.open(CopyFixture.QUIET))) {
      target.from(Call.COMMIT, 1).before(() -> System.out.println("commit"));
      CopyFixture.copying(source, target).finish();
    }
  }

  static Place place(String name) {
    return Database.isUrl(name) ? new Database(name, "", null) : new Directory(Path.of(name));
  }

  /** Kills a process that copies, at one of its commits. */
  static void killAtCommit(int commit, String from, String to) throws Exception {
    List<String> command = new ArrayList<>(Cli.java());
    command.set(command.size() - 1, CopyWorker.class.getName());
    command.addAll(List.of(from, to));
    Process copying = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (BufferedReader lines = copying.inputReader()) {
      for (int i = 0; i < commit; i++) {
        assertThat(lines.readLine()).isEqualTo("commit");
      }
    } finally {
      // Not by the process itself, which would throw away what it has not read yet.
      copying.toHandle().destroyForcibly();
      copying.waitFor();
    }
    assertThat(copying.exitValue()).as("killed").isEqualTo(137);
  }
}
