package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.file.FileSecretStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What handlers of changes are told, and what they can do to others. */
@Timeout(60)
class ChangeHandlerTest extends ChangeHandlerFixture {

  private static NewValue value() {
    return NewValue.of("new".toCharArray());
  }

  /** The life of a name, seen by a handler of the vault that changes it and by one elsewhere. */
  private static void assertTold(SecretVault here, SecretVault there) throws InterruptedException {
    Told told = new Told();
    try (ChangeSubscription subscription = there.onChange("web", told::handle)) {
      assertThat(subscription).isNotNull();
      assertThat(told.next()).isEqualTo("none");
      SecretId id = VaultFixture.create(here, SecretSpec.named("web").generated());
      assertThat(told.next()).isEqualTo("INACTIVE 1");
      here.activate(id);
      assertThat(told.next()).isEqualTo("ACTIVE 1");
      here.rotate(id, value()).close();
      assertThat(told.next()).isEqualTo("ACTIVE 1");
      here.activate(id);
      assertThat(told.next()).isEqualTo("ACTIVE 2");
      here.rollback(id);
      assertThat(told.next()).isEqualTo("ACTIVE 1");
      here.retire(id, 2);
      assertThat(told.next()).isEqualTo("ACTIVE 1");
      here.deactivate(id);
      assertThat(told.next()).isEqualTo("INACTIVE 1");
      here.update(id, SecretUpdate.none().description("x"));
      assertThat(told.next()).isEqualTo("INACTIVE 1 x");
      here.update(id, SecretUpdate.none().name("former"));
      assertThat(told.next()).isEqualTo("none");
      here.update(id, SecretUpdate.none().name("web"));
      assertThat(told.next()).isEqualTo("INACTIVE 1 x");
      here.delete(id);
      assertThat(told.next()).isEqualTo("none");
      SecretId once =
          VaultFixture.create(
              here, SecretSpec.named("web").generated().active().disclosure(Disclosure.ONCE));
      assertThat(told.next()).isEqualTo("ACTIVE 1");
      here.reveal(once).close();
      assertThat(told.next()).isEqualTo("REVEALED 0");
      here.delete(once);
      assertThat(told.next()).isEqualTo("none");
      assertThat(told.words).isEmpty();
    }
  }

  @Test
  void handler_isToldOfEachChange_ofItsOwnVault() throws InterruptedException {
    assertTold(vault, vault);
  }

  @Test
  void handler_isToldOfEachChange_ofAnotherVault() throws InterruptedException {
    assertTold(fixture.vault, vault);
    assertTold(fixture.vault.namespace("tenant"), vault.namespace("tenant"));
  }

  @Test
  void handler_isToldOfEachChange_ofAnotherVaultOnFiles(@TempDir Path directory)
      throws InterruptedException {
    try (VaultFixture files = VaultFixture.onFiles(directory.resolve("vault"));
        SecretVault other = files.open(FileSecretStore.open(directory.resolve("vault")))) {
      assertTold(other, files.vault);
    }
  }

  @Test
  void handler_isCalledAtFirstWithWhatIs_andNotForOthersChanges() throws InterruptedException {
    SecretId id = VaultFixture.create(vault, "web");
    SecretId other = VaultFixture.create(vault, "other");
    SecretVault tenant = vault.namespace("tenant");
    Told told = new Told();
    vault.onChange("web", told::handle);
    assertThat(told.next()).isEqualTo("ACTIVE 1");
    vault.deactivate(other);
    VaultFixture.create(tenant, "web");
    vault.activate(id);
    vault.keys().rotate();
    assertThat(vault.keys().reencrypt(progress -> {}).resealed()).isPositive();
    vault.deactivate(id);
    assertThat(told.next()).isEqualTo("INACTIVE 1");
    assertThat(told.words).isEmpty();
  }

  /** A store that cannot be read for a while must not end it: nobody would tell of that change. */
  @Test
  void changeThatCannotBeReadAtFirst_isToldLater() throws InterruptedException {
    SecretId id = VaultFixture.create(vault, "web");
    Told told = new Told();
    vault.onChange("web", told::handle);
    assertThat(told.next()).isEqualTo("ACTIVE 1");
    CountDownLatch failed = new CountDownLatch(3);
    store.from(Call.READ, 1).before(failed::countDown).fails(Fault.NOT_WRITTEN);
    fixture.vault.deactivate(id);
    await(failed);
    assertThat(told.words).isEmpty();
    store.heal();
    assertThat(told.next()).isEqualTo("INACTIVE 1");
  }

