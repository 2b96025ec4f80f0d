package dev.secretvault;

import dev.secretvault.store.Change;
import dev.secretvault.store.RevisionConflictException;
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
   * Removes secrets, in one commit; none if one of them is not as it was any more, so that an
   * expiry that was put off counts.
   *
   * @return whether they were removed
   */
  boolean remove(List<SecretInfo> over) {
    int counted = (int) over.stream().filter(info -> info.state() != SecretState.REVEALED).count();
    List<Act> acts =
        over.stream().map(info -> new Act(AuditEvent.Kind.EXPIRED, info.id(), 0, null)).toList();
    try {
      count.commit(
          -counted,
          all -> chain.commit(acts, all),
          () -> over.stream().<Change>flatMap(info -> removal.of(info).stream()).toList());
      return true;
    } catch (RevisionConflictException changedMeanwhile) {
      return false;
    }
  }

  /** Removes a secret if its life is over; false if it is not. */
  boolean removeIfOver(SecretInfo info) {
    if (!clock.isOver(info.expiresAt())) {
      return false;
    }
    remove(List.of(info)); // Or it was changed meanwhile, which its caller finds out.
    return true;
  }

  /**
   * Whether a name that was taken a moment ago may be free by now: a secret that is over leaves it
   * at once to whoever wants it.
   */
  boolean mayBeFree(String name) {
    Optional<SecretId> holder = records.name(records.nameKey(name));
    try {
      return holder.isEmpty()
          || holder.flatMap(records::secret).filter(this::removeIfOver).isPresent();
    } catch (IntegrityException | UnsupportedFormatException itsExpiryCannotBeTold) {
      return false;
    }
  }
}
