package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What handlers of changes cannot do to each other, to changes, and to closing. */
@Timeout(60)
class ChangeIsolationTest extends ChangeHandlerFixture {

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
    AtomicReference<Thread> thread = new AtomicReference<>();
    vault.onChange(
        "web",
        secret -> {
          thread.set(Thread.currentThread());
          told.handle(secret);
          Thread.currentThread().interrupt();
        });
    assertThat(told.next()).isEqualTo("ACTIVE 1");
    while (thread.get().getState() != Thread.State.WAITING) {
      assertThat(thread.get().isAlive()).isTrue();
      Thread.onSpinWait();
    }
    vault.deactivate(id);
    assertThat(told.next()).isEqualTo("INACTIVE 1");
    assertThat(told.words).isEmpty();
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
}
