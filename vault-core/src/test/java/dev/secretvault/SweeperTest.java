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

  @Test
  void whatCannotBeRemoved_isNotComeBackTo_untilItChanges() {
    store.commit(List.of(new Change.Put(JUNK, 0, new byte[1], START)));
    assertThat(sweeper.next()).contains(START);
    assertThat(sweeper.sweep(() -> true)).isZero();
    assertThat(sweeper.next()).isEmpty();
    create("web", START.plusMillis(2));
    create("app", START.plusMillis(1));
    assertThat(sweeper.next()).contains(START.plusMillis(1));
    store.commit(List.of(new Change.Put(JUNK, 1, new byte[1], START)));
    assertThat(sweeper.next()).contains(START);
  }

  @Test
  void aSweeperThatIsToStop_leavesTheRest() {
    create("web", START.plusMillis(1));
    time.set(START.plusMillis(1));
    assertThat(sweeper.sweep(() -> false)).isZero();
    assertThat(sweeper.next()).contains(START.plusMillis(1));
    assertThat(sweeper.sweep(() -> true)).isEqualTo(1);
    assertThat(sweeper.next()).isEmpty();
  }
}
