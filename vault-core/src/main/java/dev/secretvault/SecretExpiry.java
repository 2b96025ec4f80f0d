package dev.secretvault;

import dev.secretvault.VaultClock.Latest;
import dev.secretvault.store.Change;
import dev.secretvault.store.RevisionConflictException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Removes secrets of one namespace whose life is over, as if they had been deleted. */
final class SecretExpiry {

  private final VaultRecords records;
  private final SecretCount count;
  private final SecretRemoval removal;
  private final AuditChain chain;
  private final VaultClock clock;

  SecretExpiry(
      VaultRecords records,
      SecretCount count,
      SecretRemoval removal,
      AuditChain chain,
      VaultClock clock) {
    this.records = records;
    this.count = count;
    this.removal = removal;
    this.chain = chain;
    this.clock = clock;
  }

  /**
   * A secret whose life is over.
   *
   * @param deletion what removes it
   */
  record Over(SecretInfo info, List<Change> deletion) {}

  /** Looks up what removes a secret. */
  Over over(SecretInfo info) {
    return new Over(info, removal.of(info));
  }

  /**
   * Removes secrets, in one commit; none if one of them is not as it was any more, so that an
   * expiry that was put off counts, or if the mark that reached one has been released.
   *
   * @return whether they were removed
   */
  boolean remove(List<Over> over, Latest latest) {
    int counted =
        (int) over.stream().filter(each -> each.info.state() != SecretState.REVEALED).count();
    List<Act> acts =
        over.stream()
            .map(each -> new Act(AuditEvent.Kind.EXPIRED, each.info.id(), 0, null))
            .toList();
    List<Change> changes = new ArrayList<>();
    if (over.stream().anyMatch(each -> latest.holdsBack(each.info.expiresAt()))) {
      changes.add(clock.requirement(latest));
    }
    over.forEach(each -> changes.addAll(each.deletion));
    try {
      count.commit(-counted, all -> chain.commit(acts, all), () -> changes);
      return true;
    } catch (RevisionConflictException changedMeanwhile) {
      return false;
    }
  }

  /** Removes a secret if its life is over; false if it is not. */
  boolean removeIfOver(SecretInfo info) {
    Latest latest = clock.latest();
    if (!latest.reaches(info.expiresAt())) {
      return false;
    }
    remove(List.of(over(info)), latest); // Or it was changed meanwhile, which its caller finds out.
    return true;
  }

  /**
   * Whether a name that was taken a moment ago may be free by now: a secret that is over leaves it
   * at once to whoever wants it.
   */
  boolean mayBeFree(String name) {
    Optional<SecretId> holder = records.name(records.keys().name(name));
    try {
      return holder.isEmpty()
          || holder.flatMap(records::secret).filter(this::removeIfOver).isPresent();
    } catch (IntegrityException | UnsupportedFormatException itsExpiryCannotBeTold) {
      return false;
    }
  }
}
