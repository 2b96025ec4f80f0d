package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;

/** A vault whose changes are handled, and another one on the same store. */
abstract class ChangeHandlerFixture {

  final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  final FaultyStore store = new FaultyStore(InMemorySecretStore.open(medium));
  final VaultFixture fixture = new VaultFixture(() -> InMemorySecretStore.open(medium));
  final SecretVault vault = fixture.open(store);

  @AfterEach
  void close() {
    vault.close();
    fixture.close();
  }

  /** Remembers what it was told, in a few words. */
  static final class Told {
    final BlockingQueue<String> words = new LinkedBlockingQueue<>();

    void handle(Optional<SecretInfo> secret) {
      words.add(
          secret
              .map(
                  info ->
                      info.state()
                          + " "
                          + Versions.current(info.versions())
                              .map(SecretInfo.Version::number)
                              .orElse(0)
                          + " "
                          + info.description())
              .map(String::strip)
              .orElse("none"));
    }

    String next() throws InterruptedException {
      return String.valueOf(words.poll(30, TimeUnit.SECONDS));
    }
  }

  static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
