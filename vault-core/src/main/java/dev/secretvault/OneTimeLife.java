package dev.secretvault;

import dev.secretvault.OneTimeToken.Kind;
import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.StoredRecord;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The rules of one-time secrets in one namespace. Each is
 *
 * <ul>
 *   <li>its own record, found by its id, whose revision every end of it names: so there is one;
 *   <li>a link record and a receipt record, found by keyed digests of the two tokens, that hold the
 *       id;
 *   <li>the value, sealed under the link's token as well, until the end;
 *   <li>for a minute, and if that was asked for, the value once more under the receipt's token;
 *   <li>an attempts record, while wrong passphrases count.
 * </ul>
 */
final class OneTimeLife {

  /** How long a generated value can be seen by the receipt. */
  static final Duration SHOWN = Duration.ofSeconds(60);

  /** How long ago what {@link #recent} lists was shared, at most. */
  static final Duration RECENT = Duration.ofDays(30);

  private static final String ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

  private final VaultRecords records;
  private final PassphraseAttempts attempts;
  private final VaultRules rules;

  OneTimeLife(VaultRecords records, Auditor auditor, VaultRules rules) {
    this.records = records;
    this.attempts =
        new PassphraseAttempts(records, this::required, auditor, rules.clock());
    this.rules = rules;
  }

  private OneTimeLife(OneTimeLife life, Auditor auditor) {
    records = life.records;
    attempts = life.attempts.by(auditor);
    rules = life.rules;
  }

  /** The same, but for who is said to do it. */
  OneTimeLife by(Auditor other) {
    return new OneTimeLife(this, other);
  }

  SharedSecret share(OneTimeSpec spec) {
    byte[] link = OneTimeToken.random();
    byte[] receipt = OneTimeToken.random();
    char[] passphrase = spec.value().takePassphrase();
    byte[] value = new byte[0];
    try {
      value = spec.value().take();
      rules.limits().checkValue(value);
      Instant now = now();
      OneTimeRecord shared =
          new OneTimeRecord(
              SecretId.generate(now),
              1,
              OneTimeState.NEW,
              spec.note(),
              spec.labels(),
              now,
              now.plus(spec.timeToLive()).truncatedTo(ChronoUnit.MILLIS),
              null,
              passphrase != null);
      String linkText = OneTimeToken.encode(Kind.LINK, link);
      String receiptText = OneTimeToken.encode(Kind.RECEIPT, receipt);
      byte[] sealed = seal(shared.id(), link, value, passphrase);
      byte[] shown =
          spec.isShownOnReceipt()
              ? records.sealForLink(shownKey(shared.id()), receipt, value)
              : new byte[0];
      records.commit(
          () -> {
            List<Change> changes = new ArrayList<>();
            changes.add(put(shared));
            changes.add(putLead(RecordKind.LINK, linkText, shared));
            changes.add(putLead(RecordKind.RECEIPT, receiptText, shared));
            changes.add(
                records.put(RecordKind.SHARED_VALUE, valueKey(shared.id()), 0, sealed, null));
            if (shown.length > 0) {
              Instant end = now.plus(SHOWN);
              changes.add(
                  records.put(RecordKind.SHOWN_VALUE, shownKey(shared.id()), 0, shown, end));
            }
            return changes;
          });
      return new SharedSecret(linkText, receiptText, shared.receipt(now));
    } finally {
      Arrays.fill(value, (byte) 0);
      Arrays.fill(link, (byte) 0);
      Arrays.fill(receipt, (byte) 0);
      if (passphrase != null) {
        Arrays.fill(passphrase, '\0');
      }
    }
  }

  /** Under the link's token and, inside of that, the passphrase if there is one. */
  private byte[] seal(SecretId id, byte[] link, byte[] value, char @Nullable [] passphrase) {
    RecordKey key = valueKey(id);
    return records.sealForLink(
        key, link, passphrase == null ? value : records.protect(key, passphrase, value));
  }

  OneTimeInfo peek(String link) {
    return seenByToken(RecordKind.LINK, link).info(now());
  }

  /** What has become of it; empty if there is none. */
  Optional<OneTimeState> state(String link) {
    return byToken(RecordKind.LINK, link).flatMap(this::seen).map(OneTimeRecord::state);
  }

