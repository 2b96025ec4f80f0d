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
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What handlers of changes are told, and what they can do to others. */
@Timeout(60)
class ChangeHandlerTest {

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  private final FaultyStore store = new FaultyStore(InMemorySecretStore.open(medium));
  private final VaultFixture fixture = new VaultFixture(() -> InMemorySecretStore.open(medium));
  private final SecretVault vault = fixture.open(store);

  @AfterEach
  void close() {
    vault.close();
    fixture.close();
  }

  /** Remembers what it was told, in a few words. */
  private static final class Told {
    private final BlockingQueue<String> words = new LinkedBlockingQueue<>();

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

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

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

  @Test
  void handlerThatThrows_harmsNobody_andIsToldTheNextChange() throws InterruptedException {
    SecretId id = VaultFixture.create(vault, "web");
    Told told = new Told();
    Told other = new Told();
    vault.onChange(
        "web",
        secret -> {
          told.handle(secret);
          if (told.words.size() % 2 == 1) {
            throw new StackOverflowError("planned");
          }
          throw new IllegalStateException("planned");
        });
    vault.onChange("web", other::handle);
    assertThat(told.next()).isEqualTo("ACTIVE 1");
    assertThat(other.next()).isEqualTo("ACTIVE 1");
    vault.deactivate(id);
    assertThat(told.next()).isEqualTo("INACTIVE 1");
    assertThat(other.next()).isEqualTo("INACTIVE 1");
    assertThat(told.words).isEmpty();
  }

  @Test
  void handlerThatHangs_holdsNobodyUp_andGetsTheLatestStateOnly() throws InterruptedException {
    SecretId id = VaultFixture.create(vault, "web");
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    Told slow = new Told();
    Told other = new Told();
    vault.onChange(
        "web",
        secret -> {
          slow.handle(secret);
          entered.countDown();
          await(release);
        });
    vault.onChange("web", other::handle);
    await(entered);
    assertThat(other.next()).isEqualTo("ACTIVE 1");
    for (int i = 0; i < 50; i++) {
      vault.update(id, SecretUpdate.none().description("step " + i));
    }
    String last = other.next();
    while (!last.equals("ACTIVE 1 step 49")) {
      last = other.next();
    }
    assertThat(slow.next()).isEqualTo("ACTIVE 1");
    assertThat(slow.words).isEmpty();
    release.countDown();
    assertThat(slow.next()).isEqualTo("ACTIVE 1 step 49");
    vault.deactivate(id);
    assertThat(slow.next()).isEqualTo("INACTIVE 1 step 49");
    assertThat(slow.words).isEmpty();
  }

  @Test
  void vault_closesWhileAHandlerHangs() {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger calls = new AtomicInteger();
    vault.onChange(
        "web",
        secret -> {
          calls.incrementAndGet();
          entered.countDown();
          await(release);
        });
    await(entered);
    vault.close();
    release.countDown();
    assertThat(calls).hasValue(1);
    assertThatThrownBy(() -> vault.onChange("web", secret -> {}))
        .isInstanceOf(IllegalStateException.class);
  }

  /** The thread that a handler is called on; its end shows that the handler is let go. */
  private static void assertEnds(AtomicReference<Thread> thread) throws InterruptedException {
    assertThat(thread.get().isDaemon()).isTrue();
    thread.get().join(TimeUnit.SECONDS.toMillis(30));
    assertThat(thread.get().isAlive()).isFalse();
  }

  @Test
  void handlerThatUnsubscribes_isNotCalledAgain() throws InterruptedException {
    SecretId id = VaultFixture.create(vault, "web");
    Told told = new Told();
    AtomicReference<Thread> thread = new AtomicReference<>();
    AtomicReference<ChangeSubscription> own = new AtomicReference<>();
    CountDownLatch subscribed = new CountDownLatch(1);
    own.set(
        vault.onChange(
            "web",
            secret -> {
              await(subscribed);
              thread.set(Thread.currentThread());
              told.handle(secret);
              own.get().close();
              own.get().close();
              vault.deactivate(id);
            }));
    Told other = new Told();
    subscribed.countDown();
    assertThat(told.next()).isEqualTo("ACTIVE 1");
    assertEnds(thread);
    vault.onChange("web", other::handle);
    assertThat(other.next()).isEqualTo("INACTIVE 1");
    vault.activate(id);
    assertThat(other.next()).isEqualTo("ACTIVE 1");
    assertThat(told.words).isEmpty();
  }

