package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.FakeClock;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a sweeper is wanted again, and when it stops. */
class SweeperTest {

  private static final Instant START = VaultFixture.START;
  private static final RecordKey JUNK = new RecordKey("abcdefghijk.s.junk");

  private final SecretStore store = new InMemorySecretStore();
  private final HeaderRecord header = unlock();
  private final FakeClock time = new FakeClock(START);
  private final VaultClock clock = new VaultClock(time, new HighWaterMark(store, header));
  private final Namespaces namespaces =
      new Namespaces(
          store, header, new VaultRules(NamePolicy.DEFAULT, VaultLimits.defaults(), clock, null));
  private final Sweeper sweeper = new Sweeper(store, namespaces, clock);

  private HeaderRecord unlock() {
    byte[] key = new byte[MasterKey.BYTES];
    key[0] = 1;
    return HeaderRecord.unlock(store, MasterKey.fromBytes(key), true);
  }

  @AfterEach
  void close() {
    header.close();
    store.close();
  }

  private void create(String name, Instant end) {
    namespaces
        .get(Namespaces.DEFAULT)
        .life()
        .create(SecretSpec.named(name).generated().expiresAt(end))
        .close();
  }

  private void put(RecordKey key, Instant expiresAt) {
    store.commit(List.of(new Change.Put(key, 0, new byte[1], expiresAt)));
  }

  @Test
  void whatCannotBeRemoved_isPassedOver() {
    put(JUNK, START);
    assertThat(sweeper.nextAfter(Instant.MIN)).contains(START);
    assertThat(sweeper.sweep(() -> true)).isEmpty();
    create("web", START.plusMillis(2));
    create("app", START.plusMillis(1));
    assertThat(sweeper.sweep(() -> true)).contains(START.plusMillis(1));
    time.set(START.plusMillis(1));
    assertThat(sweeper.sweep(() -> true)).contains(START.plusMillis(2));
    assertThat(store.expired(START.plusMillis(2), SecretStore.MAX_PAGE)).hasSize(2);
  }

  @Test
  void nextIsFound_behindAnyNumberThatIsLeft() {
    for (int i = 0; i < 2 * Sweeper.BATCH + 1; i++) {
      put(new RecordKey(JUNK.text() + i), START);
    }
    assertThat(sweeper.sweep(() -> true)).isEmpty();
    create("web", START.plusMillis(1));
    assertThat(sweeper.sweep(() -> true)).contains(START.plusMillis(1));
    assertThat(sweeper.nextAfter(START.plusMillis(1))).isEmpty();
  }

  @Test
  void whatIsLeft_isSaidOnce_untilThereIsMore_orSomebodyAsks() {
    try (LogLines log = LogLines.of(Sweeper.class)) {
      put(JUNK, START);
      assertThat(sweeper.sweep(() -> true)).isEmpty();
      assertThat(sweeper.sweep(() -> true)).isEmpty();
      assertThat(log.said()).singleElement().asString().contains(": 1, such as " + JUNK + ": ");
      put(new RecordKey(JUNK.text() + "2"), START);
      assertThat(sweeper.sweep(() -> true)).isEmpty();
      assertThat(log.said()).hasSize(2).last().asString().contains(": 2, such as " + JUNK + ": ");
      assertThat(sweeper.sweep()).isZero();
      assertThat(log.said()).hasSize(3);
    }
  }

  @Test
  void aSweeperThatIsToStop_leavesTheRest() {
    create("web", START.plusMillis(1));
    time.set(START.plusMillis(1));
    assertThat(sweeper.sweep(() -> false)).contains(START.plusMillis(1));
    assertThat(sweeper.sweep()).isEqualTo(1);
    assertThat(sweeper.sweep(() -> true)).isEmpty();
  }
}
