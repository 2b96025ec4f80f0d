package dev.secretvault.cli;

import dev.secretvault.Digest;
import dev.secretvault.SecretVault;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a digest. */
@Command(name = "hmac", description = "Print the HMAC-SHA-256 of a user ID under an active secret.")
final class HmacCommand extends VaultCommand {

  @Parameters(index = "0", paramLabel = "NAME-OR-ID", description = "The secret.")
  private String nameOrId;

  @Parameters(index = "1", paramLabel = "USER-ID", description = "1 to 4096 bytes in UTF-8.")
  private String userId;

  @Option(names = "--base64url", description = "In URL-safe Base64 instead of hexadecimal digits.")
  private boolean base64Url;

  @Override
  int run(SecretVault vault, Streams streams) {
    Digest digest = vault.hmac(find(vault, nameOrId).id(), userId);
    streams.out().println(base64Url ? digest.base64Url() : digest.hex());
    return Main.DONE;
  }
}
