package dev.secretvault.cli;

import dev.secretvault.KeyEpoch;
import dev.secretvault.Reencryption;
import dev.secretvault.SecretVault;
import dev.secretvault.VaultKeys;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.UnlockSlot;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What unlocks the vault, and its data keys. */
@Command(
    name = "keys",
    description = "Show and change what unlocks the vault, and its data keys.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      KeysCommand.Show.class,
      KeysCommand.Add.class,
      KeysCommand.Remove.class,
      KeysCommand.Change.class,
      KeysCommand.Rotate.class,
      KeysCommand.Reencrypt.class,
      KeysCommand.Retire.class,
      KeysCommand.Discard.class
    })
final class KeysCommand {

  /** Where a master key that is added comes from. */
  static final class NewKey {

    @Option(
        names = "--new-key-file",
        paramLabel = "FILE",
        description = "The file of the new master key; created with a random one if missing.")
    private @Nullable Path file;

    @Option(
        names = "--new-key-env",
        paramLabel = "VARIABLE",
        description = "The environment variable that holds the new master key.")
    private @Nullable String variable;

    @Option(
        names = "--new-key-passphrase",
        description = "Ask for the passphrase that the new master key is made from.")
    private boolean passphrase;

    @Option(
        names = "--new-key-passphrase-env",
        paramLabel = "VARIABLE",
        description = "The environment variable that holds that passphrase.")
    private @Nullable String passphraseVariable;

    private @Nullable KeySource source;
    private boolean makesFile;
    private @Nullable MasterKey masterKey;

    /** Gets the key, while the vault is not open yet. */
    void prepare(Place vault, Streams streams) {
      KeySource given =
          KeySource.of("--new-key", file, variable, passphrase, passphraseVariable, true)
              .orElseThrow(
                  () ->
                      Refusal.calledWrongly("the new master key is missing: give --new-key-file"));
      given.checkPlace(vault);
      source = given;
      makesFile = given.makesFile();
      masterKey = given.masterKey(streams);
    }

    /** The key, for the receiver to close. */
    MasterKey masterKey() {
      if (masterKey == null) {
        throw new IllegalStateException("not prepared");
      }
      return masterKey;
    }

    /** Tells of a file that was made. */
    void report(Streams streams) {
      if (source != null && makesFile) {
        streams.complain(
            "created the new master key in "
                + source.file().map(Path::toString).orElse("")
                + "; keep a copy of it elsewhere");
      }
    }
  }

  /** Shows everything. */
  @Command(
      name = "show",
      description = {
        "Show the unlock slots, and the epochs of data keys with the number of records under each."
      })
  static final class Show extends VaultCommand {
    @Override
    int run(SecretVault vault, Streams streams) {
      List<List<String>> slots = new ArrayList<>();
      slots.add(List.of("slot", "unlocked by"));
      for (UnlockSlot slot : vault.keys().unlockSlots()) {
        slots.add(List.of(slot.id(), describe(slot)));
      }
      new Table(streams.out()).print(slots);
      streams.out().println();
      List<List<String>> epochs = new ArrayList<>();
      epochs.add(List.of("epoch", "created", "records", ""));
      for (KeyEpoch epoch : vault.keys().keysInUse()) {
        epochs.add(
            List.of(
                String.valueOf(epoch.number()),
                epoch.createdAt().truncatedTo(ChronoUnit.SECONDS).toString(),
                String.valueOf(epoch.records()),
                epoch.current() ? "current" : epoch.records() == 0 ? "safe to retire" : ""));
      }
      new Table(streams.out()).print(epochs);
      return Main.DONE;
    }
  }

  private static String describe(UnlockSlot slot) {
    return switch (slot.kind()) {
      case RAW -> "a key";
      case PASSPHRASE -> "a passphrase";
      case EXTERNAL -> "the key " + Printable.of(slot.uri().orElse(""));
      case UNKNOWN -> "something that a newer release knows";
    };
  }

  /** Adds a slot. */
  @Command(
      name = "add-unlock",
      description = "Let another master key unlock the vault, too, and print the id of its slot.")
  static final class Add extends VaultCommand {

    @Mixin private NewKey newKey;

