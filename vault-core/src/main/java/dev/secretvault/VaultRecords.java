package dev.secretvault;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.secretvault.crypto.CryptoException;
import dev.secretvault.crypto.CryptoException.Reason;
import dev.secretvault.crypto.Keyring;
import dev.secretvault.crypto.RecordCipher;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The records of one namespace: under which keys they stand, and sealing and opening them. A secret
 * is
 *
 * <ul>
 *   <li>a name record, found by a token of the name, that holds the id;
 *   <li>a secret record, rewritten with each change, that holds all but the values;
 *   <li>a value record for each version;
 *   <li>an attempts record, while wrong passphrases count against a protected value.
 * </ul>
 */
final class VaultRecords {

  /**
   * The length of a namespace's token in keys: 66 bits, plenty for namespaces, and associated data
   * has the name.
   */
  private static final int NAMESPACE_TOKEN = 11;

  /** So many lost races in a row mean that something else is wrong. */
  static final int MAX_ATTEMPTS = 100;

  private static final int MAX_CIPHERS = 10_000;

  private static final int SCAN_PAGE = 100;

  private final SecretStore store;
  private final HeaderRecord header;
  private final String namespace;
  private final String prefix;

  /** Of records in use, whose keys need not be derived again. */
  private final Cache<RecordKey, RecordCipher> ciphers =
      Caffeine.newBuilder().maximumSize(MAX_CIPHERS).executor(Runnable::run).build();

  /** What a record is: the letter in its key, and the purpose that it is sealed for. */
  private enum Kind {
    SECRET('s'),
    NAME('n'),
    VALUE('v'),
    ATTEMPTS('a');

    private final char letter;
    private final String purpose = name().toLowerCase(Locale.ROOT);

    Kind(char letter) {
      this.letter = letter;
    }
  }

  VaultRecords(SecretStore store, HeaderRecord header, String namespace) {
    this.store = store;
    this.header = header;
    this.namespace = namespace;
    prefix = header.keyring().token("namespace", namespace).substring(0, NAMESPACE_TOKEN) + ".";
  }

  /**
   * A record that was opened.
   *
   * @param content its plaintext, for the receiver to overwrite
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared; handed over and taken apart at once.
  record OpenedValue(byte[] content, long revision) {}

  private RecordKey key(Kind kind, String rest) {
    return new RecordKey(prefix + kind.letter + "." + rest);
  }

  private Optional<Kind> kindOf(RecordKey key) {
    for (Kind kind : Kind.values()) {
      if (key.text().startsWith(prefix + kind.letter + ".")) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }

  /** What follows the kind in a key of this namespace. */
  private String restOf(RecordKey key) {
    return key.text().substring(prefix.length() + 2);
  }

  RecordKey secretKey(SecretId id) {
    return key(Kind.SECRET, id.text());
  }

  /** The id of the secret whose record has this key; empty for keys of anything else. */
  Optional<SecretId> secretId(RecordKey key) {
    if (!kindOf(key).equals(Optional.of(Kind.SECRET))) {
      return Optional.empty();
    }
    try {
      return Optional.of(SecretId.of(restOf(key)));
    } catch (IllegalArgumentException notMadeHere) {
      // Whoever can write to the store can report such a key together with others, which count.
      return Optional.empty();
    }
  }

  RecordKey nameKey(String name) {
    return key(Kind.NAME, header.keyring().token("name", namespace, name));
  }

  RecordKey valueKey(SecretId id, int version) {
    return key(Kind.VALUE, id + "." + version);
  }

  private RecordKey attemptsKey(SecretId id) {
    return key(Kind.ATTEMPTS, id.text());
  }

  Optional<SecretInfo> secret(SecretId id) {
    return read(secretKey(id)).flatMap(this::openSecret);
  }

  /**
   * The id that stands under a name. Whether that secret still has the name is for the caller to
   * check.
   */
  Optional<SecretId> name(RecordKey key) {
    return read(key)
        .flatMap(stored -> open(stored, Kind.NAME, true))
        .map(opened -> SecretId.of(new String(opened.content(), StandardCharsets.US_ASCII)));
  }

