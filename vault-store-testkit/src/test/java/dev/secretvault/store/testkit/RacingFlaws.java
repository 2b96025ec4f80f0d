package dev.secretvault.store.testkit;

import static dev.secretvault.store.testkit.BrokenStore.forgiving;
import static dev.secretvault.store.testkit.Flaw.flaw;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Stores that are sound as long as nothing happens at the same time. */
final class RacingFlaws {

  private RacingFlaws() {}

  static List<Flaw> all() {
    return List.of(
        flaw(
            "checks, then writes",
            ChecksThenWrites::new,
            "commit_racingIncrements_eachCountsOnce",
            "commit_racingCreates_oneWinsEachKey",
            "commit_racingDeletes_oneWinsEachKey",
            "commit_racingTransfers_keepTheSum",
            "commit_requiredRecordIsReplacedMeanwhile_nothingComesBehind",
            "commit_racingWritersRequireEachOthersRecords_eachCountsOnce"),
        flaw(
            "checks what is required, then commits the rest",
            ChecksRequirementsThenWrites::new,
            "commit_requiredRecordIsReplacedMeanwhile_nothingComesBehind",
            "commit_racingWritersRequireEachOthersRecords_eachCountsOnce"),
        flaw(
            "lets one commit at a time require a record",
            RequiresAlone::new,
            "commit_racingWritersRequireOneRecord_allHappen",
            "commit_requiredRecordIsReplacedMeanwhile_nothingComesBehind"),
        flaw(
            "writes one change after the other",
            OneByOne::new,
            "commit_oneChangeOfManyConflicts_nothingHappens",
            "commit_racingTransfers_keepTheSum",
            "read_commitsMeanwhile_seesAllOfACommitOrNothing",
            "scan_commitsMeanwhile_returnsStatesOfTheMoment"),
        flaw(
            "writes the last change first",
            sound ->
                new BrokenStore(sound) {
                  @Override
                  public void commit(List<Change> changes) {
                    for (int i = changes.size() - 1; i >= 0; i--) {
                      sound.commit(List.of(changes.get(i)));
                      BrokenStore.gap();
                    }
                  }
                },
            "read_commitsMeanwhile_seesAllOfACommitOrNothing",
            "scan_commitsMeanwhile_returnsStatesOfTheMoment"),
        flaw(
            "remembers what it read",
            Remembers::new,
            "read_commitElsewhere_isSeenAtOnce",
            "read_commitsMeanwhile_seesAllOfACommitOrNothing"));
  }

  private static final class ChecksThenWrites extends BrokenStore {
    private final SecretStore unchecked;

    ChecksThenWrites(SecretStore sound) {
      super(sound);
      this.unchecked = forgiving(sound, (index, change, stored) -> true);
    }

    @Override
    public void commit(List<Change> changes) {
      changes.forEach(this::check);
      BrokenStore.gap();
      unchecked.commit(changes);
    }
  }

  private static final class ChecksRequirementsThenWrites extends BrokenStore {
    ChecksRequirementsThenWrites(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      List<Change> rest = new ArrayList<>(changes);
      rest.removeIf(Change.Require.class::isInstance);
      changes.stream().filter(change -> !rest.contains(change)).forEach(this::check);
      BrokenStore.gap();
      sound.commit(rest);
    }
  }

  private static final class RequiresAlone extends BrokenStore {
    private final Set<RecordKey> locked = ConcurrentHashMap.newKeySet();

    RequiresAlone(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      List<RecordKey> mine = new ArrayList<>();
      try {
        for (Change change : changes) {
          if (change instanceof Change.Require) {
            if (!locked.add(change.key())) {
              throw new RevisionConflictException(change.key(), change.expectedRevision(), 0);
            }
            mine.add(change.key());
          }
        }
        BrokenStore.gap();
        sound.commit(changes);
      } finally {
        mine.forEach(locked::remove);
      }
    }
  }

  private static final class OneByOne extends BrokenStore {
    OneByOne(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      for (Change change : changes) {
        sound.commit(List.of(change));
        BrokenStore.gap();
      }
    }
  }

  private static final class Remembers extends BrokenStore {
    private final Map<RecordKey, Optional<StoredRecord>> remembered = new ConcurrentHashMap<>();

    Remembers(SecretStore sound) {
      super(sound);
    }

    @Override
    public Optional<StoredRecord> read(RecordKey key) {
      return remembered.computeIfAbsent(key, sound::read);
    }

    @Override
    public void commit(List<Change> changes) {
      sound.commit(changes);
      changes.forEach(change -> remembered.remove(change.key()));
    }
  }
}
