package dev.secretvault;

import dev.secretvault.AuditEvent.Kind;
import dev.secretvault.VaultClock.Latest;
import dev.secretvault.store.Change;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.StoredRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Ends one-time secrets of one namespace that end by themselves: because their time is over, or
 * their value is gone; and forgets them with their receipts. That is written down before anybody is
 * told, so that it stays so, whatever becomes of the clock or the store; nobody is said to have
 * done it.
 */
final class OneTimeExpiry {

  private final OneTimeRecords shared;
  private final AuditChain chain;
  private final VaultClock clock;

  OneTimeExpiry(OneTimeRecords shared, AuditChain chain, VaultClock clock) {
    this.shared = shared;
    this.chain = chain;
    this.clock = clock;
  }

  /**
   * A one-time secret as it is to be shown.
   *
   * @return empty if it is forgotten
   */
  Optional<OneTimeRecord> settled(OneTimeRecord found) {
    Optional<OneTimeRecord> latest = Optional.of(found);
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      if (latest.isEmpty()) {
        return latest;
      }
      OneTimeRecord record = latest.get();
      Optional<Latest> over = clock.reaching(record.due());
      if (over.isEmpty() && (!record.isNew() || shared.value(record.id()).isPresent())) {
        return latest;
      }
      if (record.isNew()) {
        end(List.of(record), over.orElseGet(clock::latest));
      } else {
        over.ifPresent(reached -> shared.forget(record, requirements(List.of(record), reached)));
      }
      latest = shared.byId(record.id());
    }
    throw new StaleRevisionException();
  }

  /** What a commit has to name that is right because these are due. */
  private List<Change> requirements(List<OneTimeRecord> due, Latest latest) {
    return due.stream().map(OneTimeRecord::due).anyMatch(latest::holdsBack)
        ? List.of(clock.requirement(latest))
        : List.of();
  }

  /**
   * Writes down the end of new ones whose time is over or whose value is gone, in one commit; of
   * none if one of them is not as it was any more, or if the mark that reached one has been
   * released.
   *
   * @return how many have ended
   */
  int end(List<OneTimeRecord> found, Latest latest) {
    List<Act> acts = new ArrayList<>();
    List<Supplier<List<Change>>> ends = new ArrayList<>();
    for (OneTimeRecord record : found) {
      // The value is deleted by whoever writes the end down, in one commit. So if there is none
      // while the record is as it was, that was none of us; but once the receipt has expired, too,
      // the value is swept by itself.
      Optional<StoredRecord> value = shared.value(record.id());
      if (value.isEmpty() && !latest.reaches(record.receiptExpiresAt())) {
        OneTimeRecord orphaned = record.ended(OneTimeState.ORPHANED, null);
        ends.add(() -> shared.ending(orphaned, value));
        acts.add(new Act(Kind.ORPHANED, record.id(), 0, null));
      } else if (latest.reaches(record.expiresAt())) {
        OneTimeRecord expired = record.ended(OneTimeState.EXPIRED, record.expiresAt());
        ends.add(() -> shared.ending(expired, value));
        acts.add(new Act(Kind.EXPIRED, record.id(), 0, null));
      }
    }
    if (acts.isEmpty()) {
      return 0;
    }
    List<Change> requirements = requirements(found, latest);
    try {
      chain.commit(
          acts,
          () -> {
            List<Change> changes = new ArrayList<>(requirements);
            ends.forEach(end -> changes.addAll(end.get()));
            return changes;
          });
      return acts.size();
    } catch (RevisionConflictException changedMeanwhile) {
      return 0;
    }
  }
}
