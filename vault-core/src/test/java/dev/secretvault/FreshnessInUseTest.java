package dev.secretvault;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The store is put back below vaults that are open. */
class FreshnessInUseTest {

  private static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes(US_ASCII);

  private PutBackMedium medium;
  private final MemoryAnchor anchor = new MemoryAnchor();

  SecretStore newStore() {
    return new InMemorySecretStore();
  }

  @BeforeEach
  void takeMedium() {
    medium = new PutBackMedium(this::newStore);
  }

  @AfterEach
  void close() {
    medium.close();
  }

  private VaultBuilder builder() {
    return SecretVault.builder()
        .store(medium.open())
        .masterKey(MasterKey.fromBytes(KEY.clone()))
        .threads(VaultFixture.IDLE);
  }

  private SecretVault open(FreshnessAnchor with) {
    return builder().freshness(with).open();
  }

  private SecretVault open() {
    return open(anchor);
  }

  private static SharedSecret share(SecretVault vault) {
    return vault.oneTime().share(OneTimeSpec.of("value".toCharArray()));
  }

  private static void assertOpens(SecretVault vault, SharedSecret shared) {
    try (SecretValue value = vault.oneTime().reveal(shared.link())) {
      assertThat(VaultFixture.textOf(value)).isEqualTo("value");
    }
  }

  private void assertRefused(SecretVault vault, SharedSecret shared) {
    Optional<FreshnessAnchor.Mark> noted = anchor.read();
    for (int time = 0; time < 3; time++) {
      assertThatThrownBy(() -> vault.oneTime().reveal(shared.link()))
          .isInstanceOf(IntegrityException.class)
          .hasMessageContaining("older copy")
          .hasMessageContaining("freshnessFromNow");
      assertThatThrownBy(() -> share(vault)).isInstanceOf(IntegrityException.class);
    }
    assertThat(anchor.read()).isEqualTo(noted);
  }

  @Test
  void vaultThatWentOn_noticesTheCopy() {
    try (SecretVault vault = open()) {
      SharedSecret shared = share(vault);
      SecretStore copy = medium.copy();
      assertOpens(vault, shared);
      medium.putBack(copy);
      assertRefused(vault, shared);
    }
  }

  /** The copy is just as the idle vault has left the store: nothing in it could tell. */
  @Test
  void idleVault_noticesTheCopyOfItsOwnLastCommit() {
    try (SecretVault idle = open();
        SecretVault busy = open()) {
      SharedSecret shared = share(idle);
      SecretStore copy = medium.copy();
      assertOpens(busy, shared);
      share(busy);
      share(busy);
      medium.putBack(copy);
      assertRefused(idle, shared);
      assertRefused(busy, shared);
    }
  }

  /** The copy has gone on from where the idle vault has left the store. */
  @Test
  void idleVault_noticesACopyThatHasItsLastCommit() {
    try (SecretVault idle = open();
        SecretVault busy = open()) {
      SharedSecret shared = share(idle);
      share(busy);
      share(busy);
      SecretStore copy = medium.copy();
      assertOpens(busy, shared);
      medium.putBack(copy);
      assertRefused(idle, shared);
    }
  }

  /** The control: without an anchor, the link opens once more. */
  @Test
  void withoutAnAnchor_theLinkOpensAgain() {
    try (SecretVault idle = builder().open();
        SecretVault busy = builder().open()) {
      SharedSecret shared = share(idle);
      SecretStore copy = medium.copy();
      assertOpens(busy, shared);
      medium.putBack(copy);
      assertOpens(idle, shared);
    }
  }

  @Test
  void copyOfToday_isGood() {
    try (SecretVault idle = open();
        SecretVault busy = open()) {
      SharedSecret shared = share(idle);
      share(busy);
      SecretStore older = medium.copy();
      share(busy);
      SecretStore today = medium.copy();
      medium.putBack(older);
      assertRefused(idle, shared);
      medium.putBack(today);
      assertOpens(idle, shared);
    }
    open().close();
  }

  /** Does something when the first vault is about to note a commit. */
  private final class Slow implements FreshnessAnchor {
    private Runnable meanwhile = () -> {};

    @Override
    public Optional<Mark> read() {
      return anchor.read();
    }

    @Override
    public boolean advance(Mark before, Mark next) {
      Runnable now = meanwhile;
      meanwhile = () -> {};
      now.run();
      return anchor.advance(before, next);
    }
  }

  /** Its commit was made, but is lost with the copy, from which another vault has gone on. */
  @Test
  void commitLostOnItsWay_givesNothingOut() {
    Slow slow = new Slow();
    try (SecretVault late = open(slow);
        SecretVault other = open()) {
      SharedSecret shared = share(late);
      SecretStore copy = medium.copy();
      slow.meanwhile =
          () -> {
            medium.putBack(copy);
            assertOpens(other, shared);
          };
      assertThatThrownBy(() -> late.oneTime().reveal(shared.link()))
          .isInstanceOfSatisfying(
              StoreFailedException.class, e -> assertThat(e.outcomeKnown()).isFalse());
      assertThatThrownBy(() -> late.oneTime().reveal(shared.link()))
          .isInstanceOf(AlreadyRevealedException.class);
    }
  }

  /** The same, but nobody went on: what it gave out is what the anchor has seen. */
  @Test
  void commitThatTheCopyLacks_isTheAnchors() {
    Slow slow = new Slow();
    try (SecretVault late = open(slow);
        SecretVault other = open()) {
      SharedSecret shared = share(late);
      SecretStore copy = medium.copy();
      slow.meanwhile = () -> medium.putBack(copy);
      assertOpens(late, shared);
      assertRefused(late, shared);
      assertRefused(other, shared);
    }
  }

  /** Others note its commit in its place, and go on. */
  @Test
  void slowVault_isGivenItsValue_howeverFarOneOtherWent() {
    Slow slow = new Slow();
    try (SecretVault late = open(slow);
        SecretVault other = open()) {
      for (int others : new int[] {1, 2, 15, 16, 100}) {
        SharedSecret shared = share(late);
        slow.meanwhile = () -> shareTimes(other, others);
        assertOpens(late, shared);
      }
    }
    open().close();
  }

  @Test
  void slowVault_isGivenItsValue_beforeSixteenthVaultWentOn() {
    Slow slow = new Slow();
    List<SecretVault> others = new ArrayList<>();
    try (SecretVault late = open(slow)) {
      for (int i = 0; i < 15; i++) {
        others.add(open());
      }
      SharedSecret shared = share(late);
      slow.meanwhile = () -> others.subList(0, 14).forEach(other -> shareTimes(other, 2));
      assertOpens(late, shared);
      SharedSecret lost = share(late);
      slow.meanwhile = () -> others.forEach(other -> shareTimes(other, 2));
      assertThatThrownBy(() -> late.oneTime().reveal(lost.link()))
          .isInstanceOfSatisfying(
              StoreFailedException.class, e -> assertThat(e.outcomeKnown()).isFalse());
      share(late);
    } finally {
      others.forEach(SecretVault::close);
    }
    open().close();
  }

  private static void shareTimes(SecretVault vault, int times) {
    for (int i = 0; i < times; i++) {
      share(vault);
    }
  }
}