  /** What it had stays in use; what it could not have is offered again. */
  @Test
  void handlerThatCannotReveal_keepsWhatItHad_andGetsTheNewOneLater() throws InterruptedException {
    AtomicBoolean failing = new AtomicBoolean();
    SecretStore withoutValues =
        new WrappedStore(InMemorySecretStore.open(medium)) {
          @Override
          public Optional<StoredRecord> read(RecordKey key) {
            if (failing.get() && key.text().contains(".v.")) {
              throw new StoreException("planned", StoreException.Outcome.NOT_WRITTEN, true, null);
            }
            return super.read(key);
          }
        };
    SecretId id = VaultFixture.create(vault, "web");
    AtomicReference<String> inUse = new AtomicReference<>();
    BlockingQueue<String> taken = new LinkedBlockingQueue<>();
    CountDownLatch failed = new CountDownLatch(2);
    try (SecretVault there = fixture.open(withoutValues)) {
      there.onChange(
          "web",
          secret -> {
            try (SecretValue value = there.reveal("web")) {
              inUse.set(VaultFixture.textOf(value));
              taken.add(inUse.get());
            } catch (VaultException e) {
              failed.countDown();
              throw e;
            }
          });
      assertThat(taken.poll(30, TimeUnit.SECONDS)).isEqualTo("web");
      vault.rotate(id, value()).close();
      assertThat(taken.poll(30, TimeUnit.SECONDS)).isEqualTo("web");
      failing.set(true);
      vault.activate(id);
      await(failed);
      assertThat(inUse).hasValue("web");
      failing.set(false);
      assertThat(taken.poll(30, TimeUnit.SECONDS)).isEqualTo("new");
    }
  }

  /** Between the look-up of the name and that of the secret, and right behind it. */
  @Test
  void changeWhileItIsLookedUp_isNotMissed() throws InterruptedException {
    SecretId id = VaultFixture.create(fixture.vault, "web");
    vault.find("web"); // From here on, it has no reason of its own to read the header.
    for (boolean before : new boolean[] {true, false}) {
      fixture.vault.activate(id);
      Runnable change = () -> fixture.vault.deactivate(id);
      if (before) {
        store.nth(Call.READ, 2).before(change);
      } else {
        store.nth(Call.READ, 2).after(change);
      }
      Told told = new Told();
      try (ChangeSubscription subscription = vault.onChange("web", told::handle)) {
        assertThat(subscription).isNotNull();
        if (!before) {
          assertThat(told.next()).isEqualTo("ACTIVE 1");
        }
        assertThat(told.next()).isEqualTo("INACTIVE 1");
      }
      store.heal();
    }
  }

  @Test
  void missedReports_haveAllHandlersLookAgain() throws InterruptedException {
    List<StoreListener> listeners = new ArrayList<>();
    SecretStore mute =
        new WrappedStore(InMemorySecretStore.open(medium)) {
          @Override
          public SecretStore.Subscription watch(StoreListener watching) {
            listeners.add(watching);
            return () -> {};
          }
        };
    SecretId id = VaultFixture.create(vault, "web");
    try (SecretVault there = fixture.open(mute)) {
      Told told = new Told();
      there.onChange("web", told::handle);
      assertThat(told.next()).isEqualTo("ACTIVE 1");
      vault.deactivate(id);
      assertThat(told.words).isEmpty();
      listeners.forEach(StoreListener::missed);
      assertThat(told.next()).isEqualTo("INACTIVE 1");
    }
  }

  @Test
  void nameThatNoSecretCanHave_isRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> vault.onChange("\ud800", secret -> {}));
    for (Runnable call :
        List.<Runnable>of(
            () -> vault.onChange(null, secret -> {}), () -> vault.onChange("n", null))) {
      assertThatThrownBy(call::run).isInstanceOf(NullPointerException.class);
    }
  }
}
