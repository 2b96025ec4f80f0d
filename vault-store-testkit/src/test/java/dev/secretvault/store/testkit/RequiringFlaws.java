package dev.secretvault.store.testkit;

import static dev.secretvault.store.testkit.BrokenStore.forgiving;
import static dev.secretvault.store.testkit.CommittingFlaws.commits;
import static dev.secretvault.store.testkit.Flaw.flaw;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Stores that check wrongly what a commit requires, or meddle with the record in question. */
final class RequiringFlaws {

  private RequiringFlaws() {}

  static List<Flaw> all() {
    return List.of(
        flaw(
            "deletes what is required",
            sound -> requirements(sound, RequiringFlaws::deletion),
            "commit_requirementsHold_happensAndLeavesTheirRecords"),
        flaw(
            "rewrites what is required",
            sound -> requirements(sound, required -> rewrite(required, sound.read(required.key()))),
            "commit_requirementsHold_happensAndLeavesTheirRecords"),
        flaw(
            "creates what must not be there",
            sound ->
                requirements(
                    sound,
                    required ->
                        required.expectedRevision() == 0
                            ? Change.put(required.key(), 0, new byte[0])
                            : required),
            "commit_requirementsHold_happensAndLeavesTheirRecords"),
        flaw(
            "ignores requirements",
            sound -> commits(sound, RequiringFlaws::writes),
            "commit_requiredRevisionIsAnother_conflictsAndWritesNothing",
            "commit_absentRecordRequiredPresent_conflictsAndWritesNothing",
            "commit_presentRecordRequiredAbsent_conflictsAndWritesNothing",
            "commit_oneRequirementOfManyFails_nothingHappens",
            "commit_requirementsOnly_throwsAndWritesNothing",
            "commit_requiredRecordTwice_throwsAndWritesNothing",
            "commit_requirements_countAsChanges"),
        lenient(
            "requires any revision but 0",
            (required, stored) -> stored > 0 && required.expectedRevision() > 0,
            "commit_requiredRevisionIsAnother_conflictsAndWritesNothing"),
        lenient(
            "compares half of a required revision",
            (required, stored) -> (int) required.expectedRevision() == (int) stored,
            "commit_requiredRevisionIsAnother_conflictsAndWritesNothing"),
        flaw(
            "remembers what held",
            Remembers::new,
            "commit_requiredRevisionIsAnother_conflictsAndWritesNothing"),
        lenient(
            "requires nothing of what is not there",
            (required, stored) -> stored == 0,
            "commit_absentRecordRequiredPresent_conflictsAndWritesNothing"),
        lenient(
            "takes a required 0 for any revision",
            (required, stored) -> required.expectedRevision() == 0,
            "commit_presentRecordRequiredAbsent_conflictsAndWritesNothing"),
        flaw(
            "writes before it checks what is required",
            sound ->
                new BrokenStore(sound) {
                  @Override
                  public void commit(List<Change> changes) {
                    sound.commit(writes(changes));
                    requirements(changes).forEach(this::check);
                  }
                },
            "commit_oneRequirementOfManyFails_nothingHappens"),
        flaw(
            "checks requirements first",
            sound -> commits(sound, changes -> sorted(changes, Change.Require.class)),
            "commit_requirementsAndOthersFail_namesTheFirstOfTheList"),
        flaw(
            "checks requirements last",
            sound -> commits(sound, changes -> sorted(changes, Change.Put.class)),
            "commit_requirementsAndOthersFail_namesTheFirstOfTheList"),
        flaw(
            "takes requirements only",
            sound ->
                new BrokenStore(sound) {
                  @Override
                  public void commit(List<Change> changes) {
                    if (changes.isEmpty() || !writes(changes).isEmpty()) {
                      sound.commit(changes);
                    } else {
                      changes.forEach(this::check);
                    }
                  }
                },
            "commit_requirementsOnly_throwsAndWritesNothing"),
        flaw(
            "requires nothing of what it writes",
            sound -> commits(sound, RequiringFlaws::withoutTwins),
            "commit_requiredRecordTwice_throwsAndWritesNothing"),
        flaw(
            "does not count requirements",
            sound ->
                new BrokenStore(sound) {
                  @Override
                  public void commit(List<Change> changes) {
                    requirements(changes).forEach(this::check);
                    sound.commit(writes(changes));
                  }
                },
            "commit_requirements_countAsChanges"),
        flaw(
            "has a lower limit of requirements",
            sound ->
                commits(
                    sound,
                    changes ->
                        CommittingFlaws.refuseIf(requirements(changes).count() > 500, changes)),
            "commit_requirements_countAsChanges"));
  }

  private interface Leniency {
    boolean covers(Change required, long stored);
  }

  /** A store that forgives some requirements, and no other change. */
  private static Flaw lenient(String name, Leniency leniency, String... caughtBy) {
    return flaw(
        name,
        sound ->
            forgiving(
                sound,
                (index, change, stored) ->
                    change instanceof Change.Require && leniency.covers(change, stored)),
        caughtBy);
  }

  /** Rewrites requirements. */
  private static SecretStore requirements(SecretStore sound, UnaryOperator<Change> rewrite) {
    return commits(
        sound,
        changes ->
            changes.stream()
                .map(change -> change instanceof Change.Require ? rewrite.apply(change) : change)
                .toList());
  }

  private static Stream<Change> requirements(List<Change> changes) {
    return changes.stream().filter(Change.Require.class::isInstance);
  }

  private static List<Change> writes(List<Change> changes) {
    return changes.stream().filter(change -> !(change instanceof Change.Require)).toList();
  }

  private static Change deletion(Change required) {
    return required.expectedRevision() == 0
        ? required
        : Change.delete(required.key(), required.expectedRevision());
  }

  private static Change rewrite(Change required, Optional<StoredRecord> stored) {
    return stored
        .<Change>map(
            record ->
                new Change.Put(
                    required.key(),
                    required.expectedRevision(),
                    record.bytes(),
                    record.expiresAt()))
        .orElse(required);
  }

  private static List<Change> sorted(List<Change> changes, Class<? extends Change> first) {
    return changes.stream()
        .sorted(Comparator.comparing(change -> !first.isInstance(change)))
        .toList();
  }

  private static List<Change> withoutTwins(List<Change> changes) {
    Set<RecordKey> written = new HashSet<>(Change.written(changes));
    return changes.stream()
        .filter(change -> !(change instanceof Change.Require) || written.add(change.key()))
        .toList();
  }

  private static final class Remembers extends BrokenStore {
    private final Set<Change> held = ConcurrentHashMap.newKeySet();

    Remembers(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      sound.commit(changes.stream().filter(change -> !held.contains(change)).toList());
      requirements(changes).forEach(held::add);
    }
  }
}
