package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.PasswordPolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
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

  private void assertErased(Consumer<SharedSecret> end) {
    SharedSecret shared =
        fixture
            .vault
            .oneTime()
            .generate(OneTimeSpec.generated(PasswordPolicy.ofLength(20)).shownOnReceipt());
    List<String> ciphertexts = Ciphertexts.of(fixture, key -> key.matches(".*\\.[pg]\\..*"));
    assertThat(ciphertexts).as("for the link and for the receipt").hasSize(2);
    assertThat(ciphertexts).allMatch(Ciphertexts.inAFileOf(directory));
    end.accept(shared);
    assertThat(ciphertexts).noneMatch(Ciphertexts.inAFileOf(directory));
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
