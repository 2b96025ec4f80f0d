package dev.secretvault;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The sealed records of a vault on files, as its log writes them. */
final class Ciphertexts {

  private Ciphertexts() {}

  /** What the log has of the records whose keys are such. */
  static List<String> of(VaultFixture fixture, Predicate<String> keys) {
    try (SecretStore store = fixture.newStore()) {
      return VaultFixture.stored(store).values().stream()
          .filter(stored -> keys.test(stored.key().text()))
          .map(StoredRecord::bytes)
          .map(Base64.getEncoder()::encodeToString)
          .toList();
    }
  }

  /** Whether it is in a file of the directory, or of one below. */
  static Predicate<String> inAFileOf(Path directory) {
    return text -> {
      try (Stream<Path> files = Files.walk(directory)) {
        return files.filter(Files::isRegularFile).anyMatch(file -> read(file).contains(text));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
