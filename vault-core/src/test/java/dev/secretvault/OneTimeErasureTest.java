package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.PasswordPolicy;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a one-time secret has ended, no file has its ciphertexts any more. */
class OneTimeErasureTest {

  @TempDir Path directory;
  private VaultFixture fixture;

  @BeforeEach
  void open() {
    fixture = VaultFixture.onFiles(directory.resolve("vault"));
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private List<String> ciphertexts() {
    try (SecretStore store = fixture.newStore()) {
      return VaultFixture.stored(store).values().stream()
          .filter(stored -> stored.key().text().matches(".*\\.[pg]\\..*"))
          .map(StoredRecord::bytes)
          .map(Base64.getEncoder()::encodeToString)
          .toList();
    }
  }

  private boolean isInAFile(String text) {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(Files::isRegularFile).anyMatch(file -> read(file).contains(text));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void assertErased(Consumer<SharedSecret> end) {
    SharedSecret shared =
        fixture
            .vault
            .oneTime()
            .generate(OneTimeSpec.generated(PasswordPolicy.ofLength(20)).shownOnReceipt());
    List<String> ciphertexts = ciphertexts();
    assertThat(ciphertexts).as("for the link and for the receipt").hasSize(2);
    assertThat(ciphertexts).allMatch(this::isInAFile);
    end.accept(shared);
    assertThat(ciphertexts).noneMatch(this::isInAFile);
  }

  @Test
  void whatWasRevealed_isInNoFile() {
    assertErased(shared -> fixture.vault.oneTime().reveal(shared.link()).close());
  }

  @Test
  void whatWasBurned_isInNoFile() {
    assertErased(shared -> fixture.vault.oneTime().burn(shared.receipt()));
  }

  @Test
  void whatHasExpired_isInNoFile_onceSomebodyIsTold() {
    assertErased(
        shared -> {
          fixture.clock.advance(OneTimeSpec.DEFAULT_TIME_TO_LIVE);
          assertThatThrownBy(() -> fixture.vault.oneTime().reveal(shared.link()))
              .isInstanceOf(SecretExpiredException.class);
        });
  }

  @Test
  void whatHasExpiredUnseen_isInNoFile_onceItIsSwept() {
    assertErased(
        shared -> {
          fixture.clock.advance(OneTimeSpec.DEFAULT_TIME_TO_LIVE);
          fixture.reopen().sweep();
        });
  }
}