  @Test
  void handlerThatClosesTheVault_ends() throws InterruptedException {
    VaultFixture.create(vault, "web");
    AtomicReference<Thread> thread = new AtomicReference<>();
    CountDownLatch done = new CountDownLatch(1);
    vault.onChange(
        "web",
        secret -> {
          thread.set(Thread.currentThread());
          vault.close();
          done.countDown();
        });
    await(done);
    assertEnds(thread);
    assertThat(vault).hasToString("SecretVault[closed]");
  }

  @Test
  void viewThatIsClosed_endsItsHandlers_andNoOthers() throws InterruptedException {
    SecretId id = VaultFixture.create(vault, "web");
    SecretVault view = vault.restrictedTo(Set.of(Permission.LIST));
    Told told = new Told();
    Told ofTheView = new Told();
    AtomicReference<Thread> thread = new AtomicReference<>();
    view.restrictedTo(Set.of(Permission.LIST))
        .onChange(
            "web",
            secret -> {
              thread.set(Thread.currentThread());
              ofTheView.handle(secret);
            });
    vault.onChange("web", told::handle);
    assertThat(ofTheView.next()).isEqualTo("ACTIVE 1");
    assertThat(told.next()).isEqualTo("ACTIVE 1");
    view.close();
    assertEnds(thread);
    vault.deactivate(id);
    assertThat(told.next()).isEqualTo("INACTIVE 1");
    assertThat(ofTheView.words).isEmpty();
    assertThatThrownBy(() -> view.onChange("web", secret -> {}))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void handlerThatLeavesItsThreadInterrupted_isToldTheNextChange() throws InterruptedException {
    SecretId id = VaultFixture.create(vault, "web");
    Told told = new Told();
    vault.onChange(
        "web",
        secret -> {
          told.handle(secret);
          Thread.currentThread().interrupt();
        });
    assertThat(told.next()).isEqualTo("ACTIVE 1");
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
    AtomicReference<StoreListener> listener = new AtomicReference<>();
    SecretStore mute =
        new WrappedStore(InMemorySecretStore.open(medium)) {
          @Override
          public SecretStore.Subscription watch(StoreListener watching) {
            listener.set(watching);
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
      listener.get().missed();
      assertThat(told.next()).isEqualTo("INACTIVE 1");
    }
  }

  /** Neither a slow handler's call nor its look-up is made by the thread that commits. */
  @Test
  void handlers_runOnThreadsOfTheirOwn_oneCallAtATime() throws InterruptedException {
    SecretId id = VaultFixture.create(vault, "web");
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger overlaps = new AtomicInteger();
    Told told = new Told();
    for (int i = 0; i < 4; i++) {
      vault.onChange(
          "web",
          secret -> {
            threads.add(Thread.currentThread());
            told.handle(secret);
          });
    }
    vault.onChange(
        "web",
        secret -> {
          if (inside.incrementAndGet() > 1) {
            overlaps.incrementAndGet();
          }
          told.handle(secret);
          inside.decrementAndGet();
        });
    for (int i = 0; i < 5; i++) {
      assertThat(told.next()).isEqualTo("ACTIVE 1");
    }
    Racers.run(
        4,
        racer -> {
          for (int i = 0; i < 25; i++) {
            vault.update(id, SecretUpdate.none().description(racer + "." + i));
          }
        });
    vault.update(id, SecretUpdate.none().description("end"));
    int ended = 0;
    while (ended < 5) {
      ended += told.next().endsWith("end") ? 1 : 0;
    }
    assertThat(threads).hasSize(4).doesNotContain(Thread.currentThread());
    assertThat(overlaps).hasValue(0);
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
