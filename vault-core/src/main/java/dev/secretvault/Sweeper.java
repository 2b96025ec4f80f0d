package dev.secretvault;

import dev.secretvault.SecretExpiry.Over;
import dev.secretvault.VaultClock.Latest;
import dev.secretvault.store.Change;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;
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

  /** What was said last of records that do not open, so that it is said once. */
  private volatile String said = "";

  Sweeper(SecretStore store, Namespaces namespaces, VaultClock clock) {
    this.store = store;
    this.namespaces = namespaces;
    this.clock = clock;
  }

  /**
   * Removes all that has expired, and says what does not open, be it said before.
   *
   * @return how many secrets were removed, and one-time secrets ended
   * @throws VaultException if others could not be
   */
  int sweep() {
    said = "";
    return new Sweep(() -> true).run().removed;
  }

  /**
   * Removes all that has expired.
   *
   * @param goOn asked between commits; when it says no, the rest is left
   * @return when something expires that had not yet; empty if nothing does
   * @throws VaultException if some could not be removed
   */
  Optional<Instant> sweep(BooleanSupplier goOn) {
    return nextAfter(new Sweep(goOn).run().looked);
  }

  /** When something expires that does not by then; empty if nothing does. */
  Optional<Instant> nextAfter(Instant moment) {
    // The first one is it, unless something was left.
    return Stream.iterate(
            expired(Instant.MAX, null, 1),
            page -> !page.isEmpty(),
            page -> expired(Instant.MAX, page.get(page.size() - 1), BATCH))
        .flatMap(List::stream)
        .map(StoredRecord::expiresAt)
        .filter(end -> end.isAfter(moment))
        .findFirst();
  }

  private List<StoredRecord> expired(Instant moment, @Nullable StoredRecord after, int limit) {
    return Failures.translated(() -> store.expired(moment, after, limit));
  }

  /** One going through all that has expired, page by page, behind what it leaves. */
  private final class Sweep {

    /** Behind which the next page is; null as long as nothing is left. */
    private @Nullable StoredRecord after;

    /** What the clock said at the last page. */
    private Instant looked = Instant.MIN;

    /** The soonest expiry of what is left and may have been refused for it. */
    private Instant left = Instant.MAX;

    /** The soonest expiry of all that is left. */
    private Instant soonest = Instant.MAX;

    private int unreadable;
    private String example = "";
    private int removed;
    private @Nullable VaultException failure;

    /** When it says no, the rest is left. A medium that is away may take its time to say so. */
    private final BooleanSupplier goOn;

    Sweep(BooleanSupplier goOn) {
      this.goOn = goOn;
    }

    Sweep run() {
      while (goOn.getAsBoolean() && step()) {}
      if (failure != null) {
        throw failure;
      }
      return this;
    }

    /** Removes what is on a page; false if there is none. */
    private boolean step() {
      Latest latest = clock.latest();
      looked = latest.now();
      List<StoredRecord> due;
      try {
        due = expired(latest.moment(), after, BATCH);
      } catch (IntegrityException damaged) {
        failure = damaged; // What is left is what the store itself cannot read.
        return false;
      }
      if (due.isEmpty()) {
        boolean gone = isAllBeforeGone(latest);
        if (gone) {
          end(latest);
        }
        return !gone;
      }
      Page page = new Page(this, latest);
      due.stream().takeWhile(stored -> goOn.getAsBoolean()).forEach(page::look);
      page.remove();
      // What others changed meanwhile is looked at again; all the rest is gone, or left.
      if (page.leaves && !page.overtaken) {
        after = due.get(due.size() - 1);
        example = unreadable == 0 ? page.example : example;
        unreadable += page.unreadable;
      }
      return true;
    }

    /**
     * Looks once more before what was left, where the store names what it cannot read only if there
     * is nothing else. If there is, all is gone through again.
     *
     * @throws VaultException if there is what the store cannot read: for it, the mark stays
     */
    private boolean isAllBeforeGone(Latest latest) {
      if (soonest.equals(Instant.MAX)) {
        return true;
      }
      boolean gone = expired(earlier(soonest.minusMillis(1), latest.moment()), null, 1).isEmpty();
      if (!gone) {
        after = null;
        unreadable = 0;
      }
      return gone;
    }

    private void end(Latest latest) {
      if (!latest.marks(left)) {
        clock.release(latest);
      }
      String told = unreadable == 0 ? "" : unreadable + ", such as " + example;
      if (!told.isEmpty() && !told.equals(said)) {
        System.getLogger(Sweeper.class.getName())
            .log(
                System.Logger.Level.WARNING,
                "expired records cannot be removed, and are left: {0}",
                told);
      }
      said = told;
    }
  }

  /** Something to remove, and the record by which it was found. */
  private record Found<T>(StoredRecord stored, T over) {}

  /** Some of what has expired, to be removed by one commit for each namespace. */
  private final class Page {

    private final Sweep sweep;
    private final Latest latest;
    private final Map<Namespace, List<Found<Over>>> secrets = new LinkedHashMap<>();
    private final Map<Namespace, List<Found<OneTimeRecord>>> shared = new LinkedHashMap<>();

    /** What nothing ends with. */
    private final List<StoredRecord> traces = new ArrayList<>();

    private boolean leaves;
    private boolean overtaken;
    private int unreadable;
    private String example = "";

    Page(Sweep sweep, Latest latest) {
      this.sweep = sweep;
      this.latest = latest;
    }

    /** Finds out what a record is. */
    void look(StoredRecord stored) {
      try {
        if (VaultRecords.isAttempts(stored.key())) {
          // These count by the clock alone, which may have been set back.
          if (clock.instant().isBefore(stored.expiresAt())) {
            leaves = true;
            sweep.soonest = earlier(sweep.soonest, stored.expiresAt());
          } else {
            traces.add(stored);
          }
        } else if (VaultRecords.servesOneTime(stored.key())) {
          traces.add(stored);
        } else {
          Namespace owner = namespaces.owning(stored.key()).orElseThrow(Sweeper::unknown);
          if (VaultRecords.isOneTime(stored.key())) {
            lookAtOneTime(owner, stored);
          } else {
            lookAtSecret(owner, stored);
          }
        }
      } catch (IntegrityException | UnsupportedFormatException e) {
        leave(stored);
        if (unreadable++ == 0) {
          example = stored.key().text() + ": " + e.getMessage();
        }
      } catch (VaultException e) {
        // What cannot be read there need not concern any other.
        leave(stored);
        sweep.failure = e;
      }
    }

    private void lookAtSecret(Namespace owner, StoredRecord stored) {
      if (owner.records().secretId(stored.key()).isEmpty()) {
        throw unknown();
      }
      Optional<SecretInfo> opened = owner.records().openSecret(stored);
      if (opened.isPresent()) {
        requireOver(opened.get().expiresAt());
        // Before there is a list for it, which would be empty if this fails.
        Over over = owner.life().expiry().over(opened.get());
        secrets.computeIfAbsent(owner, first -> new ArrayList<>()).add(new Found<>(stored, over));
      }
    }

    /** One that has ended is forgotten, one that has not is ended. */
    private void lookAtOneTime(Namespace owner, StoredRecord stored) {
      Optional<OneTimeRecord> opened = owner.oneTime().shared().open(stored);
      if (opened.isPresent()) {
        requireOver(opened.get().due());
        if (opened.get().isNew()) {
          shared
              .computeIfAbsent(owner, first -> new ArrayList<>())
              .add(new Found<>(stored, opened.get()));
        } else {
          traces.add(stored);
        }
      }
    }

    private void requireOver(@Nullable Instant expiresAt) {
      if (!latest.reaches(expiresAt)) {
        throw new IntegrityException("what it is of does not expire then", null);
      }
    }

    private void leave(StoredRecord stored) {
      leaves = true;
      sweep.left = earlier(sweep.left, stored.expiresAt());
      sweep.soonest = earlier(sweep.soonest, stored.expiresAt());
    }

    void remove() {
      removeTraces();
      secrets.forEach(
          (owner, found) ->
              remove(found, over -> owner.life().expiry().remove(over, latest) ? over.size() : 0));
      shared.forEach(
          (owner, found) -> remove(found, over -> owner.oneTime().expiry().end(over, latest)));
    }

    /**
     * Together, or one by one if what one of them takes, or what its namespace counts or traces,
     * cannot be read. But if the store cannot commit, the sweep ends.
     */
    private <T> void remove(List<Found<T>> found, ToIntFunction<List<T>> removal) {
      try {
        int gone = removal.applyAsInt(found.stream().map(Found::over).toList());
        sweep.removed += gone;
        overtaken |= gone == 0;
      } catch (IntegrityException | UnsupportedFormatException | StoreFailedException e) {
        if (e instanceof StoreFailedException failed && failed.inCommit()) {
          throw e;
        }
        if (found.size() == 1) {
          sweep.failure = e;
          leave(found.get(0).stored());
        } else {
          found.stream()
              .takeWhile(one -> sweep.goOn.getAsBoolean())
              .forEach(one -> remove(List.of(one), removal));
        }
      }
    }

    private void removeTraces() {
      List<Change> changes = new ArrayList<>();
      if (traces.stream().anyMatch(stored -> latest.holdsBack(stored.expiresAt()))) {
        changes.add(clock.requirement(latest));
      }
      traces.forEach(stored -> changes.add(Change.delete(stored.key(), stored.revision())));
      try {
        namespaces.get(Namespaces.DEFAULT).records().commit(() -> changes);
      } catch (RevisionConflictException changedMeanwhile) {
        overtaken = true;
      }
    }
  }

  private static Instant earlier(Instant one, @Nullable Instant other) {
    return other != null && other.isBefore(one) ? other : one;
  }

  private static IntegrityException unknown() {
    return new IntegrityException(
        "it is of no known namespace, or of a kind that does not expire", null);
  }
}
