package dev.secretvault.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Shows a secret's life with the real commands. */
@Command(
    name = "demo",
    description = {
      "Show what SecretVault does: its commands and what they answer, on a vault of the demo's own,"
          + " in a new directory that stays for you to look at."
    })
final class DemoCommand implements Callable<Integer> {

  private static final int USER_IDS = 10_000;
  private static final int CHECKED = 1_000;
  private static final String NAME = "web-login";
  private static final String LABEL = "app";
  private static final String LABEL_VALUE = "checkout";
  private static final String GIVEN_NAME = "api-key";
  private static final String USER_ID = "user@domain.com";
  private static final String GIVEN = "correct horse battery";

  @Parameters(
      arity = "0..1",
      paramLabel = "FILE",
      description = "User IDs to sign, one a line; if missing, 10,000 are made up.")
  private @Nullable Path file;

  @ParentCommand private Main main;

  @Override
  public Integer call() throws IOException {
    if (!main.location().isDefault()) {
      throw Refusal.calledWrongly("demo makes a vault of its own: leave out where one is");
    }
    if (file != null && !Files.isReadable(file)) {
      throw Refusal.because(file + " cannot be read: name a file of user IDs");
    }
    Path directory = Files.createTempDirectory("secretvault-demo-");
    DemoStage stage = new DemoStage(main.streams(), directory);
    stage.say("SecretVault, shown with its own commands. Each opens the vault from");
    stage.say("disk, does its work, and closes it.");
    stage.say("");
    stage.say("$ cd " + directory);
    String generated = lifeOfAGeneratedSecret(stage);
    givenValue(stage);
    noPlaintext(stage, directory, generated);
    if (!bulk(stage, directory, generated)) {
      return Main.REFUSED;
    }
    stage.say("");
    stage.say("All of it is still in " + directory);
    stage.say(
        stage.asPromised() ? "Everything was as promised." : "SOMETHING WAS NOT AS PROMISED.");
    return stage.asPromised() ? Main.DONE : Main.REFUSED;
  }

  private static String lifeOfAGeneratedSecret(DemoStage stage) {
    stage.step("Create a vault: a directory, and a master key beside it.");
    stage.expect(Main.DONE, "init");

    stage.step("Create a secret. Its value is generated, and shown this once.");
    String generated =
        stage.expect(Main.DONE, "create", NAME, "--label", LABEL + "=" + LABEL_VALUE).out().strip();

    stage.step("It is inactive at first: it signs nothing.");
    stage.list();
    stage.expect(Main.REFUSED, "hmac", NAME, USER_ID);

    stage.step("Activate it.");
    stage.expect(Main.DONE, "activate", NAME);
    stage.list();

    stage.step("Sign a user ID: HMAC-SHA-256, 64 hexadecimal digits.");
    String digest = stage.expect(Main.DONE, "hmac", NAME, USER_ID).out().strip();

    stage.step("Verify: the right user ID, then another one.");
    stage.expect(Main.DONE, "verify", NAME, USER_ID, digest);
    stage.expect(Main.REFUSED, "verify", NAME, "other@domain.com", digest);

    stage.step("The vault was closed. Opened again from disk, it answers alike.");
    String again = stage.expect(Main.DONE, "hmac", NAME, USER_ID).out().strip();
    stage.check(again.equals(digest), "the same digest as before");
    stage.check(
        digest.equals(DemoStage.mac(generated, USER_ID)), "javax.crypto.Mac makes the same one");

    stage.step("A generated value was shown at creation, and never again.");
    stage.expect(Main.REFUSED, "reveal", NAME);
    return generated;
  }

  private static void givenValue(DemoStage stage) {
    stage.step("A value that you give can be revealed, unless you say otherwise.");
    stage.expectWithInput(GIVEN, "create", GIVEN_NAME, "--value-stdin", "--active");
    String revealed = stage.expect(Main.DONE, "reveal", GIVEN_NAME).out();
    stage.check(revealed.equals(GIVEN), "the value that was given");
  }

  private static void noPlaintext(DemoStage stage, Path directory, String generated)
      throws IOException {
    stage.step("On disk all of it is sealed.");
    PlaintextSearch search = new PlaintextSearch(directory.resolve(DemoStage.VAULT));
    stage.note(
        "searched the " + search.files() + " files of the vault, " + search.bytes() + " bytes,");
    stage.note("as text, in hexadecimal and in Base64, for both values,");
    stage.note("both names, the label and the user ID:");
    boolean found = false;
    for (String text : List.of(generated, GIVEN, NAME, GIVEN_NAME, LABEL_VALUE, USER_ID)) {
      found |= search.finds(text);
    }
    stage.check(!found, "none of them is there");
    stage.check(
        search.finds("secretvault-log"), "what is not secret is found: the name of the format");
  }

  /** Signs the user IDs; false if that was refused. */
  private boolean bulk(DemoStage stage, Path directory, String generated) throws IOException {
    stage.step("Sign a file of user IDs, in order, on all cores.");
    Path in = file;
    if (in == null) {
      in = directory.resolve("ids.txt");
      Files.write(
          in,
          IntStream.rangeClosed(1, USER_IDS).mapToObj(i -> "user-" + i + "@domain.com").toList());
    }
    Path out = directory.resolve("digests.csv");
    DemoStage.Answer answer =
        stage.show("sign", NAME, "--in", in.toString(), "--out", out.toString());
    if (answer.exitCode() != Main.DONE) {
      return false;
    }
    stage.showBeginning(out, 3);
    if (Files.isRegularFile(in)) { // Else it can be read only once.
      stage.checkDigests(in, out, generated, CHECKED);
    }
    return true;
  }
}
