package dev.secretvault;

import dev.secretvault.OneTimeToken.Kind;
import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.StoredRecord;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The records of one-time secrets in one namespace. Each is
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
final class OneTimeRecords {

  private final VaultRecords records;
  private final RecordKeys keys;

  OneTimeRecords(VaultRecords records) {
    this.records = records;
    keys = records.keys();
  }

  /** The one-time secret of an id; empty if it is forgotten. */
  Optional<OneTimeRecord> byId(SecretId id) {
    return records.open(RecordKind.ONE_TIME, recordKey(id)).map(opened -> decode(id, opened));
  }

  /**
   * The one-time secret that a link or a receipt leads to; empty if that is nothing, or forgotten.
   *
   * @throws IllegalArgumentException if the text is none
   */
  Optional<OneTimeRecord> byToken(Kind kind, String text) {
    OneTimeToken.requireIntact(kind, text);
    return records
        .open(leadKind(kind), leadKey(kind, text))
        .map(lead -> SecretId.of(new String(lead.content(), StandardCharsets.US_ASCII)))
        .flatMap(this::byId);
  }

  /**
   * Up to {@code limit} of them as they are stored, the newest first. Those that the store cannot
   * read are left out.
   *
   * @param after the cursor of the last one of an earlier page
   * @throws IllegalArgumentException if it cannot be one
   */
  List<StoredRecord> page(@Nullable String after, int limit) {
    RecordKey from;
    try {
      from = keys.of(RecordKind.ONE_TIME, after == null ? "" : after);
    } catch (IllegalArgumentException notOfAKey) {
      throw new IllegalArgumentException("cursor: is not one that a page ended with");
    }
    return records.page(RecordKind.ONE_TIME, from, limit, OneTimeRecords::warnOf);
  }

  /** Says what a list has to do without. */
  static void warnOf(RecordKey key, VaultException damaged) {
    System.getLogger(OneTimeRecords.class.getName())
        .log(
            System.Logger.Level.WARNING,
            "a one-time secret cannot be read, and is left out of a list: {0}: {1}",
            key.text(),
            damaged.getMessage());
  }

  /** What finds what follows, though it be no id: anybody may have put it. */
  String cursor(StoredRecord stored) {
    return keys.restOf(stored.key());
  }

  /** What a page has; empty if it is gone meanwhile. */
  Optional<OneTimeRecord> open(StoredRecord stored) {
    return records.open(RecordKind.ONE_TIME, stored).map(opened -> decode(idOf(stored), opened));
  }

  private SecretId idOf(StoredRecord stored) {
    return idIn(stored.key())
        .orElseThrow(() -> new IntegrityException("the key of a one-time secret has no id", null));
  }

  private Optional<SecretId> idIn(RecordKey key) {
    try {
      return Optional.of(SecretId.of(keys.restOf(key)).reversed());
    } catch (IllegalArgumentException notMadeHere) {
      return Optional.empty();
    }
  }

  private static OneTimeRecord decode(SecretId id, OpenedValue opened) {
    return OneTimeRecord.decode(id, opened.revision(), opened.content());
  }

  /** What a commit has to name that shall happen only while it is like this. */
  Change require(OneTimeRecord record) {
    return Change.require(recordKey(record.id()), record.revision());
  }

  Change put(OneTimeRecord record) {
    return records.put(
        RecordKind.ONE_TIME,
        recordKey(record.id()),
        record.revision() - 1,
        record.encode(),
        record.due());
  }

  /** A put of what leads to it from a link or a receipt. */
  Change putLead(Kind kind, String text, OneTimeRecord to) {
    byte[] id = to.id().text().getBytes(StandardCharsets.US_ASCII);
    return records.put(leadKind(kind), leadKey(kind, text), 0, id, to.receiptExpiresAt());
  }

  /**
   * What makes it one that has ended, and deletes all that served it till then.
   *
   * @param value its value; empty if it has none
   */
  List<Change> ending(OneTimeRecord ended, Optional<StoredRecord> value) {
    List<Change> changes = new ArrayList<>();
    changes.add(put(ended));
    changes.add(gone(valueKey(ended.id()), value));
    changes.add(gone(shownKey(ended.id())));
    if (ended.passphraseProtected()) {
      changes.add(gone(keys.attempts(ended.id())));
    }
    return changes;
  }

