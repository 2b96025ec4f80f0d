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
import java.util.function.IntSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Removes what has expired, of all namespaces: secrets with all that belongs to them, the values of
 * one-time secrets and later their receipts, and counts of wrong passphrases that say nothing any
 * more.
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
  static final int BATCH = (SecretStore.MAX_CHANGES - 20) / (Versions.MAX_LIVE + 5);

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
   * Removes all that has expired, and looks again at what could not be removed before.
   *
   * @return how many secrets were removed
   */
  int sweep() {
    kept.clear();
    return sweep(() -> true);
  }

  /**
   * Removes all that has expired.
   *
   * @param goOn asked between commits; when it says no, the rest is left
   * @return how many secrets were removed, and one-time secrets ended
   */
  int sweep(BooleanSupplier goOn) {
    Sweep sweep = new Sweep();
    while (goOn.getAsBoolean() && sweep.step()) {}
    return sweep.removed();
  }

  /** When there may be something to remove; empty if nothing expires. */
  Optional<Instant> next() {
    return expired(Instant.MAX, page(kept.size() + 1)).stream()
        .filter(stored -> !isKept(stored))
        .map(StoredRecord::expiresAt)
        .findFirst();
  }

  private List<StoredRecord> expired(Instant moment, int limit) {
    return Failures.translated(() -> store.expired(moment, limit));
  }

  /** When something is to be removed that does not expire by then; empty if that is not known. */
  Optional<Instant> nextAfter(Instant moment) {
    return expired(Instant.MAX, SecretStore.MAX_PAGE).stream()
        .map(StoredRecord::expiresAt)
        .filter(end -> end.isAfter(moment))
        .findFirst();
  }

  private static int page(int wanted) {
    return Math.min(wanted, SecretStore.MAX_PAGE);
  }

  private boolean isKept(StoredRecord stored) {
    Long revision = kept.get(stored.key());
    return revision != null && revision == stored.revision();
  }

  /** One going through all that has expired. */
  private final class Sweep {

    /** What this one comes not back to. */
    private final Set<RecordKey> left = new HashSet<>();

    private int removed;
    private @Nullable VaultException failure;

    /** Removes some; false if there is no more. */
    boolean step() {
      Latest latest = clock.latest();
      int limit = page(kept.size() + left.size() + BATCH);
      List<StoredRecord> all = expired(latest.moment(), limit);
      List<StoredRecord> due =
          all.stream()
              .filter(stored -> !isKept(stored) && !left.contains(stored.key()))
              .limit(BATCH)
              .toList();
      if (all.size() < limit) {
        // What was removed by others, or changed, is not kept any more.
        kept.keySet()
            .retainAll(
                all.stream()
                    .filter(Sweeper.this::isKept)
                    .map(StoredRecord::key)
                    .collect(Collectors.toSet()));
        if (due.isEmpty() && kept.isEmpty() && failure == null) {
          clock.release(latest);
        }
      }
      remove(due, latest);
      return !due.isEmpty();
    }

    private void remove(List<StoredRecord> due, Latest latest) {
      Map<Namespace, List<Secret>> secrets = new LinkedHashMap<>();
      Map<Namespace, List<OneTimeRecord>> shared = new LinkedHashMap<>();
      List<StoredRecord> traces = new ArrayList<>();
      for (StoredRecord stored : due) {
        if (VaultRecords.isAttempts(stored.key())) {
          // These count by the clock alone, which may have been set back.
          if (clock.instant().isBefore(stored.expiresAt())) {
            left.add(stored.key());
          } else {
            traces.add(stored);
          }
        } else if (VaultRecords.servesOneTime(stored.key())) {
          traces.add(stored);
        } else if (VaultRecords.isOneTime(stored.key())) {
          ended(stored, latest, shared).ifPresent(traces::add);
        } else {
          find(stored, latest)
              .ifPresent(
                  secret ->
                      secrets
                          .computeIfAbsent(secret.owner, owner -> new ArrayList<>())
                          .add(secret));
        }
      }
      removeTraces(traces, latest);
      secrets.forEach((owner, over) -> count(owner, due, () -> Sweeper.remove(owner, over, latest)));
      shared.forEach(
          (owner, over) -> count(owner, due, () -> owner.oneTime().expiry().end(over, latest)));
    }

    private void count(Namespace owner, List<StoredRecord> due, IntSupplier removal) {
      try {
        removed += removal.getAsInt();
      } catch (IntegrityException | UnsupportedFormatException e) {
        failure = e; // The namespace's own records are damaged: the others go on.
        Optional<String> token = Optional.of(owner.records().token());
        due.stream()
            .map(StoredRecord::key)
            .filter(key -> VaultRecords.tokenIn(key).equals(token))
            .forEach(left::add);
      }
    }

    /**
     * How many secrets were removed.
     *
     * @throws VaultException if others could not be
     */
    int removed() {
      if (failure != null) {
        throw failure;
      }
      return removed;
    }
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

  /**
   * Looks at the record of a one-time secret: if it has ended, it is returned, as it is to be
   * forgotten; if not, it is added to those that are to be ended; else it stays.
   */
  private Optional<StoredRecord> ended(
      StoredRecord stored, Latest latest, Map<Namespace, List<OneTimeRecord>> over) {
    try {
      Namespace owner = namespaces.owning(stored.key()).orElseThrow(Sweeper::unknown);
      Optional<OneTimeRecord> opened = owner.oneTime().shared().open(stored);
      if (opened.isPresent() && !latest.reaches(opened.get().due())) {
        throw new IntegrityException("its one-time secret does not expire then", null);
      }
      opened
          .filter(OneTimeRecord::isNew)
          .ifPresent(
              record -> over.computeIfAbsent(owner, missing -> new ArrayList<>()).add(record));
      return opened.filter(record -> !record.isNew()).map(record -> stored);
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

  /** Removes records whose removal is no event, as nothing ends with them. */
  private void removeTraces(List<StoredRecord> traces, Latest latest) {
    List<Change> changes = new ArrayList<>();
    if (traces.stream().anyMatch(stored -> latest.holdsBack(stored.expiresAt()))) {
      changes.add(clock.requirement(latest));
    }
    traces.forEach(stored -> changes.add(Change.delete(stored.key(), stored.revision())));
    try {
      namespaces.get(Namespaces.DEFAULT).records().commit(() -> changes);
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
