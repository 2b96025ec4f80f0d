package dev.secretvault.store.testkit;

import static dev.secretvault.store.testkit.BrokenStore.forgiving;
import static dev.secretvault.store.testkit.BrokenStore.puts;
import static dev.secretvault.store.testkit.BrokenStore.reads;
import static dev.secretvault.store.testkit.Flaw.flaw;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Stores whose commits do too much or too little, or are checked wrongly. */
final class CommittingFlaws {

  private CommittingFlaws() {}

  static List<Flaw> all() {
    return List.of(
        flaw(
            "says revision 1 of everything",
            sound -> reads(sound, record -> record.map(CommittingFlaws::first)),
            "commit_putsOfOneRecord_countRevisionsFromOne"),
        flaw(
            "counts on after a delete",
            CountsOn::new,
            "commit_recordCreatedAgain_startsAtRevisionOne"),
        flaw(
            "counts copies as puts",
            sound -> puts(sound, put -> BrokenStore.withBytes(put, put.bytes())),
            "commit_copy_bringsItsRevisionAlong"),
        flaw(
            "forgets the expiry of copies",
            sound -> puts(sound, CommittingFlaws::copyWithoutExpiry),
            "commit_copy_bringsItsRevisionAlong"),
        flaw(
            "keeps 32 bits of a copy's revision",
            sound -> puts(sound, CommittingFlaws::copyOfHalfARevision),
            "commit_copy_bringsItsRevisionAlong"),
        flaw("skips a revision behind a copy", SkipsARevision::new, "commit_behindACopy_countsOn"),
        flaw(
            "copies over what is there",
            CopiesOver::new,
            "commit_copyExpectingAnotherRevision_conflicts"),
        flaw(
            "ignores deletes",
            sound ->
                commits(
                    sound,
                    changes ->
                        changes.stream()
                            .filter(change -> !(change instanceof Change.Delete))
                            .toList()),
            "commit_delete_removesTheRecordOnly"),
        flaw(
            "loses the last of several changes",
            sound -> commits(sound, changes -> changes.subList(0, Math.max(1, changes.size() - 1))),
            "commit_severalChanges_allHappen"),
        flaw(
            "deletes only in front of puts",
            sound -> commits(sound, CommittingFlaws::withoutLateDeletes),
            "commit_changesInAnyOrder_sameOutcome"),
        flaw(
            "creates what is there",
            sound -> forgiving(sound, (index, change, stored) -> change.expectedRevision() == 0),
            "commit_presentRecordExpectedAbsent_conflicts"),
        flaw(
            "replaces what is not there",
            sound ->
                forgiving(
                    sound, (index, change, stored) -> stored == 0 && change instanceof Change.Put),
            "commit_absentRecordExpectedPresent_conflicts"),
        flaw(
            "lets late writers win",
            sound ->
                forgiving(sound, (index, change, stored) -> change.expectedRevision() < stored),
            "commit_revisionTooLow_conflicts"),
        flaw(
            "compares half a revision",
            sound ->
                forgiving(
                    sound,
                    (index, change, stored) -> (int) change.expectedRevision() == (int) stored),
            "commit_revisionTooHigh_conflicts"),
        flaw(
            "ignores revisions",
            sound -> forgiving(sound, (index, change, stored) -> true),
            "commit_presentRecordExpectedAbsent_conflicts",
            "commit_absentRecordExpectedPresent_conflicts",
            "commit_revisionTooLow_conflicts",
            "commit_revisionTooHigh_conflicts",
            "commit_deleteOfStaleRevision_conflicts",
            "commit_deleteOfAbsentRecord_conflicts"),
        flaw(
            "deletes any revision",
            sound ->
                forgiving(
                    sound,
                    (index, change, stored) -> stored > 0 && change instanceof Change.Delete),
            "commit_deleteOfStaleRevision_conflicts"),
        flaw(
            "deletes what is not there",
            sound ->
                forgiving(
                    sound,
                    (index, change, stored) -> stored == 0 && change instanceof Change.Delete),
            "commit_deleteOfAbsentRecord_conflicts"),
        flaw(
            "checks the first change only",
            sound -> forgiving(sound, (index, change, stored) -> index > 0),
            "commit_oneChangeOfManyConflicts_nothingHappens"),
        flaw(
            "checks in the order of keys",
            sound -> commits(sound, CommittingFlaws::inOrderOfKeys),
            "commit_severalChangesConflict_namesTheFirstOfTheList"),
        flaw(
            "takes the last of two changes",
            TakesTheLast::new,
            "commit_unacceptableList_throwsAndWritesNothing"),
        flaw(
            "writes before it refuses",
            WritesBeforeItRefuses::new,
            "commit_unacceptableList_throwsAndWritesNothing"),
        flaw("ignores null", IgnoresNull::new, "commit_null_throwsAndWritesNothing"),
        flaw(
            "has a lower limit of changes",
            sound ->
                commits(
                    sound, changes -> refuseIf(changes.size() == SecretStore.MAX_CHANGES, changes)),
            "commit_mostChanges_allHappen"),
        flaw(
            "has a lower limit of bytes",
            sound ->
                commits(
                    sound,
                    changes -> refuseIf(bytes(changes) == SecretStore.MAX_COMMIT_BYTES, changes)),
            "commit_mostBytes_allHappen"));
  }

