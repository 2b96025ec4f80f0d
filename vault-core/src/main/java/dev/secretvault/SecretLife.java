package dev.secretvault;

import dev.secretvault.LiveSecrets.Live;
import dev.secretvault.SecretInfo.Version;
import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.crypto.Hmac;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
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
  private final LiveSecrets live;
  private final PassphraseAttempts attempts;
  private final InstantSource clock;

  SecretLife(VaultRecords records, LiveSecrets live, InstantSource clock) {
    this.records = records;
    this.live = live;
    this.attempts = new PassphraseAttempts(records, clock);
    this.clock = clock;
  }

  CreatedSecret create(SecretSpec spec) {
    char[] passphrase = spec.takePassphrase();
    byte[] value = new byte[0];
    try {
      value = spec.takeValue();
      SecretInfo info = spec.toInfo(now(), passphrase != null);
      RecordKey name = records.nameKey(info.name());
      byte[] kept = passphrase == null ? value : records.protect(info.id(), 1, passphrase, value);
      commit(
          () ->
              List.of(
                  records.putName(name, info.id()),
                  records.putSecret(info),
                  records.putValue(info.id(), 1, kept)));
      CreatedSecret created = new CreatedSecret(info, new SecretValue(value));
      value = new byte[0];
      return created;
    } catch (RevisionConflictException e) {
      throw new DuplicateNameException(); // The other two keys hold 80 fresh random bits.
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
        info ->
            switch (info.state()) {
              case INACTIVE -> {
                info.requireNotExpired(clock);
                yield info.changedTo(SecretState.ACTIVE, info.versions(), now());
              }
              case ACTIVE -> info;
              case REVEALED -> throw new AlreadyRevealedException();
            });
  }

  SecretInfo deactivate(SecretId id) {
    return change(
        id,
        info ->
            switch (info.state()) {
              case INACTIVE -> info;
              case ACTIVE ->
                  info.changedTo(SecretState.INACTIVE, info.versions(), info.activatedAt());
              case REVEALED -> throw new AlreadyRevealedException();
            });
  }

  private SecretInfo change(SecretId id, UnaryOperator<SecretInfo> step) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      SecretInfo before = records.secret(id).orElseThrow(SecretNotFoundException::new);
      SecretInfo after = step.apply(before);
      if (after.equals(before) || tryCommit(() -> List.of(records.putSecret(after)))) {
        return after;
      }
    }
    throw new StaleRevisionException();
  }

  private void commit(Supplier<List<Change>> changes) {
    try {
      records.commit(changes);
    } catch (StoreFailedException e) {
      if (!e.outcomeKnown()) {
        live.missed(); // It may have happened, and a store need not report what it does not know
        // of.
      }
      throw e;
    }
  }

  private boolean tryCommit(Supplier<List<Change>> changes) {
    try {
      commit(changes);
      return true;
    } catch (RevisionConflictException lostTheRace) {
      return false;
    }
  }

  boolean delete(SecretId id) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      List<Change> deletion = deletionOf(id);
      if (deletion.isEmpty()) {
        return false;
      }
      if (tryCommit(() -> deletion)) {
        return true;
      }
    }
    throw new StaleRevisionException();
  }

  private List<Change> deletionOf(SecretId id) {
    Optional<SecretInfo> info;
    try {
      info = records.secret(id);
    } catch (IntegrityException | UnsupportedFormatException e) {
      return records.deletionOfUnopened(id);
    }
    List<Change> changes = new ArrayList<>();
    info.ifPresent(
        found -> {
          changes.add(records.deleteSecret(found));
          records.deleteName(found.name()).ifPresent(changes::add);
          records.deleteAttempts(id).ifPresent(changes::add);
          for (Version version : found.versions()) {
            records.deleteValue(id, version.number()).ifPresent(changes::add);
          }
        });
    return changes;
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

  SecretValue reveal(Supplier<Optional<Live>> lookup) {
    return reveal(
        lookup,
        (info, stored) -> {
          if (info.passphraseProtected()) {
            Arrays.fill(stored, (byte) 0);
            throw new WrongPassphraseException(attempts.left(info.id()));
          }
          return stored;
        });
  }

  /**
   * Reveals a value that may be protected by a passphrase.
   *
   * @param caller who tries, if that is known
   */
  SecretValue reveal(Supplier<Optional<Live>> lookup, char[] passphrase, @Nullable String caller) {
    return reveal(
        lookup,
        (info, stored) ->
            info.passphraseProtected()
                ? attempts.attempt(
                    info.id(),
                    caller,
                    () -> records.unprotect(info.id(), info.current().number(), passphrase, stored))
                : stored);
  }

  /**
   * Reveals a value.
   *
   * @param unlock makes the value of what is stored
   */
  private SecretValue reveal(
      Supplier<Optional<Live>> lookup, BiFunction<SecretInfo, byte[], byte[]> unlock) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Live found = usable(lookup);
      SecretInfo info = found.info();
      if (info.disclosure() == Disclosure.AT_CREATION) {
        throw NotRevealableException.shownAtCreation();
      }
      Optional<OpenedValue> stored = live.value(found);
      if (stored.isPresent()) {
        byte[] value = unlock.apply(info, stored.get().content());
        boolean granted = false;
        try {
          granted = info.disclosure() != Disclosure.ONCE || consume(info, stored.get().revision());
        } finally {
          if (!granted) {
            Arrays.fill(value, (byte) 0);
          }
        }
        if (granted) {
          return new SecretValue(value);
        }
      }
      live.forget(found);
    }
    throw new IntegrityException("the value of a secret is missing", null);
  }

  /**
   * Takes the value away from everybody else; durable, or an exception, before the caller hands it
   * out.
   */
  private boolean consume(SecretInfo info, long valueRevision) {
    Version current = info.current();
    Version retired = new Version(current.number(), Version.State.RETIRED, current.createdAt());
    SecretInfo revealed =
        info.changedTo(SecretState.REVEALED, List.of(retired), info.activatedAt());
    return tryCommit(
        () ->
            List.of(
                records.putSecret(revealed),
                records.deleteValue(info.id(), current.number(), valueRevision)));
  }

  /** Prepared digests under the live versions of a usable secret, the current one first. */
  List<Hmac> digesters(Supplier<Optional<Live>> lookup) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Live found = usable(lookup);
      if (found.info().passphraseProtected()) {
        throw NotRevealableException.noDigests();
      }
      Optional<List<Hmac>> digesters = live.digesters(found);
      if (digesters.isPresent()) {
        return digesters.get();
      }
      live.forget(found);
    }
    throw new IntegrityException("the value of a secret is missing", null);
  }

  private Live usable(Supplier<Optional<Live>> lookup) {
    Live found = lookup.get().orElseThrow(SecretNotFoundException::new);
    found.info().requireUsable(clock);
    return found;
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
