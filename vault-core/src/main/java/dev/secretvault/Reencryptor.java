package dev.secretvault;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * One run over all records that seals anew those of older epochs. What is done is done: after a run
 * that was broken off, the next one passes over the records that are up to date.
 */
final class Reencryptor {

  private static final int MAX_BATCH = 100;
  private static final long MAX_BATCH_BYTES = SecretStore.MAX_COMMIT_BYTES / 2;

  private final Namespaces namespaces;
  private final VaultRecords records;
  private final Consumer<Reencryption> progress;
  private final List<String> quarantinedKeys = new ArrayList<>();
  private long examined;
  private long resealed;
  private long quarantined;

  Reencryptor(Namespaces namespaces, Consumer<Reencryption> progress) {
    this.namespaces = namespaces;
    this.records = namespaces.get(Namespaces.DEFAULT).records();
    this.progress = progress;
  }

  Reencryption run() {
    RecordKey after = null;
    int limit = MAX_BATCH;
    while (true) {
      List<StoredRecord> batch = withinBytes(records.scan(after, limit));
      if (batch.isEmpty()) {
        return state();
      }
      if (tryReseal(batch)) {
        progress.accept(state());
        after = batch.get(batch.size() - 1).key();
        limit = MAX_BATCH;
      } else {
        limit = Math.max(1, limit / 2); // Somebody wrote one of them: fewer have better luck.
      }
    }
  }

  private Reencryption state() {
    return new Reencryption(examined, resealed, quarantined, quarantinedKeys);
  }

  /** The first of them, at least one, that fit into a commit together. */
  private static List<StoredRecord> withinBytes(List<StoredRecord> scanned) {
    long bytes = 0;
    int count = 0;
    for (StoredRecord stored : scanned) {
      bytes += stored.bytes().length;
      if (count > 0 && bytes > MAX_BATCH_BYTES) {
        break;
      }
      count++;
    }
    return scanned.subList(0, count);
  }

  /** Seals a batch anew, in one commit; false if one of its records is not as it was any more. */
  private boolean tryReseal(List<StoredRecord> batch) {
    List<Change> changes = new ArrayList<>();
    List<String> unopened = new ArrayList<>();
    try {
      records.commit(
          () -> {
            changes.clear();
            unopened.clear();
            batch.forEach(stored -> reseal(stored, changes, unopened));
            return changes;
          });
    } catch (RevisionConflictException writtenMeanwhile) {
      return false;
    }
    examined += batch.size();
    resealed += changes.size();
    quarantined += unopened.size();
    int room = Reencryption.MAX_KEYS - quarantinedKeys.size();
    quarantinedKeys.addAll(unopened.subList(0, Math.min(room, unopened.size())));
    return true;
  }

  private void reseal(StoredRecord stored, List<Change> changes, List<String> unopened) {
    try {
      namespaces.reseal(stored).ifPresent(changes::add);
    } catch (IntegrityException | UnsupportedFormatException e) {
      unopened.add(stored.key().text());
    }
  }
}
