package dev.secretvault.cli;

import dev.secretvault.StoreFailedException;
import dev.secretvault.VaultException;
import dev.secretvault.crypto.CryptoException;
import dev.secretvault.store.StoreException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A command that will not be done: one line that says why and what to do, and an exit code. */
final class Refusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** What to do about an exception whose message does not say it. */
  private static final Map<String, String> ADVICE =
      Map.of(
          "secret-not-found", "; to see those there are, run: secretvault list",
          "secret-expired", ": create a new one",
          "already-revealed", ": create a new one",
          "wrong-passphrase", "; to be asked for it, add --passphrase",
          "vault-not-found", ", with: secretvault init");

  private final int exitCode;

  private Refusal(int exitCode, String line, @Nullable Throwable cause) {
    super(line, cause);
    this.exitCode = exitCode;
  }

  /** The vault, a file or the answer stands against it. */
  static Refusal because(String line) {
    return new Refusal(Main.REFUSED, line, null);
  }

  /** A file could not be used. */
  static Refusal because(String line, IOException cause) {
    return new Refusal(Main.REFUSED, line + " (" + reason(cause) + ")", cause);
  }

  /** The arguments could never be right. */
  static Refusal calledWrongly(String line) {
    return new Refusal(Main.CALLED_WRONGLY, line, null);
  }

  /** What an exception means to whoever ran the command. */
  static Refusal of(Exception failure) {
    if (failure instanceof Refusal refusal) {
      return refusal;
    }
    if (failure instanceof VaultException vault) {
      return new Refusal(Main.REFUSED, vault.getMessage() + advice(vault), failure);
    }
    if (failure instanceof StoreException || failure instanceof CryptoException) {
      return new Refusal(Main.REFUSED, String.valueOf(failure.getMessage()), failure);
    }
    if (failure instanceof IllegalArgumentException) {
      return new Refusal(Main.CALLED_WRONGLY, String.valueOf(failure.getMessage()), failure);
    }
    if (failure instanceof IOException io) {
      return because("reading or writing failed", io);
    }
    return new Refusal(
        Main.REFUSED,
        "this should not happen ("
            + failure.getClass().getSimpleName()
            + "); run it again with --debug and report what it shows",
        failure);
  }

  private static String advice(VaultException failure) {
    if (failure instanceof StoreFailedException failed && !failed.outcomeKnown()) {
      return "; the change was made in full or not at all, to see which, run: secretvault list";
    }
    return ADVICE.getOrDefault(failure.code(), "");
  }

  private static String reason(IOException failure) {
    if (failure instanceof NoSuchFileException) {
      return "no such file or directory";
    }
    if (failure instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (failure instanceof FileSystemException inFileSystem && inFileSystem.getReason() != null) {
      return inFileSystem.getReason();
    }
    return String.valueOf(failure.getMessage());
  }

  int exitCode() {
    return exitCode;
  }
}
