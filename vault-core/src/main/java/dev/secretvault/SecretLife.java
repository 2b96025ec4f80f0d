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
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The rules of a secret's life in one namespace. Every change is one conditional commit; when it
 * loses a race it reads again and decides anew.
 */
final class SecretLife {

  /** So many lost races in a row mean that something else is wrong. */
  private static final int MAX_ATTEMPTS = 100;

  /**
   * Secrets read at a time while listing, more than a page of the list because filters drop some.
   */
  private static final int SCAN_PAGE = 250;

  private final VaultRecords records;
  private final LiveSecrets live;
  private final InstantSource clock;

  SecretLife(VaultRecords records, LiveSecrets live, InstantSource clock) {
    this.records = records;
    this.live = live;
    this.clock = clock;
  }

  CreatedSecret create(SecretSpec spec) {
    byte[] value = spec.takeValue();
    try {
      SecretInfo info = spec.toInfo(now());
      RecordKey name = records.nameKey(info.name());
      commit(
          List.of(
              records.putName(name, info.id()),
              records.putSecret(info),
              records.putValue(info.id(), 1, value)));
      CreatedSecret created = new CreatedSecret(info, new SecretValue(value));
      value = new byte[0];
      return created;
    } catch (RevisionConflictException e) {
      throw new DuplicateNameException(); // The other two keys hold 80 fresh random bits.
    } finally {
      Arrays.fill(value, (byte) 0);
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
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      SecretInfo before = records.secret(id).orElseThrow(SecretNotFoundException::new);
      SecretInfo after = step.apply(before);
      if (after.equals(before) || tryCommit(List.of(records.putSecret(after)))) {
        return after;
      }
    }
    throw new StaleRevisionException();
  }

  private void commit(List<Change> changes) {
    try {
      records.commit(changes);
    } catch (StoreFailedException e) {
      if (!e.outcomeKnown()) {
        // It may have happened, and a store need not report what it does not know of.
        live.changed(changes.stream().map(Change::key).collect(Collectors.toSet()));
      }
      throw e;
    }
  }

  private boolean tryCommit(List<Change> changes) {
    try {
      commit(changes);
      return true;
    } catch (RevisionConflictException lostTheRace) {
      return false;
    }
  }

  boolean delete(SecretId id) {
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      Optional<SecretInfo> info = records.secret(id);
      if (info.isEmpty()) {
        return false;
      }
      if (tryCommit(deletionOf(info.get()))) {
        return true;
      }
    }
    throw new StaleRevisionException();
  }

  private List<Change> deletionOf(SecretInfo info) {
    List<Change> changes = new ArrayList<>();
    changes.add(records.deleteSecret(info));
    records.deleteName(info.name()).ifPresent(changes::add);
    for (Version version : info.versions()) {
      records.deleteValue(info.id(), version.number()).ifPresent(changes::add);
    }
    return changes;
  }

  Page<SecretInfo> list(ListQuery query) {
    List<SecretInfo> items = new ArrayList<>();
    SecretId after = query.after();
    while (true) {
      List<SecretInfo> scanned = records.secrets(after, SCAN_PAGE);
      for (SecretInfo info : scanned) {
        if (items.size() == query.limit()) {
          return new Page<>(items, Optional.of(items.get(items.size() - 1).id().text()));
        }
        if (query.accepts(info)) {
          items.add(info);
        }
      }
      if (scanned.size() < SCAN_PAGE) {
        return new Page<>(items, Optional.empty());
      }
      after = scanned.get(scanned.size() - 1).id();
    }
  }

  SecretValue reveal(Supplier<Optional<Live>> lookup) {
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      Live found = usable(lookup);
      SecretInfo info = found.info();
      if (info.disclosure() == Disclosure.AT_CREATION) {
        throw new NotRevealableException();
      }
      Version current = currentOf(info);
      Optional<OpenedValue> value = records.value(info.id(), current.number());
      if (value.isPresent()) {
        byte[] content = value.get().content();
        boolean granted = false;
        try {
          granted =
              info.disclosure() != Disclosure.ONCE
                  || consume(info, current, value.get().revision());
        } finally {
          if (!granted) {
            Arrays.fill(content, (byte) 0);
          }
        }
        if (granted) {
          return new SecretValue(content);
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
  private boolean consume(SecretInfo info, Version current, long valueRevision) {
    Version retired = new Version(current.number(), Version.State.RETIRED, current.createdAt());
    return tryCommit(
        List.of(
            records.putSecret(
                info.changedTo(SecretState.REVEALED, List.of(retired), info.activatedAt())),
            records.deleteValue(info.id(), current.number(), valueRevision)));
  }

  private static Version currentOf(SecretInfo info) {
    return info.versions().stream()
        .filter(version -> version.state() == Version.State.CURRENT)
        .findFirst()
        .orElseThrow(() -> new IntegrityException("a secret has no current version", null));
  }

  /** Prepared digests under the live versions of a usable secret, the current one first. */
  List<Hmac> digesters(Supplier<Optional<Live>> lookup) {
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      Live found = usable(lookup);
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
