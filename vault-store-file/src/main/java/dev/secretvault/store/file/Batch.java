package dev.secretvault.store.file;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.file.FrameHead.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Commits that are written together, as one frame: if they were several, a crash could leave the
 * last ones whole behind a torn one, which is what damage looks like.
 *
 * <p>They happen one after the other, in their order: each is checked against what those before it
 * make of the store.
 */
final class Batch {

  private final Index index;
  private final List<Commit> winners = new ArrayList<>();
  private final Map<Commit, RuntimeException> losers = new HashMap<>();
  private final List<Step> steps = new ArrayList<>();
  private final List<byte[]> texts = new ArrayList<>();

  /** The revisions that the changes so far give, 0 to what they delete. */
  private final Map<RecordKey, Long> given = new HashMap<>();

  private long bytes;
  private int created;

  /** Takes as many commits as a frame can carry, from the first one on. */
  Batch(Index index, List<Commit> waiting) {
    this.index = index;
    for (Commit commit : waiting) {
      RevisionConflictException conflict = conflict(commit);
      if (conflict != null) {
        losers.put(commit, conflict);
      } else if (!fits(commit)) {
        return;
      } else if (hasRoom(commit)) {
        enter(commit);
      } else {
        losers.put(commit, index.full());
      }
    }
  }

  private @Nullable RevisionConflictException conflict(Commit commit) {
    for (Change change : commit.changes()) {
      Long revision = given.get(change.key());
      long stored = revision == null ? index.revision(change.key()) : revision;
      if (stored != change.expectedRevision()) {
        return new RevisionConflictException(change.key(), change.expectedRevision(), stored);
      }
    }
    return null;
  }

  private boolean fits(Commit commit) {
    return winners.isEmpty()
        || (steps.size() + commit.steps().size() <= SecretStore.MAX_CHANGES
            && bytes + commit.bytes() <= SecretStore.MAX_COMMIT_BYTES
            && commit.steps().stream().noneMatch(step -> given.containsKey(step.key())));
  }

  private boolean hasRoom(Commit commit) {
    return index.hasRoom(texts.size() + commit.texts().size(), created + created(commit));
  }

  /** How many records it creates. */
  private static int created(Commit commit) {
    return (int) commit.steps().stream().filter(s -> s.isPut() && s.precondition() == 0).count();
  }

  private void enter(Commit commit) {
    winners.add(commit);
    bytes += commit.bytes();
    created += created(commit);
    for (Step step : commit.steps()) {
      given.put(step.key(), step.isPut() ? step.revision() : 0);
    }
    steps.addAll(commit.steps());
    texts.addAll(commit.texts());
  }

  /** What to write, empty if all commits lost. */
  List<Step> steps() {
    return steps;
  }

  /** The texts of the values of the puts. */
  List<byte[]> texts() {
    return texts;
  }

  /** The records that are written. */
  Set<RecordKey> keys() {
    return given.keySet();
  }

  /** The commits that happen once the changes are durable, in their order. */
  List<Commit> winners() {
    return winners;
  }

  /**
   * Tells all commits what they came to. Not before the changes are durable: who lost against a
   * commit of this batch did not lose if that one never happened.
   */
  void settle() {
    winners.forEach(commit -> commit.settle(null));
    losers.forEach(Commit::settle);
  }
}
