package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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

  private SecretId createTwoVersions(String name) {
    SecretId id =
        VaultFixture.create(
            fixture.vault, SecretSpec.named(name).generated().active().expiresAfter(TEN));
    fixture.vault.rotate(id, NewValue.generated()).close();
    return id;
  }

  private void assertErased(SecretId id, Runnable removal) {
    List<String> ciphertexts = Ciphertexts.of(fixture, key -> key.contains(id.text()));
    assertThat(ciphertexts)
        .as("its record and two values")
        .hasSize(3)
        .allMatch(Ciphertexts.inAFileOf(directory));
    fixture.clock.advance(TEN);
    removal.run();
    assertThat(ciphertexts).noneMatch(Ciphertexts.inAFileOf(directory));
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
