package dev.secretvault;

import dev.secretvault.AuditEvent.Kind;
import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.store.Change;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.StoredRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The rules of one-time secrets in one namespace. */
final class OneTimeLife {

  /** How long a generated value can be seen by the receipt. */
  static final Duration SHOWN = Duration.ofSeconds(60);

  /** How far the clocks of those who share and those who look may differ. */
  private static final Duration SKEW = Duration.ofSeconds(5);

  /** How long ago what {@link #recent} lists was shared, at most. */
  static final Duration RECENT = Duration.ofDays(30);

  private final VaultRecords records;
  private final OneTimeRecords shared;
  private final OneTimeExpiry expiry;
  private final PassphraseAttempts attempts;
  private final Auditor auditor;
  private final VaultRules rules;

  OneTimeLife(VaultRecords records, Auditor auditor, VaultRules rules) {
    this.records = records;
    this.auditor = auditor;
    this.rules = rules;
    shared = new OneTimeRecords(records);
    expiry = new OneTimeExpiry(shared, auditor.chain(), rules.clock());
    attempts = new PassphraseAttempts(records, this::requirement, auditor, rules.clock());
  }

  private OneTimeLife(OneTimeLife life, Auditor auditor) {
    records = life.records;
    shared = life.shared;
    expiry = life.expiry;
    rules = life.rules;
    attempts = life.attempts.by(auditor);
    this.auditor = auditor;
  }

  /** The same, but for who is said to do it. */
  OneTimeLife by(Auditor other) {
    return new OneTimeLife(this, other);
  }

  /** What ends those that end by themselves. */
  OneTimeExpiry expiry() {
    return expiry;
  }

  /** What is stored of them. */
  OneTimeRecords shared() {
    return shared;
  }

  SharedSecret share(OneTimeSpec spec) {
    char[] passphrase = spec.value().takePassphrase();
    byte[] value = new byte[0];
    try {
      value = spec.value().take();
      rules.limits().checkValue(value);
      spec.checkSize(value);
      return share(spec, value, passphrase);
    } finally {
      Arrays.fill(value, (byte) 0);
      if (passphrase != null) {
        Arrays.fill(passphrase, '\0');
      }
    }
  }

  private SharedSecret share(OneTimeSpec spec, byte[] value, char @Nullable [] passphrase) {
    byte[] link = OneTimeToken.random();
    byte[] receipt = OneTimeToken.random();
    try {
      OneTimeRecord record = spec.toRecord(now(), passphrase != null);
      SecretId id = record.id();
      String linkText = OneTimeToken.encode(OneTimeToken.Kind.LINK, link);
      String receiptText = OneTimeToken.encode(OneTimeToken.Kind.RECEIPT, receipt);
      byte[] sealed = shared.seal(id, link, value, passphrase);
      byte[] shown = spec.isShownOnReceipt() ? shared.sealShown(id, receipt, value) : new byte[0];
      commitNew(
          record,
          () -> {
            List<Change> puts = new ArrayList<>();
            puts.add(shared.put(record));
            puts.add(shared.putLead(OneTimeToken.Kind.LINK, linkText, record));
            puts.add(shared.putLead(OneTimeToken.Kind.RECEIPT, receiptText, record));
            puts.add(shared.putValue(record, sealed));
            if (shown.length > 0) {
              puts.add(shared.putShown(id, shown, record.createdAt().plus(SHOWN)));
            }
            return puts;
          });
      return new SharedSecret(linkText, receiptText, record.receipt(record.createdAt()));
    } finally {
      Arrays.fill(link, (byte) 0);
      Arrays.fill(receipt, (byte) 0);
    }
  }

