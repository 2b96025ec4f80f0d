package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.testkit.InMemorySecretStore;
import dev.secretvault.store.testkit.SecretStoreContract;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A store with an anchor is a store, but for the room that its own record takes in a commit. */
@ExtendWith(AnchoredStoreTest.LargestCommits.class)
class AnchoredStoreTest extends SecretStoreContract {

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  private final MemoryAnchor anchor = new MemoryAnchor();

  static final class LargestCommits implements ExecutionCondition {

    private static final Set<String> NAMES =
        Set.of(
            "commit_mostBytes_allHappen",
            "commit_mostChanges_allHappen",
            "commit_requirements_countAsChanges",
            "expired_moreRecordsThanAPage_restFollowsOnceTheyAreDeleted",
            "scan_moreRecordsThanAPage_largestPageIsFull");

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return context.getTestMethod().filter(test -> NAMES.contains(test.getName())).isPresent()
          ? ConditionEvaluationResult.disabled("one commit of the largest size, without room")
          : ConditionEvaluationResult.enabled("fits");
    }
  }

  /** What those tests cannot show: how much fits, and that more is refused at once. */
  @Test
  void commit_ofMostChanges_happens_andOneMoreIsRefused() {
    try (SecretStore store = openStore()) {
      List<Change> tooMany = new ArrayList<>();
      for (int i = 0; i <= AnchoredStore.MOST_CHANGES; i++) {
        tooMany.add(Change.put(new RecordKey("k-" + i), 0, new byte[] {1}));
      }
      assertRefused(store, tooMany, "at most 999 ");
      store.commit(tooMany.subList(1, tooMany.size()));
      assertThat(store.scan(null, SecretStore.MAX_PAGE)).hasSize(AnchoredStore.MOST_CHANGES);
    }
  }

  @Test
  void commit_ofMostBytes_happens_andOneMoreIsRefused() {
    try (SecretStore store = openStore()) {
      for (int i = 0; i < 20; i++) { // Until the record is as large as it gets.
        try (SecretStore another = openStore()) {
          another.commit(List.of(Change.put(new RecordKey("x-" + i), 0, new byte[1])));
        }
      }
      List<Change> most = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        most.add(Change.put(new RecordKey("k-" + i), 0, new byte[Change.MAX_BYTES]));
      }
      int rest = AnchoredStore.MOST_BYTES - 3 * Change.MAX_BYTES;
      most.add(Change.put(new RecordKey("k-3"), 0, new byte[rest]));
      List<Change> tooLarge = new ArrayList<>(most);
      tooLarge.set(3, Change.put(new RecordKey("k-3"), 0, new byte[rest + 1]));
      assertRefused(store, tooLarge, " " + AnchoredStore.MOST_BYTES + " bytes");
      store.commit(most);
      assertThat(store.read(new RecordKey("k-3")).orElseThrow().bytes()).hasSize(rest);
    }
  }

  private void assertRefused(SecretStore store, List<Change> changes, String limit) {
    anchor.unreadable = true; // It need not even be asked.
    assertThatIllegalArgumentException()
        .isThrownBy(() -> store.commit(changes))
        .withMessageContaining("with a freshness anchor")
        .withMessageContaining(limit);
    anchor.unreadable = false;
    assertThat(store.read(changes.get(1).key())).isEmpty();
  }

  @Override
  protected SecretStore openStore() {
    return new AnchoredStore(InMemorySecretStore.open(medium), anchor);
  }

  @Override
  protected boolean severalOpen() {
    return true;
  }

  /** The anchor has noted the last commit, and the store opens with it. */
  @Override
  protected void checkMedium() {
    try (SecretStore store = InMemorySecretStore.open(medium)) {
      assertThat(store.read(AnchoredStore.KEY).isPresent()).isEqualTo(anchor.read().isPresent());
    }
    openStore().close();
  }
}
