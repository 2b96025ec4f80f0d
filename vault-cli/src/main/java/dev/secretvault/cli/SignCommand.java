package dev.secretvault.cli;

import dev.secretvault.SecretVault;
import dev.secretvault.UserIdAuthenticator;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Signs a file of user IDs. */
@Command(
    name = "sign",
    description = {
      "Sign a file of user IDs, one a line in UTF-8, with an active secret.",
      "Writes CSV with the columns user_id and digest, in the same order, to a file that its owner"
          + " alone can read. A malformed line stops it, and then no file is written."
    })
final class SignCommand extends VaultCommand {

  @Parameters(paramLabel = "NAME-OR-ID", description = "The secret.")
  private String nameOrId;

  @Option(names = "--in", required = true, paramLabel = "FILE", description = "The user IDs.")
  @SuppressWarnings("NullAway.Init") // It is required.
  private Path in;

  @Option(names = "--out", required = true, paramLabel = "FILE", description = "The CSV.")
  @SuppressWarnings("NullAway.Init") // It is required.
  private Path out;

  @Option(names = "--force", description = "Replace the CSV if it exists.")
  private boolean force;

  @Override
  void prepare(Streams streams) throws IOException {
    if (Files.isDirectory(in)) {
      throw Refusal.because(in + " is a directory: name a file of user IDs");
    }
    if (Files.exists(out) && Files.exists(in) && Files.isSameFile(in, out)) {
      throw Refusal.calledWrongly("--in and --out are the same file");
    }
    NewFile.check(out, force);
  }

  @Override
  int run(SecretVault vault, Streams streams) throws IOException {
    // Fails if the secret cannot be used, of which nobody would learn from an empty input.
    UserIdAuthenticator users = vault.userIds(find(vault, nameOrId).id());
    String summary;
    try (InputStream input = open();
        Progress progress = new Progress(streams, size(), "user IDs signed", System::nanoTime)) {
      write(users, input, progress);
      summary = progress.summary();
    }
    streams.out().println(summary);
    return Main.DONE;
  }

  private void write(UserIdAuthenticator users, InputStream input, Progress progress) {
    CsvSigner signer = new CsvSigner(userId -> users.sign(userId).digest().hex(), progress);
    try (NewFile file = new NewFile(out, force)) {
      signer.sign(input, in.toString(), file.stream());
      file.appear();
    } catch (IOException e) {
      throw Refusal.because(out + " cannot be written", e);
    }
  }

  private InputStream open() {
    try {
      return Files.newInputStream(in);
    } catch (IOException e) {
      throw Refusal.because(in + " cannot be read", e);
    }
  }

  private long size() throws IOException {
    return Files.isRegularFile(in) ? Files.size(in) : Progress.UNKNOWN;
  }
}