  /**
   * Reveals the value, and ends it: durably, or an exception, before it is returned.
   *
   * @param passphrase null if none was given
   * @param caller who tries, if that is known
   */
  SecretValue reveal(String link, char @Nullable [] passphrase, @Nullable String caller) {
    byte[] token = OneTimeToken.decode(Kind.LINK, link);
    try {
      for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
        OneTimeRecord found = seenByToken(RecordKind.LINK, link);
        requireNew(found);
        Optional<OpenedValue> stored = records.open(RecordKind.SHARED_VALUE, valueKey(found.id()));
        if (stored.isPresent()) {
          byte[] value = open(found, token, stored.get().content(), passphrase, caller);
          if (ended(found, OneTimeState.REVEALED, value)) {
            return new SecretValue(value);
          }
        }
      }
      throw new StaleRevisionException();
    } finally {
      Arrays.fill(token, (byte) 0);
    }
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
    RecordKey key = valueKey(found.id());
    byte[] opened = records.openForLink(key, token, sealed);
    if (!found.passphraseProtected()) {
      return opened;
    }
    if (passphrase == null) {
      throw new WrongPassphraseException(attempts.left(found.id()));
    }
    return attempts.attempt(found.id(), caller, () -> records.unprotect(key, passphrase, opened));
  }

  /**
   * Ends it; if somebody else has, or if that fails, the value that was to be handed out is lost.
   */
  private boolean ended(OneTimeRecord found, OneTimeState how, byte[] value) {
    boolean ended = false;
    try {
      ended = tryEnd(found, found.ended(how, now()));
    } finally {
      if (!ended) {
        Arrays.fill(value, (byte) 0);
      }
    }
    return ended;
  }

  private boolean tryEnd(OneTimeRecord before, OneTimeRecord after) {
    List<Change> deletions = new ArrayList<>();
    for (RecordKey key :
        List.of(valueKey(before.id()), shownKey(before.id()), records.attemptsKey(before.id()))) {
      records.delete(key).ifPresent(deletions::add);
    }
    try {
      records.commit(
          () -> {
            List<Change> changes = new ArrayList<>(deletions);
            changes.add(put(after));
            return changes;
          });
      return true;
    } catch (RevisionConflictException endedMeanwhile) {
      return false;
    }
  }

  Receipt receipt(String receipt) {
    return seenByToken(RecordKind.RECEIPT, receipt).receipt(now());
  }

  /** Ends it unseen, unless it has ended. */
  Receipt burn(String receipt) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      OneTimeRecord found = seenByToken(RecordKind.RECEIPT, receipt);
      if (!found.isNew()) {
        return found.receipt(now());
      }
      OneTimeRecord burned = found.ended(OneTimeState.BURNED, now());
      if (tryEnd(found, burned)) {
        return burned.receipt(now());
      }
    }
    throw new StaleRevisionException();
  }

  /** The generated value, for whoever asks first and in time. */
  Optional<SecretValue> takeGenerated(String receipt) {
    byte[] token = OneTimeToken.decode(Kind.RECEIPT, receipt);
    try {
      OneTimeRecord found = seenByToken(RecordKind.RECEIPT, receipt);
      RecordKey key = shownKey(found.id());
      Optional<OpenedValue> shown =
          found.isNew() && now().isBefore(found.createdAt().plus(SHOWN))
              ? records.open(RecordKind.SHOWN_VALUE, key)
              : Optional.empty();
      if (shown.isEmpty()) {
        return Optional.empty();
      }
      byte[] value = records.openForLink(key, token, shown.get().content());
      try {
        records.commit(() -> List.of(Change.delete(key, shown.get().revision())));
      } catch (RevisionConflictException takenMeanwhile) {
        Arrays.fill(value, (byte) 0);
        return Optional.empty();
      }
      return Optional.of(new SecretValue(value));
    } finally {
      Arrays.fill(token, (byte) 0);
    }
  }

  /** The newest first, of those that were shared lately. */
  Page<Receipt> recent(int limit, @Nullable SecretId after) {
    Instant now = now();
    RecordKey from = after == null ? records.key(RecordKind.ONE_TIME, "") : recordKey(after);
    List<StoredRecord> scanned = records.page(RecordKind.ONE_TIME, from, limit);
    List<OneTimeRecord> found =
        scanned.stream().map(this::decode).flatMap(Optional::stream).toList();
    List<OneTimeRecord> lately =
        found.stream().takeWhile(shared -> shared.createdAt().isAfter(now.minus(RECENT))).toList();
    boolean more = scanned.size() == limit && lately.size() == found.size();
    return new Page<>(
        lately.stream()
            .filter(shared -> now.isBefore(shared.receiptExpiresAt()))
            .map(this::seen)
            .flatMap(Optional::stream)
            .map(shared -> shared.receipt(now))
            .toList(),
        more ? Optional.of(idOf(scanned.get(limit - 1)).text()) : Optional.empty());
  }

  /**
   * Does what is due for a record of a one-time secret whose time has come: what is new expires,
   * and what has ended is forgotten.
   *
   * @return false if it was changed meanwhile, or nothing was due
   */
  boolean sweep(StoredRecord due) {
    Optional<OneTimeRecord> found = decode(due).filter(record -> !now().isBefore(record.due()));
    if (found.isEmpty()) {
      return false;
    }
    OneTimeRecord record = found.get();
    if (record.isNew()) {
      return tryEnd(record, hasValue(record) ? expired(record) : orphaned(record));
    }
    try {
      records.commit(() -> List.of(Change.delete(due.key(), due.revision())));
      return true;
    } catch (RevisionConflictException changedMeanwhile) {
      return false;
    }
  }

  /**
   * As it is to be shown: what ended by itself may not have been written down yet. Its value is
   * deleted by whoever writes down its end, in one commit; so if it is gone and no end is written,
   * that was not us, and stays so whatever the time.
   *
   * @return empty if it is forgotten meanwhile
   */
  private Optional<OneTimeRecord> seen(OneTimeRecord found) {
    if (!found.isNew()) {
      return Optional.of(found);
    }
    return hasValue(found)
        ? Optional.of(found.isOver(now()) ? expired(found) : found)
        : byId(found.id()).map(again -> again.isNew() ? orphaned(again) : again);
  }

  private static OneTimeRecord expired(OneTimeRecord found) {
    return found.ended(OneTimeState.EXPIRED, found.expiresAt());
  }

  private static OneTimeRecord orphaned(OneTimeRecord found) {
    return found.ended(OneTimeState.ORPHANED, null);
  }

  private boolean hasValue(OneTimeRecord found) {
    return records.delete(valueKey(found.id())).isPresent();
  }

  /** What a link or a receipt leads to. */
  private Optional<OneTimeRecord> byToken(RecordKind kind, String text) {
    OneTimeToken.requireIntact(kind == RecordKind.LINK ? Kind.LINK : Kind.RECEIPT, text);
    return records
        .open(kind, leadKey(kind, text))
        .map(opened -> SecretId.of(new String(opened.content(), StandardCharsets.US_ASCII)))
        .flatMap(this::byId)
        .filter(found -> now().isBefore(found.receiptExpiresAt()));
  }

  private OneTimeRecord seenByToken(RecordKind kind, String text) {
    return byToken(kind, text).flatMap(this::seen).orElseThrow(SecretNotFoundException::new);
  }

  private Optional<OneTimeRecord> byId(SecretId id) {
    return records
        .open(RecordKind.ONE_TIME, recordKey(id))
        .map(opened -> OneTimeRecord.decode(id, opened.revision(), opened.content()));
  }

  private SecretId idOf(StoredRecord stored) {
    return SecretId.of(complement(records.restOf(stored.key())));
  }

  private Optional<OneTimeRecord> decode(StoredRecord stored) {
    SecretId id = idOf(stored);
    return records
        .open(RecordKind.ONE_TIME, stored)
        .map(opened -> OneTimeRecord.decode(id, opened.revision(), opened.content()));
  }

  private Change required(SecretId id) {
    return byId(id)
        .map(found -> Change.require(recordKey(id), found.revision()))
        .orElseThrow(SecretNotFoundException::new);
  }

  private Change put(OneTimeRecord record) {
    return records.put(
        RecordKind.ONE_TIME,
        recordKey(record.id()),
        record.revision() - 1,
        record.encode(),
        record.due());
  }

  private Change putLead(RecordKind kind, String text, OneTimeRecord to) {
    byte[] id = to.id().text().getBytes(StandardCharsets.US_ASCII);
    return records.put(kind, leadKey(kind, text), 0, id, to.receiptExpiresAt());
  }

  private RecordKey leadKey(RecordKind kind, String text) {
    return records.key(kind, records.digestOf(kind, text));
  }

  /** In the order of these keys the newest comes first. */
  private RecordKey recordKey(SecretId id) {
    return records.key(RecordKind.ONE_TIME, complement(id.text()));
  }

  private RecordKey valueKey(SecretId id) {
    return records.key(RecordKind.SHARED_VALUE, id.text());
  }

  private RecordKey shownKey(SecretId id) {
    return records.key(RecordKind.SHOWN_VALUE, id.text());
  }

  /** Reverses the order of ids; its own inverse. The first character has three bits. */
  private static String complement(String id) {
    StringBuilder complement = new StringBuilder(id);
    for (int i = 0; i < id.length(); i++) {
      int last = i == 0 ? 7 : ALPHABET.length() - 1;
      complement.setCharAt(i, ALPHABET.charAt(last - ALPHABET.indexOf(id.charAt(i))));
    }
    return complement.toString();
  }

  private Instant now() {
    return rules.clock().instant().truncatedTo(ChronoUnit.MILLIS);
  }
}
