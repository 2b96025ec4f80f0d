package dev.secretvault.cli;

import dev.secretvault.SecretId;
import dev.secretvault.SecretVault;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Verifies a digest. */
@Command(
    name = "verify",
    description = {
      "Say whether a digest is that of a user ID under an active secret.",
      "Prints genuine and ends with 0, or prints not genuine and ends with 1."
    })
final class VerifyCommand extends VaultCommand {

  private static final Pattern DIGEST = Pattern.compile("[0-9a-fA-F]{64}");

  @Parameters(index = "0", paramLabel = "NAME-OR-ID", description = "The secret.")
  private String nameOrId;

  @Parameters(index = "1", paramLabel = "USER-ID", description = "1 to 4096 bytes in UTF-8.")
  private String userId;

  @Parameters(index = "2", paramLabel = "DIGEST", description = "64 hexadecimal digits.")
  private String digest;

  @Override
  void prepare(Streams streams) {
    if (!DIGEST.matcher(digest).matches()) {
      throw Refusal.calledWrongly("DIGEST: 64 hexadecimal digits are needed");
    }
  }

  @Override
  int run(SecretVault vault, Streams streams) {
    SecretId id = find(vault, nameOrId).id();
    if (vault.verify(id, userId, digest)) {
      streams.out().println("genuine");
      return Main.DONE;
    }
    // The vault does not say why, so as to help nobody who guesses. An operator may know: if the
    // secret cannot be used, or this is no user ID, this throws.
    vault.hmac(id, userId);
    streams.out().println("not genuine");
    return Main.REFUSED;
  }
}
