package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LiveSecretsTest {

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  private final AtomicLong reads = new AtomicLong();

  /** The use of a handle is not seen by what is kept of the secrets used lately. */
  @Test
  void handle_besideMoreSecretsThanAreKept_readsNothingAnew() {
    WrappedStore counting =
        new WrappedStore(InMemorySecretStore.open(medium)) {
          @Override
          public Optional<StoredRecord> read(RecordKey key) {
            reads.incrementAndGet();
            return super.read(key);
          }
        };
    try (VaultFixture fixture = new VaultFixture(() -> counting)) {
      SecretVault vault = fixture.vault;
      UserIdAuthenticator users = vault.userIds(VaultFixture.create(vault, "handle"));
      List<SecretId> others = new ArrayList<>();
      for (int i = 0; i < LiveSecrets.MAX_ENTRIES + 1_000; i++) {
        others.add(VaultFixture.create(vault, "other " + i));
      }
      String digest = users.sign("u").digest().hex();
      for (int use = 0; use < 3; use++) {
        others.forEach(other -> vault.hmac(other, "u"));
      }
      System.gc(); // Takes what nobody holds.
      long before = reads.get();
      others.forEach(other -> vault.hmac(other, "u"));
      assertThat(reads.get()).as("the control: not all of them are kept").isGreaterThan(before);
      before = reads.get();
      assertThat(users.sign("u").digest().hex()).isEqualTo(digest);
      assertThat(vault.hmac(users.id(), "u").hex()).isEqualTo(digest);
      assertThat(reads).hasValue(before);
      vault.deactivate(users.id());
      assertThatExceptionOfType(SecretNotActiveException.class).isThrownBy(() -> users.sign("u"));
    }
  }

  /** Where no report has come yet, a reading that took longer does not hide what came after it. */
  @Test
  void whoeverHasSeenAChange_seesNothingOlderAfterIt() {
    FaultyStore slow = new FaultyStore(WrappedStore.deaf(InMemorySecretStore.open(medium)));
    try (VaultFixture fixture = new VaultFixture(() -> InMemorySecretStore.open(medium));
        SecretVault vault = fixture.open(slow)) {
      SecretId id = VaultFixture.create(fixture.vault, "web");
      slow.nth(FaultyStore.Call.READ, 1)
          .after(
              () -> {
                fixture.vault.deactivate(id);
                assertThat(vault.describe(id).state()).isEqualTo(SecretState.INACTIVE);
              });
      assertThat(vault.describe(id).state()).isEqualTo(SecretState.INACTIVE);
      assertThat(vault.describe(id).state()).isEqualTo(SecretState.INACTIVE);
    }
  }
}
