package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A change is obeyed by the very next call, whatever handle it comes through. */
class AtOnceTest {

  private static final String USER = "u";
  private static final String FIRST = digestUnder("first");
  private static final String SECOND = digestUnder("second");

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  private VaultFixture fixture;
  private SecretVault other;
  private SecretVault vault;
  private SecretId id;
  private List<SecretVault> handles;

  @BeforeEach
  void open() {
    fixture = new VaultFixture(() -> InMemorySecretStore.open(medium));
    other = fixture.open();
    vault = fixture.vault;
    id = VaultFixture.create(vault, spec("web", "first"));
    handles = new ArrayList<>();
    for (SecretVault each : List.of(vault, other)) {
      handles.add(each);
      handles.add(each.namespace(""));
      handles.add(each.restrictedTo(Set.of(Permission.DIGEST, Permission.REVEAL)));
      handles.add(each.namespace("").restrictedTo(Set.of(Permission.DIGEST, Permission.REVEAL)));
    }
    assertSigns("web", FIRST); // So that all is cached that ever is.
  }

  @AfterEach
  void close() {
    other.close();
    fixture.close();
  }

  private static SecretSpec spec(String name, String value) {
    return SecretSpec.named(name).value(value.toCharArray()).active();
  }

  private static String digestUnder(String value) {
    return LifeModel.hmac(value.getBytes(StandardCharsets.UTF_8), USER);
  }

  private void assertSigns(String name, String digest) {
    for (SecretVault handle : handles) {
      assertThat(handle.hmac(id, USER).hex()).isEqualTo(digest);
      assertThat(handle.hmac(name, USER).hex()).isEqualTo(digest);
      assertVerifies(digest, true);
    }
  }

  private void assertVerifies(String digest, boolean genuine) {
    for (SecretVault handle : handles) {
      assertThat(handle.verify(id, USER, digest)).isEqualTo(genuine);
    }
  }

  private void assertRefuses(Class<? extends VaultException> refusal) {
    for (SecretVault handle : handles) {
      List<Function<SecretVault, Object>> uses =
          List.of(
              each -> each.hmac(id, USER),
              each -> each.hmac("web", USER),
              each -> each.reveal(id),
              each -> each.reveal("web"));
      uses.forEach(use -> assertThatThrownBy(() -> use.apply(handle)).isInstanceOf(refusal));
      assertThat(handle.verify(id, USER, FIRST)).isFalse();
      assertThat(handle.verify("web", USER, FIRST)).isFalse();
      assertThat(handle.matches(id, "first".toCharArray())).isFalse();
      assertThat(handle.matches("web", "first".toCharArray())).isFalse();
    }
  }

  @Test
  void deactivated_stopsSigning_andActivated_signsAgain() {
    vault.deactivate(id);
    assertRefuses(SecretNotActiveException.class);
    vault.activate(id);
    assertSigns("web", FIRST);
  }

  @Test
  void deleted_stopsSigning_andItsSuccessor_signsWithItsOwnValue() {
    vault.delete(id);
    assertRefuses(SecretNotFoundException.class);
    SecretId deleted = id;
    id = VaultFixture.create(vault, spec("web", "second"));
    assertSigns("web", SECOND);
    assertVerifies(FIRST, false);
    id = deleted;
    assertThatThrownBy(() -> other.hmac(id, USER)).isInstanceOf(SecretNotFoundException.class);
  }

  @Test
  void renamed_signsUnderItsNewNameOnly() {
    vault.update(id, SecretUpdate.none().name("app"));
    assertSigns("app", FIRST);
    for (SecretVault handle : handles) {
      assertThatThrownBy(() -> handle.hmac("web", USER))
          .isInstanceOf(SecretNotFoundException.class);
      assertThat(handle.verify("web", USER, FIRST)).isFalse();
    }
    SecretId successor = VaultFixture.create(vault, spec("web", "second"));
    for (SecretVault handle : handles) {
      assertThat(handle.hmac("web", USER).hex()).isEqualTo(SECOND);
      assertThat(handle.hmac(successor, USER).hex()).isEqualTo(SECOND);
    }
  }

