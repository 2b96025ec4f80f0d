package dev.secretvault;

import dev.secretvault.SecretInfo.Version;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The rules of a secret's life in one namespace. Every change is one conditional commit; when it
 * loses a race it reads again and decides anew.
 */
final class SecretLife {

  /**
   * Secrets read at a time while listing, more than a page of the list because filters drop some.
   */
  private static final int SCAN_PAGE = 250;

  private final VaultRecords records;
  private final SecretCount count;
  private final SecretRemoval removal;
  private final VaultRules rules;

  SecretLife(VaultRecords records, VaultRules rules) {
    this.records = records;
    this.count = new SecretCount(records, rules.limits().maxSecrets());
    this.removal = new SecretRemoval(records);
    this.rules = rules;
  }

  /** How many secrets there are. */
  SecretCount count() {
    return count;
  }

  CreatedSecret create(SecretSpec spec) {
    return withValue(spec.takeValue(), (value, passphrase) -> create(spec, value, passphrase));
  }

  private SecretInfo create(SecretSpec spec, byte[] value, char @Nullable [] passphrase) {
    SecretInfo info = spec.toInfo(now(), passphrase != null);
    RecordKey name = records.nameKey(rules.names().check(info.name()));
    byte[] kept = kept(info.id(), 1, value, passphrase);
    try {
      count.commit(
          1,
          () ->
              List.of(
                  records.putName(name, info.id()),
                  records.putSecret(info),
                  records.putValue(info.id(), 1, kept)));
    } catch (RevisionConflictException e) {
      throw new DuplicateNameException(); // The other keys hold 80 fresh random bits.
    }
    return info;
  }

  /**
   * Creates a secret or, if there is one of its name with another value, gives that a new version
   * and makes it the current one.
   */
  SecretInfo putIfChanged(SecretSpec spec) {
    NewValue newValue = spec.takeValue();
    boolean generated = newValue.isGenerated();
    try (CreatedSecret put =
        withValue(
            newValue, (value, passphrase) -> putIfChanged(spec, generated, value, passphrase))) {
      return put.info();
    }
  }

