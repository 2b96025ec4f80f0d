package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.AuditEvent.Kind;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoredRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Handlers of what the audit trail has. */
@SuppressWarnings("try") // The subscriptions need only be there.
class AuditListenerTest extends AuditFixture {

  private final BlockingQueue<AuditEvent> told = new LinkedBlockingQueue<>();

  private List<AuditEvent> next(int count) throws InterruptedException {
    List<AuditEvent> events = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      events.add(Objects.requireNonNull(told.poll(30, TimeUnit.SECONDS), "an event"));
    }
    return events;
  }

  private static SharedSecret share(SecretVault of) {
    return of.oneTime()
        .share(OneTimeSpec.of("value".toCharArray()).expiresAfter(Duration.ofMinutes(5)));
  }

  @Test
  void eachEvent_isTold_inOrder_whoeverActed() throws InterruptedException {
    act(1);
    SecretVault other = another(AuditPolicy.keep(1_000).withReveals());
    try (ChangeSubscription handled = vault.audit().onEvent(told::add)) {
      SharedSecret shared = share(vault.actingAs("ann"));
      SharedSecret burned = share(other.actingAs("bob"));
      other.oneTime().peek(shared.link());
      other.actingAs("cid").oneTime().reveal(shared.link()).close();
      vault.actingAs("ann").oneTime().burn(burned.receipt());
      SharedSecret expired = share(vault);
      clock.advance(Duration.ofMinutes(5));
      assertThatThrownBy(() -> other.actingAs("cid").oneTime().reveal(expired.link()))
          .isInstanceOf(SecretExpiredException.class);
      List<AuditEvent> events = next(7);
      assertThat(events)
          .extracting(event -> event.kind() + " " + event.actor())
          .containsExactly(
              "SHARED ann",
              "SHARED bob",
              "PEEKED null",
              "REVEALED cid",
              "BURNED ann",
              "SHARED null",
              "EXPIRED null");
      assertThat(events).isEqualTo(events(vault, AuditQuery.all().after("1")));
    }
    assertThat(told).isEmpty();
  }

  @Test
  void handlerThatThrows_isCalledAgainIfThatMayHelp_andElseWithTheNext()
      throws InterruptedException {
    AtomicInteger calls = new AtomicInteger();
    try (ChangeSubscription handled =
        vault
            .audit()
            .onEvent(
                event -> {
                  told.add(event);
                  switch (calls.incrementAndGet()) {
                    case 1 -> throw new IllegalStateException("thrown by a test");
                    case 2 -> throw new StaleRevisionException();
                    default -> {}
                  }
                })) {
      act(3);
      assertThat(next(4)).extracting(AuditEvent::sequence).containsExactly(1L, 2L, 2L, 3L);
    }
  }

  @Test
  void eventThatDoesNotOpen_isPassedOver() throws InterruptedException {
    BlockingQueue<Runnable> goOn = new LinkedBlockingQueue<>();
    try (ChangeSubscription handled =
        vault
            .audit()
            .onEvent(
                event -> {
                  told.add(event);
                  if (event.sequence() == 1) {
                    await(goOn);
                  }
                })) {
      act(1);
      next(1);
      act(2);
      StoredRecord second = storedEvent(2);
      byte[] damaged = second.bytes();
      damaged[damaged.length - 1] ^= 1;
      replace(second.key(), 1, damaged);
      goOn.add(() -> {});
      assertThat(next(1)).extracting(AuditEvent::sequence).containsExactly(3L);
    }
  }

  /** By checksums, or because the disk has a bad place. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void eventThatTheStoreCannotRead_isPassedOver(boolean inBadSector) throws InterruptedException {
    SecretStore disk =
        new WrappedStore(medium.get()) {
          @Override
          public Optional<StoredRecord> read(RecordKey key) {
            if (key.text().endsWith(digits(2))) {
              throw damaged(key);
            }
            return super.read(key);
          }

          @Override
          public List<StoredRecord> scan(RecordKey after, int limit) {
            List<StoredRecord> page = super.scan(after, limit);
            page.stream()
                .map(StoredRecord::key)
                .filter(key -> key.text().endsWith(digits(2)))
                .findFirst()
                .ifPresent(
                    key -> {
                      throw damaged(key);
                    });
            return page;
          }

          private StoreException damaged(RecordKey key) {
            return inBadSector
                ? new StoreException("a bad sector", Outcome.NOT_WRITTEN, true, key, null)
                : new StoreCorruptException("damaged", key, null);
          }
        };
    try (SecretVault on = open(disk, AuditPolicy.keep(1_000));
        ChangeSubscription handled = on.audit().onEvent(told::add)) {
      act(3);
      assertThat(next(2)).extracting(AuditEvent::sequence).containsExactly(1L, 3L);
      act(1);
      assertThat(next(1)).extracting(AuditEvent::sequence).containsExactly(4L);
    }
  }

  @Test
  void trailThatBeginsAnew_isToldFromItsBeginning() throws InterruptedException {
    try (ChangeSubscription handled = vault.audit().onEvent(told::add)) {
      act(3);
      assertThat(next(3)).extracting(AuditEvent::sequence).containsExactly(1L, 2L, 3L);
      for (int i = 1; i <= 3; i++) {
        attacker.commit(List.of(Change.delete(storedEvent(i).key(), 1)));
      }
      StoredRecord head = storedHead();
      replace(head.key(), head.revision(), new byte[head.bytes().length]);
      assertThat(vault.keys().discard(head.key().text())).isTrue();
      act(2);
      assertThat(next(2)).extracting(AuditEvent::sequence).containsExactly(1L, 2L);
    }
  }

  private static void await(BlockingQueue<Runnable> goOn) {
    try {
      Objects.requireNonNull(goOn.poll(30, TimeUnit.SECONDS), "told to go on").run();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void closedOne_isNotCalledAnyMore_andTakesThePermissionToAudit() throws InterruptedException {
    BlockingQueue<AuditEvent> closed = new LinkedBlockingQueue<>();
    SecretVault view = vault.namespace("");
    ChangeSubscription ended = vault.audit().onEvent(closed::add);
    view.audit().onEvent(closed::add);
    ended.close();
    view.close();
    try (ChangeSubscription handled = vault.audit().onEvent(told::add)) {
      act(1);
      assertThat(next(1)).extracting(AuditEvent::kind).containsExactly(Kind.CREATED);
      assertThat(closed).isEmpty();
    }
    assertThatThrownBy(() -> view.audit()).isInstanceOf(IllegalStateException.class);
  }
}