  @Test
  void rotated_signsWithTheNewValue_fromTheActivationOn() {
    vault.rotate(id, NewValue.of("second".toCharArray())).close();
    assertSigns("web", FIRST);
    assertVerifies(SECOND, false);
    vault.activate(id);
    assertSigns("web", SECOND);
    assertVerifies(FIRST, true);
    vault.rollback(id);
    assertSigns("web", FIRST);
    assertVerifies(SECOND, true);
    vault.retire(id, 2);
    assertSigns("web", FIRST);
    assertVerifies(SECOND, false);
  }

  @Test
  void expired_stopsSigning() {
    vault.update(id, SecretUpdate.none().expiresAt(VaultFixture.START.plusSeconds(1)));
    assertSigns("web", FIRST);
    fixture.clock.advance(Duration.ofSeconds(1));
    assertRefuses(SecretExpiredException.class);
  }

  @Test
  void notYetValid_stopsSigning_untilThen() {
    vault.update(id, SecretUpdate.none().notBefore(VaultFixture.START.plusSeconds(1)));
    assertRefuses(SecretNotActiveException.class);
    fixture.clock.advance(Duration.ofSeconds(1));
    assertSigns("web", FIRST);
  }

  @Test
  void revealedOnce_stopsSigning() {
    vault.delete(id);
    id = VaultFixture.create(vault, spec("web", "first").disclosure(Disclosure.ONCE));
    assertSigns("web", FIRST);
    other.reveal("web").close();
    assertRefuses(AlreadyRevealedException.class);
  }

  /** A store that has another's news only when it is told to. */
  private static final class Late extends WrappedStore {
    private final List<Runnable> reports = new ArrayList<>();

    Late(SecretStore store) {
      super(store);
    }

    @Override
    public Subscription watch(StoreListener listener) {
      return super.watch(
          new StoreListener() {
            @Override
            public void changed(Set<RecordKey> keys) {
              reports.add(() -> listener.changed(keys));
            }

            @Override
            public void missed() {
              reports.add(listener::missed);
            }
          });
    }

    void report() {
      List.copyOf(reports).forEach(Runnable::run);
      reports.clear();
    }
  }

  /** What another vault does before and after its store reports a change. */
  @Test
  void anotherVault_followsWhenItsStoreReports() {
    Late store = new Late(fixture.newStore());
    try (SecretVault late = fixture.open(store)) {
      assertThat(late.hmac("web", USER).hex()).isEqualTo(FIRST);
      vault.deactivate(id);
      assertThat(late.hmac("web", USER).hex()).as("no report yet").isEqualTo(FIRST);
      store.report();
      assertThatThrownBy(() -> late.hmac("web", USER)).isInstanceOf(SecretNotActiveException.class);
      assertThat(late.verify(id, USER, FIRST)).isFalse();
      vault.activate(id);
      store.report();
      assertThat(late.hmac("web", USER).hex()).isEqualTo(FIRST);
      vault.rotate(id, NewValue.of("second".toCharArray())).close();
      vault.activate(id);
      store.report();
      assertThat(late.hmac(id, USER).hex()).isEqualTo(SECOND);
      assertThat(late.verify(id, USER, FIRST)).isTrue();
      vault.retire(id, 1);
      store.report();
      assertThat(late.verify(id, USER, FIRST)).isFalse();
      vault.update(id, SecretUpdate.none().name("app"));
      store.report();
      assertThatThrownBy(() -> late.hmac("web", USER)).isInstanceOf(SecretNotFoundException.class);
      assertThat(late.hmac("app", USER).hex()).isEqualTo(SECOND);
      vault.delete(id);
      store.report();
      assertThatThrownBy(() -> late.hmac("app", USER)).isInstanceOf(SecretNotFoundException.class);
      assertThatThrownBy(() -> late.hmac(id, USER)).isInstanceOf(SecretNotFoundException.class);
    }
  }

  /** It knows the secret under its old name, and reads the new one. */
  @Test
  void anotherVault_findsARenamedSecret_beforeItsStoreReports() {
    Late store = new Late(fixture.newStore());
    try (SecretVault late = fixture.open(store)) {
      assertThat(late.hmac(id, USER).hex()).isEqualTo(FIRST);
      vault.update(id, SecretUpdate.none().name("app"));
      assertThat(late.hmac("app", USER).hex()).isEqualTo(FIRST);
      vault.delete(id);
      id = VaultFixture.create(vault, spec("app", "second"));
      store.report();
      assertThat(late.hmac("app", USER).hex()).isEqualTo(SECOND);
    }
  }
}