  private SecretInfo putIfChanged(
      SecretSpec spec, boolean generated, byte[] value, char @Nullable [] passphrase) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Optional<SecretInfo> found = records.named(spec.name());
      try {
        if (found.isEmpty()) {
          return create(spec, value, passphrase);
        }
        SecretInfo before = found.get();
        if (before.passphraseProtected() || passphrase != null) {
          throw NotRevealableException.notComparable();
        }
        if (generated || records.holds(before, value)) {
          return before;
        }
        SecretDraft draft = new SecretDraft(before);
        requireValueLeft(draft);
        draft.versions = Versions.promoted(Versions.rotated(draft.versions, now()));
        SecretInfo after = draft.done();
        int number = Versions.newest(after.versions()).number();
        commit(before, after, List.of(() -> records.putValue(before.id(), number, value)));
        return after;
      } catch (DuplicateNameException | RevisionConflictException changedMeanwhile) {
        // Read and decide again.
      } catch (QuotaExceededException e) {
        // The last place may have been taken by somebody who put the same.
        if (found.isPresent() || records.named(spec.name()).isEmpty()) {
          throw e;
        }
      }
    }
    throw new StaleRevisionException();
  }

  /** Adds a version, pending. */
  CreatedSecret rotate(SecretId id, NewValue newValue) {
    return withValue(newValue, (value, passphrase) -> rotate(id, value, passphrase));
  }

  private SecretInfo rotate(SecretId id, byte[] value, char @Nullable [] passphrase) {
    return change(
        id,
        draft -> {
          requireValueLeft(draft);
          if (draft.passphraseProtected() != (passphrase != null)) {
            throw new IllegalArgumentException(
                passphrase == null
                    ? "passphrase: is needed, as the secret is protected by one"
                    : "passphrase: is not allowed, as the secret is not protected by one");
          }
          draft.versions = Versions.rotated(draft.versions, now());
        },
        after -> {
          int number = Versions.newest(after.versions()).number();
          byte[] kept = kept(id, number, value, passphrase);
          return List.of(() -> records.putValue(id, number, kept));
        });
  }

  private byte[] kept(SecretId id, int version, byte[] value, char @Nullable [] passphrase) {
    return passphrase == null
        ? value
        : records.protect(records.valueKey(id, version), passphrase, value);
  }

  /** Hands a new value to what stores it, and then to the caller; overwrites it if that fails. */
  private CreatedSecret withValue(
      NewValue newValue, BiFunction<byte[], char @Nullable [], SecretInfo> storing) {
    char[] passphrase = newValue.takePassphrase();
    byte[] value = new byte[0];
    try {
      value = newValue.take();
      rules.limits().checkValue(value);
      CreatedSecret created =
          new CreatedSecret(storing.apply(value, passphrase), new SecretValue(value));
      value = new byte[0];
      return created;
    } finally {
      Arrays.fill(value, (byte) 0);
      if (passphrase != null) {
        Arrays.fill(passphrase, '\0');
      }
    }
  }

  SecretInfo activate(SecretId id) {
    return change(
        id,
        draft -> {
          requireValueLeft(draft);
          List<Version> promoted = Versions.promoted(draft.versions);
          if (draft.state == SecretState.INACTIVE || !promoted.equals(draft.versions)) {
            draft.requireNotExpired(rules.clock());
            draft.state = SecretState.ACTIVE;
            draft.versions = promoted;
            draft.activatedAt = now();
          }
        });
  }

  SecretInfo deactivate(SecretId id) {
    return change(
        id,
        draft -> {
          requireValueLeft(draft);
          draft.state = SecretState.INACTIVE;
        });
  }

  SecretInfo rollback(SecretId id) {
    return change(
        id,
        draft -> {
          requireValueLeft(draft);
          draft.versions =
              Versions.rolledBack(draft.versions)
                  .orElseThrow(
                      () ->
                          new IllegalArgumentException(
                              "id: the secret has no previous version to go back to"));
        });
  }

  SecretInfo retire(SecretId id, int version) {
    return change(
        id,
        draft -> {
          if (version < 1 || version > Versions.newest(draft.versions).number()) {
            throw new IllegalArgumentException("version: the secret has no version " + version);
          }
          if (Versions.isCurrent(draft.versions, version)) {
            throw new IllegalArgumentException(
                "version: "
                    + version
                    + " is the current one: make another one current first, or delete the secret");
          }
          draft.versions = Versions.retired(draft.versions, version);
        });
  }

  SecretInfo update(SecretId id, SecretUpdate update) {
    return change(id, draft -> update.apply(draft, rules));
  }

  private static void requireValueLeft(SecretDraft draft) {
    if (draft.state == SecretState.REVEALED) {
      throw new AlreadyRevealedException();
    }
  }

  private SecretInfo change(SecretId id, Consumer<SecretDraft> step) {
    return change(id, step, after -> List.of());
  }

  /**
   * Changes a secret, in one commit.
   *
   * @param step changes it, or refuses to; called again when the commit lost a race
   * @param besides what else to commit, sealed when it is, for the secret after the step
   */
  private SecretInfo change(
      SecretId id,
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
        commit(before, after, besides.apply(after));
        return after;
      } catch (RevisionConflictException e) {
        if (e.key().equals(records.nameKey(after.name()))) {
          throw new DuplicateNameException();
        }
      }
    }
    throw new StaleRevisionException();
  }

  private void commit(SecretInfo before, SecretInfo after, List<Supplier<Change>> besides) {
    records.commit(
        () -> {
          List<Change> changes = new ArrayList<>();
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
    changes.add(records.putName(records.nameKey(after.name()), after.id()));
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

  boolean delete(SecretId id) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Optional<SecretInfo> info;
      List<Change> deletion;
      try {
        info = records.secret(id);
        deletion = info.map(removal::of).orElse(List.of());
      } catch (IntegrityException | UnsupportedFormatException e) {
        info = Optional.empty();
        deletion = removal.ofUnopened(id);
      }
      if (deletion.isEmpty()) {
        return false;
      }
      if (tryCommitCounted(info.filter(SecretLife::isGone).isPresent() ? 0 : -1, deletion)) {
        return true;
      }
    }
    throw new StaleRevisionException();
  }

  private static boolean isGone(SecretInfo info) {
    return info.state() == SecretState.REVEALED;
  }

  private boolean tryCommitCounted(int more, List<Change> changes) {
    try {
      count.commit(more, () -> changes);
      return true;
    } catch (RevisionConflictException lostTheRace) {
      return false;
    }
  }

  Page<SecretInfo> list(ListQuery query) {
    List<SecretInfo> items = new ArrayList<>();
    SecretId after = query.after();
    while (true) {
      VaultRecords.Secrets scanned = records.secrets(after, SCAN_PAGE);
      for (SecretInfo info : scanned.opened()) {
        if (items.size() == query.limit()) {
          return new Page<>(items, Optional.of(items.get(items.size() - 1).id().text()));
        }
        if (query.accepts(info)) {
          items.add(info);
        }
      }
      after = scanned.end();
      if (after == null) {
        return new Page<>(items, Optional.empty());
      }
    }
  }

  /**
   * Takes the value away from everybody else; durable, or an exception, before the caller hands it
   * out.
   */
  boolean consume(SecretInfo info, long valueRevision) {
    SecretDraft draft = new SecretDraft(info);
    draft.state = SecretState.REVEALED;
    draft.versions = Versions.allRetired(info.versions());
    SecretInfo revealed = draft.done();
    List<Change> values = new ArrayList<>();
    values.add(records.deleteValue(info.id(), info.current().number(), valueRevision));
    for (Version version : info.versions()) {
      if (version.state() != Version.State.CURRENT && Versions.isLive(version)) {
        records.deleteValue(info.id(), version.number()).ifPresent(values::add);
      }
    }
    try {
      count.commit(
          -1,
          () -> {
            List<Change> changes = new ArrayList<>(values);
            changes.add(records.putSecret(revealed));
            return changes;
          });
      return true;
    } catch (RevisionConflictException lostTheRace) {
      return false;
    }
  }

  private Instant now() {
    return rules.clock().instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
