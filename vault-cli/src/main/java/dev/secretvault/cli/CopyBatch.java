package dev.secretvault.cli;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.util.ArrayList;
import java.util.List;

/** Makes changes of a store, in as few commits as they fit into. */
final class CopyBatch {

  private final SecretStore store;
  private final List<Change> requirements;
  private final int most;
  private final List<Change> changes = new ArrayList<>();

  /** Records whose former life is deleted by {@link #changes}, as revisions only grow. */
  private final List<Change> anew = new ArrayList<>();

  private long bytes;
  private long made;

  /**
   * Begins.
   *
   * @param requirements what has to hold at each commit
   * @param most how many changes a commit may have, with these
   */
  CopyBatch(SecretStore store, List<Change> requirements, int most) {
    this.store = store;
    this.requirements = requirements;
    this.most = most - requirements.size();
  }

  /** Deletes what is stored with that revision. */
  void delete(RecordKey key, long stored) {
    makeRoom(0);
    changes.add(Change.delete(key, stored));
  }

  /** Puts a record in place of what is stored with that revision, 0 for nothing. */
  void put(StoredRecord record, long stored) {
    makeRoom(record.bytes().length);
    if (record.revision() > stored) {
      changes.add(Change.copy(record, stored));
    } else {
      changes.add(Change.delete(record.key(), stored));
      anew.add(Change.copy(record, 0));
    }
  }

  private void makeRoom(int more) {
    if (changes.size() == most || bytes + more > SecretStore.MAX_COMMIT_BYTES) {
      commit();
    }
    bytes += more;
  }

  /** Commits what is not committed yet. */
  void commit() {
    commit(changes);
    commit(anew);
    bytes = 0;
  }

  private void commit(List<Change> some) {
    if (!some.isEmpty()) {
      List<Change> all = new ArrayList<>(requirements);
      all.addAll(some);
      store.commit(all);
      made += some.size();
      some.clear();
    }
  }

  /** How many changes were made. */
  long made() {
    return made;
  }
}
