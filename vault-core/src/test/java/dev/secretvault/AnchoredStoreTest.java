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

  /** What those tests cannot show: how much fits, and that too much is refused in full. */
  @Test
  void commit_ofAllButOneChange_happens_andOneMoreIsRefused() {
    try (SecretStore store = openStore()) {
      List<Change> most = new ArrayList<>();
      for (int i = 0; i < SecretStore.MAX_CHANGES; i++) {
        most.add(Change.put(new RecordKey("k-" + i), 0, new byte[] {1}));
      }
      assertThatIllegalArgumentException().isThrownBy(() -> store.commit(most));
      assertThat(store.scan(null, 1)).isEmpty();
      store.commit(most.subList(1, most.size()));
      assertThat(store.scan(null, SecretStore.MAX_PAGE)).hasSize(SecretStore.MAX_CHANGES - 1);
    }
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
