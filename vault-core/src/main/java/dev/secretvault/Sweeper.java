package dev.secretvault;

import dev.secretvault.SecretExpiry.Over;
import dev.secretvault.VaultClock.Latest;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * Removes what has expired, of all namespaces: secrets with all that belongs to them, and counts of
 * wrong passphrases that say nothing any more.
 *
 * <p>Any number of sweepers may be at it at once, in any number of processes: what one of them
 * removes, or somebody changes meanwhile, the others leave alone. What the store says of a secret's
 * expiry only serves to find it; what was sealed decides.
 */
final class Sweeper {

  /**
   * So many secrets fit into a commit: each has a record, a name, attempts, its values, an event
   * and an older one that goes for it; and there are a few changes besides.
   */
  private static final int BATCH = (SecretStore.MAX_CHANGES - 20) / (Versions.MAX_LIVE + 5);

  private final SecretStore store;
  private final Namespaces namespaces;
  private final VaultClock clock;

  /** Revisions of records that cannot be removed, so that they are looked at and reported once. */
  private final Map<RecordKey, Long> kept = new ConcurrentHashMap<>();

  Sweeper(SecretStore store, Namespaces namespaces, VaultClock clock) {
    this.store = store;
    this.namespaces = namespaces;
    this.clock = clock;
  }

  /**
   * Removes all that has expired.
   *
   * @param goOn asked between commits; when it says no, the rest is left
   * @return how many secrets were removed
   */
  int sweep(BooleanSupplier goOn) {
    int removed = 0;
    Set<RecordKey> early = new HashSet<>();
    while (goOn.getAsBoolean()) {
      Latest latest = clock.latest();
      List<StoredRecord> due = due(latest.moment(), early);
      if (due.isEmpty()) {
        if (kept.isEmpty()) {
          clock.release(latest);
        }
        break;
      }
      removed += remove(due, latest, early);
    }
    return removed;
  }

  /** When there may be something to remove; empty if nothing expires. */
  Optional<Instant> next() {
    return expired(Instant.MAX, kept.size() + 1).stream()
        .filter(stored -> !isKept(stored))
        .map(StoredRecord::expiresAt)
        .findFirst();
  }

  private List<StoredRecord> due(Instant moment, Set<RecordKey> early) {
    int limit = kept.size() + early.size() + BATCH;
    List<StoredRecord> all = expired(moment, limit);
    if (all.size() < limit) {
      // What was removed by others, or changed, is not kept any more.
      kept.keySet()
          .retainAll(
              all.stream().filter(this::isKept).map(StoredRecord::key).collect(Collectors.toSet()));
    }
    return all.stream()
        .filter(stored -> !isKept(stored) && !early.contains(stored.key()))
        .limit(BATCH)
        .toList();
  }

  private List<StoredRecord> expired(Instant moment, int limit) {
    return Failures.translated(() -> store.expired(moment, Math.min(limit, SecretStore.MAX_PAGE)));
  }

  private boolean isKept(StoredRecord stored) {
    Long revision = kept.get(stored.key());
    return revision != null && revision == stored.revision();
  }

  /**
   * Removes what can be.
   *
   * @param early where to put what counts by the clock alone, which was set back
   * @return how many secrets were removed
   */
  private int remove(List<StoredRecord> due, Latest latest, Set<RecordKey> early) {
    Map<Namespace, List<Secret>> secrets = new LinkedHashMap<>();
    List<StoredRecord> attempts = new ArrayList<>();
    for (StoredRecord stored : due) {
      if (VaultRecords.isAttempts(stored.key())) {
        if (clock.instant().isBefore(stored.expiresAt())) {
          early.add(stored.key());
        } else {
          attempts.add(stored);
        }
      } else {
        find(stored, latest)
            .ifPresent(
                secret ->
                    secrets.computeIfAbsent(secret.owner, owner -> new ArrayList<>()).add(secret));
      }
    }
    removeAttempts(attempts);
    int removed = 0;
    VaultException failure = null;
    for (Map.Entry<Namespace, List<Secret>> entry : secrets.entrySet()) {
      try {
        removed += remove(entry.getKey(), entry.getValue(), latest);
      } catch (IntegrityException | UnsupportedFormatException e) {
        failure = e; // The namespace's own records are damaged: the others go first.
      }
    }
    if (failure != null) {
      throw failure;
    }
    return removed;
  }

  private record Secret(Namespace owner, StoredRecord stored, Over over) {}

  /** The secret of a record; empty if it stays. */
  private Optional<Secret> find(StoredRecord stored, Latest latest) {
    try {
      Namespace owner = namespaces.owning(stored.key()).orElseThrow(Sweeper::unknown);
      if (owner.records().secretId(stored.key()).isEmpty()) {
        throw unknown();
      }
      Optional<SecretInfo> info = owner.records().openSecret(stored);
      if (info.isPresent() && !latest.reaches(info.get().expiresAt())) {
        throw new IntegrityException("its secret does not expire then", null);
      }
      return info.map(opened -> new Secret(owner, stored, owner.life().expiry().over(opened)));
    } catch (IntegrityException | UnsupportedFormatException e) {
      keep(stored, e);
      return Optional.empty();
    }
  }

  private static IntegrityException unknown() {
    return new IntegrityException(
        "it is of no known namespace, or of a kind that does not expire", null);
  }

  private static int remove(Namespace owner, List<Secret> secrets, Latest latest) {
    // If not, somebody has changed or removed one of them: the next listing tells.
    return owner.life().expiry().remove(secrets.stream().map(Secret::over).toList(), latest)
        ? secrets.size()
        : 0;
  }

  private void removeAttempts(List<StoredRecord> attempts) {
    try {
      namespaces
          .get(Namespaces.DEFAULT)
          .records()
          .commit(
              () ->
                  attempts.stream()
                      .<Change>map(stored -> Change.delete(stored.key(), stored.revision()))
                      .toList());
    } catch (RevisionConflictException changedMeanwhile) {
      // The next listing tells what is left.
    }
  }

  private void keep(StoredRecord stored, VaultException cause) {
    kept.put(stored.key(), stored.revision());
    System.getLogger(Sweeper.class.getName())
        .log(
            System.Logger.Level.WARNING,
            "an expired record cannot be removed, and is left: {0}: {1}",
            stored.key().text(),
            cause.getMessage());
  }
}