  /** The value as it is stored, sealed. */
  Optional<StoredRecord> sealedValue(RecordKey key) {
    return read(key);
  }

  /** The value; empty if it is gone meanwhile. */
  Optional<OpenedValue> openValue(StoredRecord sealed) {
    return open(sealed, Kind.VALUE, true);
  }

  /** Seals a value under a passphrase as well, before it is put. */
  byte[] protect(SecretId id, int version, char[] passphrase, byte[] value) {
    String key = valueKey(id, version).text();
    return Failures.translated(() -> header.keyring().protect(namespace, key, passphrase, value));
  }

  /** The value that {@link #protect} sealed; empty if the passphrase is wrong. */
  Optional<byte[]> unprotect(SecretId id, int version, char[] passphrase, byte[] sealed) {
    String key = valueKey(id, version).text();
    return Failures.translated(
        () -> {
          try {
            return Optional.of(header.keyring().unprotect(namespace, key, passphrase, sealed));
          } catch (CryptoException e) {
            if (e.reason() == Reason.WRONG_KEY) {
              return Optional.empty();
            }
            throw e;
          }
        });
  }

  /**
   * Some secrets.
   *
   * @param end behind which there may be more; null if there are none
   */
  record Secrets(List<SecretInfo> opened, @Nullable SecretId end) {}

  /** Up to {@code limit} secrets behind {@code after}, in the order of their ids. */
  Secrets secrets(@Nullable SecretId after, int limit) {
    RecordKey from = key(Kind.SECRET, after == null ? "" : after.text());
    List<StoredRecord> scanned =
        Failures.translated(() -> store.scan(from, limit)).stream()
            .takeWhile(stored -> kindOf(stored.key()).equals(Optional.of(Kind.SECRET)))
            .toList();
    return new Secrets(
        scanned.stream().map(this::openSecret).flatMap(Optional::stream).toList(),
        scanned.size() < limit ? null : SecretId.of(restOf(scanned.get(limit - 1).key())));
  }

  /** A put of the secret's record, at the secret's revision. */
  Change putSecret(SecretInfo info) {
    return put(
        Kind.SECRET,
        secretKey(info.id()),
        info.revision() - 1,
        SecretCodec.encode(info),
        info.expiresAt());
  }

  Change putName(RecordKey key, SecretId id) {
    return put(Kind.NAME, key, 0, id.text().getBytes(StandardCharsets.US_ASCII), null);
  }

  Change putValue(SecretId id, int version, byte[] value) {
    return put(Kind.VALUE, valueKey(id, version), 0, value, null);
  }

  /** What is known of attempts at the passphrase of a secret. */
  Optional<OpenedValue> attempts(SecretId id) {
    return read(attemptsKey(id)).flatMap(stored -> open(stored, Kind.ATTEMPTS, true));
  }

  Change putAttempts(SecretId id, long revision, byte[] attempts, Instant expiresAt) {
    return put(Kind.ATTEMPTS, attemptsKey(id), revision, attempts, expiresAt);
  }

  /**
   * What a commit has to name that shall happen only while there is the secret, as it is now.
   *
   * @throws SecretNotFoundException if there is none
   */
  Change requireSecret(SecretId id) {
    return read(secretKey(id))
        .map(stored -> Change.require(stored.key(), stored.revision()))
        .orElseThrow(SecretNotFoundException::new);
  }

  /** What stands for a caller in an attempts record. */
  String callerToken(String caller) {
    return header.keyring().token("caller", namespace, caller);
  }

  Change deleteAttempts(SecretId id, long revision) {
    return Change.delete(attemptsKey(id), revision);
  }

  private Change put(
      Kind kind, RecordKey key, long replaced, byte[] plaintext, @Nullable Instant expiresAt) {
    byte[] sealed =
        Failures.translated(() -> cipher(key, kind, false).seal(replaced + 1, plaintext));
    return new Change.Put(key, replaced, sealed, expiresAt);
  }

  Change deleteSecret(SecretInfo info) {
    return Change.delete(secretKey(info.id()), info.revision());
  }

  Change deleteValue(SecretId id, int version, long revision) {
    return Change.delete(valueKey(id, version), revision);
  }