  /** Rewrites commits; one that becomes empty is dropped. */
  static SecretStore commits(SecretStore sound, UnaryOperator<List<Change>> rewrite) {
    return new BrokenStore(sound) {
      @Override
      public void commit(List<Change> changes) {
        List<Change> rewritten = rewrite.apply(changes);
        if (!rewritten.isEmpty()) {
          sound.commit(rewritten);
        }
      }
    };
  }

  private static StoredRecord first(StoredRecord record) {
    return new StoredRecord(record.key(), 1, record.expiresAt(), record.bytes());
  }

  private static boolean isCopy(Change.Put put) {
    return put.newRevision() != put.expectedRevision() + 1;
  }

  private static Change.Put copyOf(
      Change.Put put, long expectedRevision, long revision, @Nullable Instant expiresAt) {
    return Change.copy(
        new StoredRecord(put.key(), revision, expiresAt, put.bytes()), expectedRevision);
  }

  private static Change.Put copyWithoutExpiry(Change.Put put) {
    return isCopy(put) ? copyOf(put, put.expectedRevision(), put.newRevision(), null) : put;
  }

  private static Change.Put copyOfHalfARevision(Change.Put put) {
    return isCopy(put)
        ? copyOf(put, put.expectedRevision(), put.newRevision() & 0xffff_ffffL, put.expiresAt())
        : put;
  }

  private static List<Change> withoutLateDeletes(List<Change> changes) {
    List<Change> kept = new ArrayList<>();
    for (Change change : changes) {
      if (change instanceof Change.Put || kept.stream().noneMatch(Change.Put.class::isInstance)) {
        kept.add(change);
      }
    }
    return kept;
  }

  private static List<Change> inOrderOfKeys(List<Change> changes) {
    return changes.stream().sorted(Comparator.comparing(Change::key)).toList();
  }

  static List<Change> refuseIf(boolean refused, List<Change> changes) {
    if (refused) {
      throw new IllegalArgumentException("changes: too many");
    }
    return changes;
  }

  private static int bytes(List<Change> changes) {
    return changes.stream()
        .mapToInt(change -> change instanceof Change.Put put ? put.bytes().length : 0)
        .sum();
  }

  private static final class CountsOn extends BrokenStore {
    private final Map<RecordKey, Long> before = new ConcurrentHashMap<>();

    CountsOn(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      sound.commit(changes);
      for (Change change : changes) {
        if (change instanceof Change.Delete delete) {
          before.merge(delete.key(), delete.expectedRevision(), Long::sum);
        }
      }
    }

    @Override
    public Optional<StoredRecord> read(RecordKey key) {
      return sound
          .read(key)
          .map(
              record ->
                  new StoredRecord(
                      key, before.getOrDefault(key, 0L) + record.revision(), null, record.bytes()));
    }
  }

  private static final class SkipsARevision extends BrokenStore {
    private final Set<RecordKey> copied = ConcurrentHashMap.newKeySet();

    SkipsARevision(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      sound.commit(changes.stream().map(this::skip).toList());
    }

    private Change skip(Change change) {
      if (!(change instanceof Change.Put put)) {
        return change;
      }
      if (isCopy(put)) {
        copied.add(put.key());
        return put;
      }
      return copied.contains(put.key())
          ? copyOf(put, put.expectedRevision(), put.newRevision() + 1, put.expiresAt())
          : put;
    }
  }

  private static final class CopiesOver extends BrokenStore {
    CopiesOver(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      sound.commit(
          changes.stream()
              .map(
                  change ->
                      change instanceof Change.Put put
                              && isCopy(put)
                              && revision(put.key()) < put.newRevision()
                          ? copyOf(put, revision(put.key()), put.newRevision(), put.expiresAt())
                          : change)
              .toList());
    }
  }

  private static final class TakesTheLast extends BrokenStore {
    TakesTheLast(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      Set<RecordKey> behind = new HashSet<>();
      List<Change> last = new ArrayList<>();
      for (int i = changes.size() - 1; i >= 0; i--) {
        if (behind.add(changes.get(i).key())) {
          last.add(0, changes.get(i));
        }
      }
      sound.commit(last);
    }
  }

  private static final class WritesBeforeItRefuses extends BrokenStore {
    WritesBeforeItRefuses(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      try {
        sound.commit(changes);
      } catch (IllegalArgumentException e) {
        changes.stream().limit(1).forEach(change -> sound.commit(List.of(change)));
        throw e;
      }
    }
  }

  private static final class IgnoresNull extends BrokenStore {
    IgnoresNull(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(@Nullable List<Change> changes) {
      if (changes != null) {
        sound.commit(changes.stream().filter(Objects::nonNull).toList());
      }
    }
  }
}