  private void commitNew(OneTimeRecord record, Supplier<List<Change>> puts) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      try {
        auditor.commit(
            Kind.SHARED,
            record.id(),
            0,
            () -> {
              List<Change> changes = new ArrayList<>();
              rules.clock().requirementFor(null, record.expiresAt()).ifPresent(changes::add);
              records.registration().ifPresent(changes::add);
              changes.addAll(puts.get());
              return changes;
            });
        return;
      } catch (RevisionConflictException e) {
        // The keys with the id and the tokens hold fresh random bits.
        if (!rules.clock().hasMoved(e.key()) && !e.key().equals(records.registrationKey())) {
          throw new StaleRevisionException();
        }
      }
    }
    throw new StaleRevisionException();
  }

  OneTimeInfo peek(String link) {
    OneTimeRecord found = found(OneTimeToken.Kind.LINK, link);
    tellPeeked(List.of(found));
    return found.info(now());
  }

  /** What may be known of each; empty for those that lead to nothing. */
  List<Optional<OneTimeInfo>> status(List<String> links) {
    List<Optional<OneTimeRecord>> found =
        links.stream().map(link -> lookUp(OneTimeToken.Kind.LINK, link)).toList();
    tellPeeked(found.stream().flatMap(Optional::stream).toList());
    Instant now = now();
    return found.stream().map(each -> each.map(record -> record.info(now))).toList();
  }

  /** Whoever has a link could fill the trail by looking, so this is told only if that is wanted. */
  private void tellPeeked(List<OneTimeRecord> found) {
    if (!found.isEmpty() && auditor.chain().keepsReveals()) {
      auditor.commit(Kind.PEEKED, found.stream().map(OneTimeRecord::id).toList(), List::of);
    }
  }

  /**
   * Reveals the value, and ends it: durably, or an exception, before it is returned.
   *
   * @param passphrase null if none was given
   * @param caller who tries, if that is known
   */
  SecretValue reveal(String link, char @Nullable [] passphrase, @Nullable String caller) {
    byte[] token = OneTimeToken.decode(OneTimeToken.Kind.LINK, link);
    try {
      for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
        OneTimeRecord found =
            shared.byToken(OneTimeToken.Kind.LINK, link).orElseThrow(SecretNotFoundException::new);
        Optional<StoredRecord> stored = revealable(found);
        Optional<byte[]> sealed = stored.flatMap(shared::openValue);
        if (sealed.isPresent()) {
          byte[] value = open(found, token, sealed.get(), passphrase, caller);
          return handedOut(value, () -> endRevealed(found, stored)).orElseThrow();
        }
      }
      throw new StaleRevisionException();
    } finally {
      Arrays.fill(token, (byte) 0);
    }
  }

  /**
   * The value of one that can be revealed now.
   *
   * @return empty if it has ended meanwhile, or ends as that is found
   * @throws VaultException if it cannot be revealed
   */
  private Optional<StoredRecord> revealable(OneTimeRecord found) {
    Optional<StoredRecord> stored = found.isNew() ? shared.value(found.id()) : Optional.empty();
    if (stored.isEmpty() || rules.clock().reaching(found.expiresAt()).isPresent()) {
      requireNew(expiry.settled(found).orElseThrow(SecretNotFoundException::new));
      return Optional.empty();
    }
    return stored;
  }

  /**
   * Ends one whose value was opened, which may have taken a while.
   *
   * @throws VaultException if it cannot be revealed any more
   */
  private boolean endRevealed(OneTimeRecord found, Optional<StoredRecord> stored) {
    OneTimeRecord latest = found;
    Optional<StoredRecord> value = stored;
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      if (value.isPresent()
          && rules.clock().reaching(latest.expiresAt()).isEmpty()
          && end(Kind.REVEALED, latest.ended(OneTimeState.REVEALED, now()), value)) {
        return true;
      }
      // Somebody has guessed meanwhile, or ended it, or its time has: what is opened stays right.
      latest = shared.byId(found.id()).orElseThrow(SecretNotFoundException::new);
      value = revealable(latest);
    }
    throw new StaleRevisionException();
  }

  private static void requireNew(OneTimeRecord found) {
    switch (found.state()) {
      case NEW -> {}
      case REVEALED -> throw new AlreadyRevealedException();
      case EXPIRED -> throw new SecretExpiredException();
      case BURNED -> throw new SecretNotFoundException();
      case ORPHANED ->
          throw new IntegrityException("the value of a one-time secret is missing", null);
    }
  }

  private byte[] open(
      OneTimeRecord found,
      byte[] token,
      byte[] sealed,
      char @Nullable [] passphrase,
      @Nullable String caller) {
    byte[] opened = shared.open(found.id(), token, sealed);
    if (!found.passphraseProtected()) {
      return opened;
    }
    if (passphrase == null) {
      throw new WrongPassphraseException(attempts.left(found.id()));
    }
    return attempts.attempt(
        found.id(), caller, () -> shared.unprotect(found.id(), passphrase, opened));
  }

  /** What a commit has to name that counts an attempt: none outlives what it was made at. */
  private Change requirement(SecretId id) {
    OneTimeRecord found = shared.byId(id).orElseThrow(SecretNotFoundException::new);
    requireNew(found);
    return shared.require(found);
  }

  /**
   * A value to be handed out, once something is done; empty, and the value overwritten, if that
   * cannot be done any more.
   */
  private static Optional<SecretValue> handedOut(byte[] value, BooleanSupplier step) {
    boolean done = false;
    try {
      done = step.getAsBoolean();
    } finally {
      if (!done) {
        Arrays.fill(value, (byte) 0);
      }
    }
    return done ? Optional.of(new SecretValue(value)) : Optional.empty();
  }

  /** Ends it; false if it is not as it was any more. */
  private boolean end(Kind kind, OneTimeRecord ended, Optional<StoredRecord> value) {
    return commit(kind, ended.id(), () -> shared.ending(ended, value));
  }

  private boolean commit(Kind kind, SecretId id, Supplier<List<Change>> changes) {
    try {
      auditor.commit(kind, id, 0, changes);
      return true;
    } catch (RevisionConflictException changedMeanwhile) {
      return false;
    }
  }

  Receipt receipt(String receipt) {
    return found(OneTimeToken.Kind.RECEIPT, receipt).receipt(now());
  }

  /** Ends it unseen, unless it has ended. */
  Receipt burn(String receipt) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      OneTimeRecord found = found(OneTimeToken.Kind.RECEIPT, receipt);
      if (!found.isNew()) {
        return found.receipt(now());
      }
      OneTimeRecord burned = found.ended(OneTimeState.BURNED, now());
      Optional<StoredRecord> value = shared.value(found.id());
      if (value.isPresent() && end(Kind.BURNED, burned, value)) {
        return burned.receipt(now());
      }
    }
    throw new StaleRevisionException();
  }

  /** The generated value, for whoever asks first and in time. */
  Optional<SecretValue> takeGenerated(String receipt) {
    byte[] token = OneTimeToken.decode(OneTimeToken.Kind.RECEIPT, receipt);
    try {
      OneTimeRecord found = found(OneTimeToken.Kind.RECEIPT, receipt);
      Optional<OpenedValue> shown = shared.shown(found.id());
      if (shown.isEmpty() || isShownTo(found)) {
        return shown.flatMap(kept -> take(found.id(), token, kept));
      }
      forget(found.id(), shown.get());
      return Optional.empty();
    } finally {
      Arrays.fill(token, (byte) 0);
    }
  }

  /** Whether its minute lasts. Long before it was shared the clock is wrong: it may be over. */
  private boolean isShownTo(OneTimeRecord found) {
    return found.isNew()
        && rules.clock().reaching(found.createdAt().plus(SHOWN)).isEmpty()
        && now().isAfter(found.createdAt().minus(SKEW));
  }

  private Optional<SecretValue> take(SecretId id, byte[] token, OpenedValue shown) {
    byte[] value = shared.openShown(id, token, shown);
    return handedOut(
        value, () -> commit(Kind.SHOWN, id, () -> List.of(shared.deleteShown(id, shown))));
  }

  private void forget(SecretId id, OpenedValue shown) {
    try {
      records.commit(() -> List.of(shared.deleteShown(id, shown)));
    } catch (RevisionConflictException goneMeanwhile) {
      // That is all that was wanted.
    }
  }

  /**
   * The newest first, of those that were shared lately, but for those that do not open.
   *
   * @param after the cursor of an earlier page
   * @throws IllegalArgumentException if it cannot be one
   */
  Page<Receipt> recent(int limit, @Nullable String after) {
    Instant now = now();
    List<StoredRecord> scanned = shared.page(after, limit);
    List<Receipt> receipts = new ArrayList<>();
    boolean more = scanned.size() == limit;
    for (StoredRecord stored : scanned) {
      try {
        Optional<OneTimeRecord> found = shared.open(stored);
        if (found.filter(record -> !record.createdAt().isAfter(now.minus(RECENT))).isPresent()) {
          more = false;
          break;
        }
        found.flatMap(expiry::settled).ifPresent(record -> receipts.add(record.receipt(now)));
      } catch (IntegrityException | UnsupportedFormatException damaged) {
        warnOf(stored, damaged);
      }
    }
    return new Page<>(
        receipts, more ? Optional.of(shared.cursor(scanned.get(limit - 1))) : Optional.empty());
  }

  private static void warnOf(StoredRecord stored, VaultException damaged) {
    System.getLogger(OneTimeLife.class.getName())
        .log(
            System.Logger.Level.WARNING,
            "a one-time secret cannot be read, and is left out of a list: {0}: {1}",
            stored.key().text(),
            damaged.getMessage());
  }

  private Optional<OneTimeRecord> lookUp(OneTimeToken.Kind kind, String text) {
    return shared.byToken(kind, text).flatMap(expiry::settled);
  }

  private OneTimeRecord found(OneTimeToken.Kind kind, String text) {
    return lookUp(kind, text).orElseThrow(SecretNotFoundException::new);
  }

  private Instant now() {
    return rules.clock().instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
