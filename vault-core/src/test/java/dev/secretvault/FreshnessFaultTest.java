package dev.secretvault;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The anchor fails, or the store: no good store is refused after. */
class FreshnessFaultTest {

  private static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes(US_ASCII);

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  private final MemoryAnchor anchor = new MemoryAnchor();

  private SecretVault open(SecretStore store) {
    return SecretVault.builder()
        .store(store)
        .masterKey(MasterKey.fromBytes(KEY.clone()))
        .threads(VaultFixture.IDLE)
        .freshness(anchor)
        .open();
  }

  private SecretVault open() {
    return open(InMemorySecretStore.open(medium));
  }

  private static SharedSecret share(SecretVault vault) {
    return vault.oneTime().share(OneTimeSpec.of("value".toCharArray()));
  }

  private static void assertFails(ThrowingCallable call, boolean outcomeKnown) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StoreFailedException.class,
            e -> {
              assertThat(e.outcomeKnown()).isEqualTo(outcomeKnown);
              assertThat(e.retryable()).isTrue();
            });
  }

  @AfterEach
  void storeIsGood() {
    anchor.unreadable = false;
    anchor.unwritable = false;
    anchor.silent = false;
    try (SecretVault vault = open()) {
      share(vault);
    }
    assertThat(anchor.counter()).isEqualTo(revision());
  }

  private long revision() {
    try (SecretStore store = InMemorySecretStore.open(medium)) {
      return store.read(AnchoredStore.KEY).orElseThrow().revision();
    }
  }

  @Test
  void anchorThatNotesNothing_costsOneCommit_howeverManyVaultsThereAre() {
    List<SecretVault> vaults = new ArrayList<>();
    List<SharedSecret> shared = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      vaults.add(open());
      shared.add(share(vaults.get(i)));
    }
    long before = revision();
    anchor.unwritable = true;
    assertFails(() -> vaults.get(0).oneTime().reveal(shared.get(0).link()), false);
    for (int round = 0; round < 2; round++) {
      for (int i = 1; i < 20; i++) {
        SecretVault vault = vaults.get(i);
        String link = shared.get(i).link();
        assertFails(() -> vault.oneTime().reveal(link), true);
      }
    }
    assertThat(revision()).isEqualTo(before + 1);
    assertThat(anchor.counter()).isEqualTo(before);
    vaults.forEach(SecretVault::close);
    assertFails(this::open, true);

    anchor.unwritable = false;
    try (SecretVault vault = open()) {
      assertThat(anchor.counter()).isEqualTo(before + 1);
      assertThatThrownBy(() -> vault.oneTime().reveal(shared.get(0).link()))
          .as("its end was made, though not noted")
          .isInstanceOf(AlreadyRevealedException.class);
      for (int i = 1; i < 20; i++) {
        vault.oneTime().reveal(shared.get(i).link()).close();
      }
    }
  }

  @Test
  void anchorThatCannotBeAsked_costsNothing() {
    try (SecretVault vault = open();
        SecretVault other = open()) {
      SharedSecret shared = share(vault);
      for (int i = 0; i < 40; i++) {
        share(other);
      }
      anchor.unreadable = true;
      assertFails(() -> vault.oneTime().reveal(shared.link()), true);
      assertFails(() -> share(vault), true);
      assertFails(this::open, true);
      anchor.unreadable = false;
      vault.oneTime().reveal(shared.link()).close();
    }
  }

  /** It notes, but its answers are lost. */
  @Test
  void anchorThatDoesNotAnswer_isFoundWhereItStands() {
    try (SecretVault vault = open()) {
      anchor.silent = true;
      for (int i = 0; i < 3; i++) {
        assertFails(() -> share(vault), false);
        assertThat(anchor.counter()).isEqualTo(revision());
      }
    }
  }

  /** A network that swallows acknowledgements: each commit stands, and nobody is told. */
  @Test
  void storeThatDoesNotKnow_isNotLostSightOf() {
    FaultyStore store = new FaultyStore(InMemorySecretStore.open(medium));
    try (SecretVault vault = open(store)) {
      long before = revision();
      store.from(Call.COMMIT, 1).fails(Fault.UNKNOWN_WRITTEN);
      for (int i = 0; i < 20; i++) {
        assertFails(() -> share(vault), false);
      }
      store.heal();
      assertThat(revision()).isEqualTo(before + 20);
      assertThat(anchor.counter()).isEqualTo(before + 19);
      store.from(Call.COMMIT, 1).fails(Fault.UNKNOWN_NOT_WRITTEN);
      for (int i = 0; i < 20; i++) {
        assertFails(() -> share(vault), false);
      }
      assertThat(revision()).isEqualTo(before + 20);
    }
  }

  /** The commit that begins to count is not noted either: the anchor has no mark yet. */
  @Test
  void firstCommitThatWasNotNoted_isNotedByTheNextOpening() {
    anchor.unwritable = true;
    assertFails(this::open, false);
    assertThat(revision()).isEqualTo(1);
    assertThat(anchor.read()).isEmpty();
    anchor.unwritable = false;
    open().close();
    assertThat(anchor.counter()).isEqualTo(1);
  }
}
