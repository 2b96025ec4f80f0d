package dev.secretvault;

import dev.secretvault.AuditEvent.Kind;
import dev.secretvault.PutSecret.Outcome;
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
  private final SecretExpiry expiry;
  private final SecretChanges changes;
  private final Auditor auditor;
  private final VaultRules rules;

  SecretLife(VaultRecords records, Auditor auditor, VaultRules rules) {
    this.records = records;
    this.auditor = auditor;
    this.count = new SecretCount(records, rules.limits().maxSecrets());
    this.removal = new SecretRemoval(records);
    this.expiry = new SecretExpiry(records, count, removal, auditor.chain(), rules.clock());
    this.changes = new SecretChanges(records, expiry, auditor, rules);
    this.rules = rules;
  }

  private SecretLife(SecretLife life, Auditor auditor) {
    records = life.records;
    count = life.count;
    removal = life.removal;
    expiry = life.expiry;
    rules = life.rules;
    changes = new SecretChanges(records, expiry, auditor, rules);
    this.auditor = auditor;
  }

  /** The same, but for who is said to do it. */
  SecretLife by(Auditor other) {
    return new SecretLife(this, other);
  }

  /** How many secrets there are. */
  SecretCount count() {
    return count;
  }

  /** What removes those that are over. */
  SecretExpiry expiry() {
    return expiry;
  }

  CreatedSecret create(SecretSpec spec) {
    return withValue(spec.takeValue(), (value, passphrase) -> create(spec, value, passphrase));
  }

  private SecretInfo create(SecretSpec spec, byte[] value, char @Nullable [] passphrase) {
    SecretInfo info = spec.toInfo(now(), passphrase != null);
    RecordKey name = records.nameKey(rules.names().check(info.name()));
    byte[] kept = kept(info.id(), 1, value, passphrase);
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      try {
        commitCounted(
            1,
            Kind.CREATED,
            info.id(),
            1,
            () -> {
              List<Change> puts = new ArrayList<>();
              rules.clock().requirementFor(null, info.expiresAt()).ifPresent(puts::add);
              puts.add(records.putName(name, info.id()));
              puts.add(records.putSecret(info));
              puts.add(records.putValue(info.id(), 1, kept));
              return puts;
            });
        return info;
      } catch (RevisionConflictException e) {
        // The keys with the id hold 80 fresh random bits.
        if (!rules.clock().hasMoved(e.key()) && !expiry.mayBeFree(info.name())) {
          throw new DuplicateNameException();
        }
      }
    }
    throw new StaleRevisionException();
  }

  /**
   * Creates a secret or, if there is one of its name with another value, gives that a new version
   * and makes it the current one.
   */
  PutSecret putIfChanged(SecretSpec spec) {
    byte[] value = spec.takeValue().takeComparable();
    try {
      rules.limits().checkValue(value);
      return putIfChanged(spec, value);
    } finally {
      Arrays.fill(value, (byte) 0);
    }
  }

  private PutSecret putIfChanged(SecretSpec spec, byte[] value) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Optional<SecretInfo> found = records.named(spec.name());
      try {
        if (found.filter(expiry::removeIfOver).isPresent()) {
          continue;
        }
        return found.isPresent()
            ? put(found.get(), value)
            : new PutSecret(create(spec, value, null), Outcome.CREATED);
      } catch (DuplicateNameException
          | RevisionConflictException
          | SecretExpiredException changedMeanwhile) {
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

  private PutSecret put(SecretInfo before, byte[] value) {
    if (before.passphraseProtected()) {
      throw NotRevealableException.notComparable();
    }
    SecretDraft draft = new SecretDraft(before);
    requireAlive(draft);
    if (records.holds(before, value)) {
      return new PutSecret(before, Outcome.UNCHANGED);
    }
    draft.versions = Versions.put(draft.versions, now(), draft.nextRevision());
    SecretInfo after = draft.done();
    int number = Versions.newest(after.versions()).number();
    changes.commit(
        Kind.REPLACED,
        number,
        before,
        after,
        List.of(() -> records.putValue(before.id(), number, value)));
    return new PutSecret(after, Outcome.CHANGED);
  }

  /** Adds a version, pending. */
  CreatedSecret rotate(SecretId id, NewValue newValue) {
    return withValue(newValue, (value, passphrase) -> rotate(id, value, passphrase));
  }

  private SecretInfo rotate(SecretId id, byte[] value, char @Nullable [] passphrase) {
    return changes.change(
        id,
        Kind.ROTATED,
        after -> Versions.newest(after.versions()).number(),
        draft -> {
          requireAlive(draft);
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
    return changes.change(
        id,
        Kind.ACTIVATED,
        after -> after.current().number(),
        draft -> {
          requireValueLeft(draft);
          List<Version> promoted = Versions.promoted(draft.versions, draft.nextRevision());
          if (draft.state == SecretState.INACTIVE || !promoted.equals(draft.versions)) {
            draft.requireNotOver(rules.clock());
            draft.state = SecretState.ACTIVE;
            draft.versions = promoted;
            draft.activatedAt = now();
          }
        });
  }

  SecretInfo deactivate(SecretId id) {
    return changes.change(
        id,
        Kind.DEACTIVATED,
        after -> 0,
        draft -> {
          requireValueLeft(draft);
          draft.state = SecretState.INACTIVE;
        });
  }

  SecretInfo rollback(SecretId id) {
    return changes.change(
        id,
        Kind.ROLLED_BACK,
        after -> after.current().number(),
        draft -> {
          requireAlive(draft);
          draft.versions =
              Versions.rolledBack(draft.versions, draft.nextRevision())
                  .orElseThrow(
                      () ->
                          new IllegalArgumentException(
                              "id: the secret has no previous version to go back to"));
        });
  }

  SecretInfo retire(SecretId id, int version) {
    return changes.change(
        id,
        Kind.RETIRED,
        after -> version,
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
    return changes.change(id, Kind.UPDATED, after -> 0, draft -> update.apply(draft, rules));
  }

  private static void requireValueLeft(SecretDraft draft) {
    if (draft.state == SecretState.REVEALED) {
      throw new AlreadyRevealedException();
    }
  }

  /** Refuses to change what is over. Taking away is another matter, and may be done at any time. */
  private void requireAlive(SecretDraft draft) {
    requireValueLeft(draft);
    draft.requireNotOver(rules.clock());
  }

  boolean delete(SecretId id) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Optional<SecretInfo> info;
      List<Change> deletion;
      try {
        info = records.secret(id);
        deletion = info.map(removal::of).orElseGet(() -> removal.ofRemains(id));
      } catch (IntegrityException | UnsupportedFormatException e) {
        info = Optional.empty();
        deletion = removal.ofUnopened(id);
      }
      if (deletion.isEmpty()) {
        return false;
      }
      if (tryDelete(id, info, deletion)) {
        return true;
      }
    }
    throw new StaleRevisionException();
  }

  private static boolean isGone(SecretInfo info) {
    return info.state() == SecretState.REVEALED;
  }

  private boolean tryDelete(SecretId id, Optional<SecretInfo> info, List<Change> deletion) {
    try {
      if (info.isPresent()) {
        commitCounted(isGone(info.get()) ? 0 : -1, Kind.DELETED, id, 0, () -> deletion);
      } else {
        // Nobody can tell whether its value was gone.
        count.commitUncounted(all -> auditor.commit(Kind.DELETED, id, 0, all), () -> deletion);
      }
      return true;
    } catch (RevisionConflictException lostTheRace) {
      return false;
    }
  }

  private void commitCounted(
      int more, Kind kind, SecretId id, int version, Supplier<List<Change>> changes) {
    count.commit(more, all -> auditor.commit(kind, id, version, all), changes);
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
      commitCounted(
          -1,
          Kind.REVEALED,
          info.id(),
          info.current().number(),
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

  /**
   * Says in the audit trail that the value is revealed, if such events are kept; false if the
   * secret has changed meanwhile.
   */
  boolean tellRevealed(SecretInfo info) {
    if (!auditor.chain().keepsReveals()) {
      return true;
    }
    try {
      auditor.commit(
          Kind.REVEALED,
          info.id(),
          info.current().number(),
          () -> List.of(records.requireUnchanged(info)));
      return true;
    } catch (RevisionConflictException lostTheRace) {
      return false;
    }
  }

  private Instant now() {
    return rules.clock().instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