  /**
   * A deletion of the value as it is stored, without opening it: a damaged value can be deleted,
   * too.
   */
  Optional<Change> deleteValue(SecretId id, int version) {
    return deletionOf(valueKey(id, version));
  }

  Optional<Change> deleteName(String name) {
    return deletionOf(nameKey(name));
  }

  Optional<Change> deleteAttempts(SecretId id) {
    return deletionOf(attemptsKey(id));
  }

  /**
   * Deletions of all that belongs to a secret whose record does not open. What its name was, and
   * which versions it had, is found by reading the names and values of the namespace.
   */
  List<Change> deletionOfUnopened(SecretId id) {
    List<Change> changes = new ArrayList<>();
    deletionOf(secretKey(id)).ifPresent(changes::add);
    deleteAttempts(id).ifPresent(changes::add);
    Stream.concat(
            allUnder(key(Kind.VALUE, id + ".")),
            allUnder(key(Kind.NAME, "")).filter(stored -> leadsTo(stored, id)))
        .forEach(stored -> changes.add(Change.delete(stored.key(), stored.revision())));
    return changes;
  }

  private boolean leadsTo(StoredRecord name, SecretId id) {
    try {
      byte[] leadsTo = id.text().getBytes(StandardCharsets.US_ASCII);
      return open(name, Kind.NAME, false)
          .filter(opened -> Arrays.equals(opened.content(), leadsTo))
          .isPresent();
    } catch (IntegrityException | UnsupportedFormatException itsSecretCannotBeTold) {
      return false;
    }
  }

  /** All records whose keys begin like this one. */
  private Stream<StoredRecord> allUnder(RecordKey prefix) {
    return Stream.iterate(
            scan(prefix, SCAN_PAGE),
            page -> !page.isEmpty(),
            page -> scan(page.get(page.size() - 1).key(), SCAN_PAGE))
        .flatMap(List::stream)
        .takeWhile(stored -> stored.key().text().startsWith(prefix.text()));
  }

  private Optional<Change> deletionOf(RecordKey key) {
    return read(key).map(stored -> Change.delete(key, stored.revision()));
  }

