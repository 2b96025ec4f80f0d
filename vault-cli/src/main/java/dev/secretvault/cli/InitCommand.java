package dev.secretvault.cli;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** Creates a vault. */
@Command(
    name = "init",
    description = {
      "Create a vault, and its master key if the key's file is missing.",
      "Keep a copy of that file apart from the vault: without it, no secret can be read."
    })
final class InitCommand implements Callable<Integer> {

  @ParentCommand private Main main;

  @Override
  public Integer call() {
    VaultLocation location = main.location();
    Place place = location.place();
    KeySource source = location.keySource(true);
    source.checkPlace(place);
    boolean keyIsThere = !source.makesFile();
    try (MasterKey masterKey = source.masterKey(main.streams())) {
      SecretStore store = openEmpty(place, main.streams());
      location.builder(store, masterKey).open().close();
    }
    report(place, source.file(), keyIsThere);
    return Main.DONE;
  }

  private static SecretStore openEmpty(Place place, Streams streams) {
    SecretStore store = place.open(streams);
    boolean empty = false;
    boolean isVault;
    try {
      isVault = store.read(CopySource.HEADER).isPresent();
      empty = store.scan(null, 1).isEmpty();
    } finally {
      if (!empty) {
        store.close();
      }
    }
    if (!empty) {
      throw Refusal.because(
          "there is "
              + (isVault ? "a vault" : "an unfinished copy, or what is left of a vault,")
              + " in "
              + place.name()
              + " already: name another place with --dir or --jdbc");
    }
    return store;
  }

  private void report(Place place, Optional<Path> keyFile, boolean keyIsThere) {
    PrintStream out = main.streams().out();
    out.println("created a vault in " + Printable.of(place.name()));
    keyFile.ifPresent(
        file -> {
          String where = Printable.of(file.toString());
          out.println(
              keyIsThere
                  ? "it is unlocked by the master key that was in " + where
                  : "created its master key in " + where);
          out.println("keep a copy of the key elsewhere: nothing opens without it");
        });
  }
}
