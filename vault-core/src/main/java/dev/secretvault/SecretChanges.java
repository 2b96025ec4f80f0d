package dev.secretvault;

import dev.secretvault.AuditEvent.Kind;
import dev.secretvault.store.Change;
import dev.secretvault.store.RevisionConflictException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/** Changes secrets that are there, each in one commit with all that goes with the change. */
final class SecretChanges {

  private final VaultRecords records;
  private final SecretExpiry expiry;
  private final Auditor auditor;
  private final VaultRules rules;

  SecretChanges(VaultRecords records, SecretExpiry expiry, Auditor auditor, VaultRules rules) {
    this.records = records;
    this.expiry = expiry;
    this.auditor = auditor;
    this.rules = rules;
  }

  SecretInfo change(
      SecretId id, Kind kind, ToIntFunction<SecretInfo> version, Consumer<SecretDraft> step) {
    return change(id, kind, version, step, after -> List.of());
  }

  /**
   * Changes a secret, in one commit.
   *
   * @param kind what that is
   * @param version to which version it is done; 0 if to none
   * @param step changes it, or refuses to; called again when the commit lost a race
   * @param besides what else to commit, sealed when it is, for the secret after the step
   */
  SecretInfo change(
      SecretId id,
      Kind kind,
      ToIntFunction<SecretInfo> version,
      Consumer<SecretDraft> step,
      Function<SecretInfo, List<Supplier<Change>>> besides) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      SecretInfo before = records.secret(id).orElseThrow(SecretNotFoundException::new);
      SecretDraft draft = new SecretDraft(before);
      step.accept(draft);
      SecretInfo after = draft.done();
      if (after.equals(before)) {
        return before;
      }
      try {
        commit(kind, version.applyAsInt(after), before, after, besides.apply(after));
        return after;
      } catch (RevisionConflictException e) {
        boolean taken =
            e.key().equals(records.keys().name(after.name())) && !expiry.mayBeFree(after.name());
        if (!rules.clock().hasMoved(e.key()) && taken) {
          throw new DuplicateNameException();
        }
      }
    }
    throw new StaleRevisionException();
  }

  /**
   * Makes a secret what it shall be, in one commit.
   *
   * @throws RevisionConflictException if it is not as it was any more, or its new name is taken
   */
  void commit(
      Kind kind, int version, SecretInfo before, SecretInfo after, List<Supplier<Change>> besides) {
    auditor.commit(
        kind,
        after.id(),
        version,
        () -> {
          List<Change> changes = new ArrayList<>();
          rules
              .clock()
              .requirementFor(before.expiresAt(), after.expiresAt())
              .ifPresent(changes::add);
          besides.forEach(change -> changes.add(change.get()));
          changes.add(records.putSecret(after));
          changes.addAll(renaming(before, after));
          changes.addAll(erasing(before, after));
          return changes;
        });
  }

  private List<Change> renaming(SecretInfo before, SecretInfo after) {
    if (after.name().equals(before.name())) {
      return List.of();
    }
    List<Change> changes = new ArrayList<>();
    changes.add(records.putName(records.keys().name(after.name()), after.id()));
    records.deleteName(before.name()).ifPresent(changes::add);
    return changes;
  }

  /** Deletes the values of the versions that were retired. */
  private List<Change> erasing(SecretInfo before, SecretInfo after) {
    return before.versions().stream()
        .filter(
            version ->
                Versions.isLive(version) && !Versions.isLive(after.versions(), version.number()))
        .map(version -> records.deleteValue(before.id(), version.number()))
        .flatMap(Optional::stream)
        .toList();
  }
}
