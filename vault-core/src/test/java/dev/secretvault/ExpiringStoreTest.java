package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whoever sweeps is told of all that may expire, and of little else. */
class ExpiringStoreTest {

  private static final Instant SOON = VaultFixture.START;
  private static final Instant LATER = SOON.plusSeconds(1);
  private static final RecordKey SECRET = new RecordKey("abcdefghijk.s.1");
  private static final RecordKey OTHER = new RecordKey("abcdefghijk.s.2");
  private static final RecordKey ATTEMPTS = new RecordKey("abcdefghijk.a.1");
  private static final RecordKey NAME = new RecordKey("abcdefghijk.n.1");
  private static final RecordKey TIME = new RecordKey("abcdefghijk.t.n");

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  private final FaultyStore faults = new FaultyStore(InMemorySecretStore.open(medium));
  private final SecretStore others = InMemorySecretStore.open(medium);
  private final List<Object> told = new ArrayList<>();
  private final ExpiringStore store =
      new ExpiringStore(
          faults,
          new ExpiringStore.Expectation() {
            @Override
            public void expect(Instant expiresAt) {
              told.add(expiresAt);
            }

            @Override
            public void look() {
              told.add("look");
            }
          });

  @BeforeEach
  void watch() {
    SecretStore.Subscription ended = faults.watch(store);
    assertThat(ended).isNotNull();
  }

  @AfterEach
  void close() {
    store.close();
    others.close();
  }

  private static Change put(RecordKey key, long revision, @Nullable Instant expiresAt) {
    return new Change.Put(key, revision, new byte[1], expiresAt);
  }

  @Test
  void theSoonestOfWhatIsPutHere_isToldOnce() {
    store.commit(List.of(put(SECRET, 0, LATER), put(OTHER, 0, SOON), put(NAME, 0, null)));
    assertThat(told).containsExactly(SOON);
  }

  @Test
  void whatIsPutAndDeletedHereWithoutExpiry_isNotTold() {
    store.commit(List.of(put(SECRET, 0, null), put(NAME, 0, null)));
    store.commit(List.of(put(SECRET, 1, null), Change.delete(NAME, 1)));
    store.commit(List.of(Change.delete(SECRET, 2)));
    assertThat(told).isEmpty();
  }

  @Test
  void whatOthersPut_isToBeLookedAt_ifItMayExpire() {
    others.commit(List.of(put(NAME, 0, null)));
    others.commit(List.of(put(new RecordKey("header"), 0, null)));
    others.commit(List.of(put(new RecordKey("abcdefghijk.v.s.1"), 0, null)));
    assertThat(told).isEmpty();
    for (RecordKey key : List.of(SECRET, ATTEMPTS, TIME)) {
      others.commit(List.of(put(key, 0, null)));
      assertThat(told).as("%s", key).containsExactly("look");
      told.clear();
    }
    store.missed();
    assertThat(told).containsExactly("look");
  }

  @Test
  void whatOthersPutWhileSomethingElseIsPutHere_isToBeLookedAt() {
    faults.nth(Call.COMMIT, 1).before(() -> others.commit(List.of(put(OTHER, 0, LATER))));
    store.commit(List.of(put(SECRET, 0, null)));
    assertThat(told).containsExactly("look");
  }

  @Test
  void aChangeThatSomebodyElseWasFasterWith_isToBeLookedAt() {
    store.commit(List.of(put(SECRET, 0, null)));
    faults.nth(Call.COMMIT, 1).before(() -> others.commit(List.of(put(SECRET, 1, SOON))));
    assertThatThrownBy(() -> store.commit(List.of(put(SECRET, 1, null))))
        .isInstanceOf(RevisionConflictException.class);
    assertThat(told).containsExactly("look");
  }

  @Test
  void aDeletionThatSomebodyElseWasFasterThan_isToBeLookedAt() {
    store.commit(List.of(put(SECRET, 0, null)));
    faults.nth(Call.COMMIT, 1).before(() -> others.commit(List.of(put(SECRET, 1, SOON))));
    assertThatThrownBy(() -> store.commit(List.of(Change.delete(SECRET, 1))))
        .isInstanceOf(RevisionConflictException.class);
    assertThat(told).containsExactly("look");
  }

  @Test
  void whatSomebodyElsePutRightBehindOnesOwn_isToBeLookedAt() {
    faults.nth(Call.COMMIT, 1).after(() -> others.commit(List.of(put(SECRET, 1, SOON))));
    store.commit(List.of(put(SECRET, 0, null)));
    assertThat(told).containsExactly("look");
  }

  @Test
  void aNameThatIsTaken_isNoNews() {
    store.commit(List.of(put(NAME, 0, null)));
    assertThatThrownBy(() -> store.commit(List.of(put(NAME, 0, null), put(SECRET, 0, null))))
        .isInstanceOf(RevisionConflictException.class);
    assertThat(told).isEmpty();
  }

  @Test
  void aCommitThatMayHaveHappened_isTold() {
    faults.nth(Call.COMMIT, 1).fails(Fault.UNKNOWN_WRITTEN);
    assertThatThrownBy(() -> store.commit(List.of(put(SECRET, 0, SOON))))
        .isInstanceOf(StoreException.class);
    assertThat(told).contains(SOON);
  }

  @Test
  void twoCommitsOfOneRecordAtATime_areBothKnown() {
    store.commit(List.of(put(SECRET, 0, null)));
    faults
        .nth(Call.COMMIT, 1)
        .before(
            () ->
                assertThatThrownBy(() -> store.commit(List.of(put(SECRET, 0, null))))
                    .isInstanceOf(RevisionConflictException.class));
    store.commit(List.of(put(SECRET, 1, null)));
    assertThat(told).isEmpty();
  }
}