  /**
   * Records of the whole store as they are, but for the vault's header; no page before the end is
   * empty.
   */
  List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
    List<StoredRecord> page = Failures.translated(() -> store.scan(after, limit));
    if (page.size() == 1 && page.get(0).key().equals(HeaderRecord.KEY)) {
      return scan(HeaderRecord.KEY, limit);
    }
    return page.stream().filter(stored -> !stored.key().equals(HeaderRecord.KEY)).toList();
  }

  /**
   * The epoch that a record names, unopened.
   *
   * @throws IntegrityException if it was never sealed
   */
  static int epochOf(StoredRecord stored) {
    return Failures.translated(() -> RecordCipher.epochOf(stored.bytes()));
  }

  /**
   * The same record once more, sealed under the newest epoch; empty if it says that it is already,
   * or is gone.
   *
   * @throws IntegrityException if it does not open, or is of no known kind
   */
  Optional<Change> reseal(StoredRecord stored) {
    if (epochOf(stored) == header.keyring().epoch()) {
      return Optional.empty();
    }
    Kind kind =
        kindOf(stored.key())
            .orElseThrow(() -> new IntegrityException("a record is of no known kind", null));
    return open(stored, kind, false).map(opened -> resealed(stored, kind, opened.content()));
  }

  /**
   * Deletes a record that does not open; false if there is none.
   *
   * @throws IllegalArgumentException if it opens
   */
  boolean discard(RecordKey key) {
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      Optional<StoredRecord> stored = read(key);
      if (stored.isEmpty()) {
        return false;
      }
      if (key.equals(HeaderRecord.KEY) || opens(stored.get())) {
        throw new IllegalArgumentException("key: the record opens, and is in use");
      }
      try {
        commit(() -> List.of(Change.delete(key, stored.get().revision())));
        return true;
      } catch (RevisionConflictException changedMeanwhile) {
        // Look again.
      }
    }
    throw new StaleRevisionException();
  }

  private boolean opens(StoredRecord stored) {
    try {
      Optional<OpenedValue> opened =
          kindOf(stored.key()).flatMap(kind -> open(stored, kind, false));
      opened.ifPresent(record -> Arrays.fill(record.content(), (byte) 0));
      return opened.isPresent();
    } catch (IntegrityException | UnsupportedFormatException e) {
      return false;
    }
  }

  /** Fails when it is committed if the plaintext is that of a newer revision. */
  private Change resealed(StoredRecord stored, Kind kind, byte[] plaintext) {
    try {
      return put(kind, stored.key(), stored.revision(), plaintext, stored.expiresAt());
    } finally {
      Arrays.fill(plaintext, (byte) 0);
    }
  }

  /**
   * Makes all changes or none. They are made anew when the vault's keys have changed meanwhile.
   *
   * @param changes seals the records to put; if there are none, nothing is committed
   * @throws RevisionConflictException if one of their expectations does not hold
   */
  void commit(Supplier<List<Change>> changes) {
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      List<Change> all = new ArrayList<>();
      all.add(header.requirement());
      all.addAll(changes.get());
      if (all.size() == 1) {
        return;
      }
      try {
        Failures.translated(() -> store.commit(all));
        return;
      } catch (RevisionConflictException e) {
        if (!e.key().equals(HeaderRecord.KEY)) {
          throw e;
        }
        header.refresh();
      }
    }
    throw new StaleRevisionException();
  }

  /** Lets go what is kept for records that have changed. */
  void forget(Set<RecordKey> changed) {
    if (changed.contains(HeaderRecord.KEY)) {
      forgetAll();
    } else {
      ciphers.invalidateAll(changed);
    }
  }

  /** Lets go what is kept for any record. */
  void forgetAll() {
    header.markStale();
    ciphers.invalidateAll();
  }

  private Optional<StoredRecord> read(RecordKey key) {
    return Failures.translated(() -> store.read(key));
  }

  private Optional<SecretInfo> openSecret(StoredRecord stored) {
    return open(stored, Kind.SECRET, true)
        .map(opened -> decode(SecretId.of(restOf(stored.key())), opened));
  }

  private static SecretInfo decode(SecretId id, OpenedValue opened) {
    try {
      return SecretCodec.decode(id, opened.revision(), opened.content());
    } finally {
      Arrays.fill(opened.content(), (byte) 0);
    }
  }

  /**
   * Opens a record. Others may have changed the keys meanwhile: if the keyring does not have the
   * record's epoch, that is newer than the header that the keyring knows, or it has been retired
   * since the record was read, which was sealed anew before.
   *
   * @return the record as it was read, or as it is now; empty if it is gone
   */
  private Optional<OpenedValue> open(StoredRecord stored, Kind kind, boolean keep) {
    Optional<OpenedValue> opened = tryOpen(stored, kind, keep);
    if (opened.isEmpty()) {
      header.refresh();
      opened = tryOpen(stored, kind, keep);
    }
    if (opened.isPresent()) {
      return opened;
    }
    Optional<StoredRecord> now = read(stored.key());
    if (now.isPresent() && Arrays.equals(now.get().bytes(), stored.bytes())) {
      throw new IntegrityException(
          "a record is sealed under keys that this vault does not have", null);
    }
    return now.flatMap(newer -> open(newer, kind, keep));
  }

  /** Empty if the keyring does not have the record's epoch. */
  private Optional<OpenedValue> tryOpen(StoredRecord stored, Kind kind, boolean keep) {
    return Failures.translated(
        () -> {
          try {
            byte[] content =
                cipher(stored.key(), kind, keep).open(stored.revision(), stored.bytes());
            return Optional.of(new OpenedValue(content, stored.revision()));
          } catch (CryptoException e) {
            if (e.reason() == Reason.UNKNOWN_EPOCH) {
              return Optional.empty();
            }
            throw e;
          }
        });
  }

  /** What is read is in use; what is written will be read under another cipher anyway. */
  private RecordCipher cipher(RecordKey key, Kind kind, boolean keep) {
    Keyring keyring = header.keyring();
    return keep
        ? ciphers.get(key, missing -> keyring.cipher(namespace, missing.text(), kind.purpose))
        : keyring.cipher(namespace, key.text(), kind.purpose);
  }
}