  /** Deletes one that has ended, unless it has changed, or a requirement does not hold. */
  void forget(OneTimeRecord ended, List<Change> requirements) {
    List<Change> changes = new ArrayList<>(requirements);
    changes.add(Change.delete(recordKey(ended.id()), ended.revision()));
    try {
      records.commit(() -> changes);
    } catch (RevisionConflictException changedMeanwhile) {
      // Whoever looks again finds out.
    }
  }

  /** What deletes all that serves the one whose own record has this key; nothing for other keys. */
  List<Change> remains(RecordKey key) {
    return keys.kindOf(key).filter(RecordKind.ONE_TIME::equals).flatMap(kind -> idIn(key)).stream()
        .flatMap(id -> Stream.of(valueKey(id), shownKey(id), keys.attempts(id)))
        .map(this::gone)
        .toList();
  }

  private Change gone(RecordKey key) {
    return gone(key, records.stored(key));
  }

  /** A commit with this leaves no such record, also if one is put meanwhile: then it fails. */
  private static Change gone(RecordKey key, Optional<StoredRecord> stored) {
    return stored
        .<Change>map(record -> Change.delete(key, record.revision()))
        .orElse(Change.require(key, 0));
  }

  /** The record of the value as it is stored. */
  Optional<StoredRecord> value(SecretId id) {
    return records.stored(valueKey(id));
  }

  /** Whether it has a value, be it one that the store cannot read. */
  boolean hasValue(SecretId id) {
    try {
      return value(id).isPresent();
    } catch (IntegrityException | StoreFailedException e) {
      if (Failures.unreadRecord(e).filter(valueKey(id)::equals).isPresent()) {
        return true;
      }
      throw e;
    }
  }

  /** The value, sealed for the link; empty if it is gone meanwhile. */
  Optional<byte[]> openValue(StoredRecord value) {
    return records.open(RecordKind.SHARED_VALUE, value).map(OpenedValue::content);
  }

  /** A put of the value, which lives no longer than the receipt, whatever becomes of the rest. */
  Change putValue(OneTimeRecord of, byte[] sealed) {
    return records.put(
        RecordKind.SHARED_VALUE, valueKey(of.id()), 0, sealed, of.receiptExpiresAt());
  }

  /** Seals a value under the link's token and, inside of that, the passphrase if there is one. */
  byte[] seal(SecretId id, byte[] link, byte[] value, char @Nullable [] passphrase) {
    RecordKey key = valueKey(id);
    return records.sealForLink(
        key, link, passphrase == null ? value : records.protect(key, passphrase, value));
  }

  /** Undoes the outer one of the seals of {@link #seal}. */
  byte[] open(SecretId id, byte[] link, byte[] sealed) {
    return records.openForLink(valueKey(id), link, sealed);
  }

  /** Undoes the inner one; empty if the passphrase is wrong. */
  Optional<byte[]> unprotect(SecretId id, char[] passphrase, byte[] opened) {
    return records.unprotect(valueKey(id), passphrase, opened);
  }

  /** The value that the receipt shows, as it is sealed for it. */
  Optional<OpenedValue> shown(SecretId id) {
    return records.open(RecordKind.SHOWN_VALUE, shownKey(id));
  }

  Change putShown(SecretId id, byte[] sealed, Instant end) {
    return records.put(RecordKind.SHOWN_VALUE, shownKey(id), 0, sealed, end);
  }

  Change deleteShown(SecretId id, OpenedValue shown) {
    return Change.delete(shownKey(id), shown.revision());
  }

  byte[] sealShown(SecretId id, byte[] receipt, byte[] value) {
    return records.sealForLink(shownKey(id), receipt, value);
  }

  byte[] openShown(SecretId id, byte[] receipt, OpenedValue shown) {
    return records.openForLink(shownKey(id), receipt, shown.content());
  }

  private static RecordKind leadKind(Kind kind) {
    return kind == Kind.LINK ? RecordKind.LINK : RecordKind.RECEIPT;
  }

  private RecordKey leadKey(Kind kind, String text) {
    return keys.of(leadKind(kind), keys.digestOf(leadKind(kind), text));
  }

  /** In the order of these keys the newest comes first. */
  private RecordKey recordKey(SecretId id) {
    return keys.of(RecordKind.ONE_TIME, id.reversed().text());
  }

  private RecordKey valueKey(SecretId id) {
    return keys.of(RecordKind.SHARED_VALUE, id.text());
  }

  private RecordKey shownKey(SecretId id) {
    return keys.of(RecordKind.SHOWN_VALUE, id.text());
  }
}
