package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When an expired secret has been removed, no file has its ciphertext any more. */
class ExpiryErasureTest {

  private static final Duration TEN = Duration.ofSeconds(10);

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

  /** What the log has of the values of a secret. */
  private List<String> ciphertexts(SecretId id) {
    try (SecretStore store = fixture.newStore()) {
      return VaultFixture.stored(store).values().stream()
          .filter(stored -> stored.key().text().contains(id.text()))
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

  private SecretId createTwoVersions(String name) {
    SecretId id =
        VaultFixture.create(
            fixture.vault, SecretSpec.named(name).generated().active().expiresAfter(TEN));
    fixture.vault.rotate(id, NewValue.generated()).close();
    return id;
  }

  private void assertErased(SecretId id, Runnable removal) {
    List<String> ciphertexts = ciphertexts(id);
    assertThat(ciphertexts).as("its record and two values").hasSize(3).allMatch(this::isInAFile);
    fixture.clock.advance(TEN);
    removal.run();
    assertThat(ciphertexts).noneMatch(this::isInAFile);
  }

  @Test
  void whatIsSwept_isInNoFile() {
    assertErased(createTwoVersions("web"), fixture.vault::sweep);
  }

  @Test
  void whatLeavesItsName_isInNoFile() {
    assertErased(createTwoVersions("web"), () -> VaultFixture.create(fixture.vault, "web"));
  }

  @Test
  void whatExpiredWhileTheVaultWasClosed_isInNoFile() {
    assertErased(createTwoVersions("web"), () -> fixture.reopen().sweep());
  }
}