    @Override
    void prepare(Streams streams) {
      newKey.prepare(place(), streams);
    }

    @Override
    int run(SecretVault vault, Streams streams) {
      streams.out().println(vault.keys().addUnlock(newKey.masterKey()).id());
      newKey.report(streams);
      return Main.DONE;
    }
  }

  /** Removes a slot. */
  @Command(
      name = "remove-unlock",
      description = {
        "Take a slot away, so that its master key unlocks the vault no more.",
        "Older copies of the vault still open with it: rotate and re-encrypt if it has leaked."
      })
  static final class Remove extends VaultCommand {

    @Parameters(paramLabel = "SLOT", description = "The slot's id, as show prints it.")
    private String slot;

    @Override
    int run(SecretVault vault, Streams streams) {
      vault.keys().removeUnlock(slot);
      streams.out().println(slot + " is removed");
      return Main.DONE;
    }
  }

  /** Replaces the master key. */
  @Command(
      name = "change-master-key",
      description = {
        "Replace the master key that the vault is opened with by a new one.",
        "No secret is written anew. Older copies of the vault still open with the old key."
      })
  static final class Change extends VaultCommand {

    @Mixin private NewKey newKey;

    private @Nullable MasterKey old;

    @Override
    void prepare(Streams streams) {
      old = masterKey();
      newKey.prepare(place(), streams);
    }

    @Override
    int run(SecretVault vault, Streams streams) {
      if (old == null) {
        throw new IllegalStateException("not prepared");
      }
      vault.keys().changeMasterKey(old, newKey.masterKey());
      streams.out().println("the master key is changed");
      newKey.report(streams);
      return Main.DONE;
    }
  }

  /** Begins an epoch. */
  @Command(
      name = "rotate",
      description = "Make new data keys. What is there stays readable, and is sealed as it was.")
  static final class Rotate extends VaultCommand {
    @Override
    int run(SecretVault vault, Streams streams) {
      streams.out().println("epoch " + vault.keys().rotate());
      return Main.DONE;
    }
  }

  /** Seals everything anew. */
  @Command(
      name = "reencrypt",
      description = {
        "Seal all records under the newest data keys. May be broken off and run again.",
        "Exits with 1 if some do not open; they stay as they are, and their keys are printed."
      })
  static final class Reencrypt extends VaultCommand {
    @Override
    int run(SecretVault vault, Streams streams) {
      VaultKeys keys = vault.keys();
      Reencryption done = keys.reencrypt(state -> show(state, streams));
      if (streams.errIsTerminal()) {
        streams.err().println();
      }
      streams
          .out()
          .println(
              done.examined() + " records examined, " + done.resealed() + " of them sealed anew");
      if (done.quarantined() == 0) {
        return Main.DONE;
      }
      streams.complain(done.quarantined() + " records do not open, and were left as they are:");
      done.quarantinedKeys().forEach(key -> streams.err().println(Printable.of(key)));
      return Main.REFUSED;
    }

    private static void show(Reencryption state, Streams streams) {
      if (streams.errIsTerminal()) {
        streams.err().print("\r" + state.examined() + " records");
      }
    }
  }

  /** Lets an epoch go. */
  @Command(
      name = "retire",
      description = "Let the data keys of an epoch go that no record is sealed under any more.")
  static final class Retire extends VaultCommand {

    @Parameters(paramLabel = "EPOCH", description = "The epoch's number, as show prints it.")
    private int epoch;

    @Override
    int run(SecretVault vault, Streams streams) {
      vault.keys().retire(epoch);
      streams.out().println("epoch " + epoch + " is retired");
      return Main.DONE;
    }
  }

  /** Deletes a record that nobody can open. */
  @Command(
      name = "discard",
      description = {
        "Delete a record that does not open, for good. Try first whether its secret can be deleted."
      })
  static final class Discard extends VaultCommand {

    @Parameters(paramLabel = "KEY", description = "The record's key, as reencrypt prints it.")
    private String key;

    @Override
    int run(SecretVault vault, Streams streams) {
      if (!vault.keys().discard(key)) {
        throw Refusal.because("there is no such record");
      }
      streams.out().println("the record is deleted");
      return Main.DONE;
    }
  }
}
