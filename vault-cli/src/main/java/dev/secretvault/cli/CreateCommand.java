package dev.secretvault.cli;

import dev.secretvault.CreatedSecret;
import dev.secretvault.Disclosure;
import dev.secretvault.SecretInfo;
import dev.secretvault.SecretSpec;
import dev.secretvault.SecretVault;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Creates a secret. */
@Command(
    name = "create",
    description = {
      "Create a secret, inactive unless --active is given.",
      "Without a value, one is generated (32 random bytes in Base64) and printed, this once.",
      "With a value, the secret's id is printed."
    })
final class CreateCommand extends VaultCommand {

  @Parameters(paramLabel = "NAME", description = "The secret's name, 1 to 300 characters.")
  private String name;

  @Option(
      names = "--value-stdin",
      description =
          "Read the value from standard input, up to its end; one line break there is removed.")
  private boolean valueFromStdin;

  @Option(names = "--value-prompt", description = "Ask for the value, without showing it.")
  private boolean valueFromPrompt;

  @Option(names = "--active", description = "Activate it at once.")
  private boolean active;

  @Option(names = "--description", paramLabel = "TEXT", description = "What it is for.")
  private @Nullable String description;

  @Option(
      names = "--label",
      paramLabel = "KEY=VALUE",
      description = "A label to find it by. May be repeated.")
  private List<Label> labels = List.of();

  @Option(
      names = "--disclosure",
      paramLabel = "WHEN",
      description = {
        "When its value may be revealed: revealable (any time), at-creation (never again), or once.",
        "Default: at-creation if it is generated, else revealable."
      })
  private @Nullable Disclosure disclosure;

  @Mixin private PassphraseOptions passphrase;

  private @Nullable SecretSpec spec;

  @Override
  void prepare(Streams streams) throws IOException {
    SecretSpec prepared = SecretSpec.named(name);
    if (active) {
      prepared.active();
    }
    if (description != null) {
      prepared.description(description);
    }
    checkedLabels().forEach(prepared::label);
    if (disclosure != null) {
      prepared.disclosure(disclosure);
    }
    // Last, so that nobody types a value for a spec that is wrong.
    readValue(prepared, streams);
    passphrase
        .read(streams, true)
        .ifPresent(
            typed -> {
              try {
                prepared.passphrase(typed);
              } finally {
                HiddenText.overwrite(typed);
              }
            });
    spec = prepared;
  }

  private Map<String, String> checkedLabels() {
    Map<String, String> checked = new LinkedHashMap<>();
    for (Label label : labels) {
      if (checked.putIfAbsent(label.key(), label.value()) != null) {
        throw Refusal.calledWrongly("--label: a key was given twice");
      }
    }
    return checked;
  }

  private void readValue(SecretSpec into, Streams streams) throws IOException {
    if (valueFromStdin && valueFromPrompt) {
      throw Refusal.calledWrongly("--value-stdin and --value-prompt exclude each other");
    }
    if (valueFromStdin) {
      byte[] value = readToEnd(streams);
      try {
        into.value(value);
      } finally {
        Arrays.fill(value, (byte) 0);
      }
    } else if (valueFromPrompt) {
      char[] value = HiddenText.twice(streams, "value", "use --value-stdin");
      try {
        into.value(value);
      } finally {
        HiddenText.overwrite(value);
      }
    } else {
      into.generated();
    }
  }

  private static byte[] readToEnd(Streams streams) throws IOException {
    if (streams.inIsTerminal()) {
      throw Refusal.calledWrongly(
          "--value-stdin would show what you type on this terminal: use --value-prompt");
    }
    // One array that is filled in place: a growing one would leave copies behind.
    byte[] read = new byte[SecretSpec.MAX_VALUE_BYTES + 3];
    try {
      int length = streams.in().readNBytes(read, 0, read.length);
      if (length < read.length && length > 0 && read[length - 1] == '\n') {
        length--;
        if (length > 0 && read[length - 1] == '\r') {
          length--;
        }
      }
      return Arrays.copyOf(read, length);
    } finally {
      Arrays.fill(read, (byte) 0);
    }
  }

  @Override
  int run(SecretVault vault, Streams streams) {
    if (spec == null) {
      throw new IllegalStateException("not prepared");
    }
    try (CreatedSecret created = vault.create(spec)) {
      SecretInfo info = created.info();
      if (valueFromStdin || valueFromPrompt) {
        streams.out().println(info.id());
        return Main.DONE;
      }
      created
          .value()
          .use(
              bytes -> {
                streams.out().write(bytes, 0, bytes.length);
                streams.out().println();
                return bytes.length;
              });
      if (streams.out().checkError()) {
        throw Refusal.because(
            "the secret was created, but its value could not be printed: delete it, and create it"
                + " again");
      }
      streams.complain(
          "created "
              + info.id()
              + ", "
              + Choice.word(info.state())
              + (info.disclosure() == Disclosure.AT_CREATION
                  ? "; its value is not shown again"
                  : ""));
      return Main.DONE;
    }
  }
}
