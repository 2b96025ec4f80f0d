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
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
  private final String token;
  private final String prefix;
  private final RecordKey countKey;
  private final SecretCount count;
  private final Runnable missed;

  /** Whether the record with the namespace's name is known to be there; it is never deleted. */
  private volatile boolean registered;

  /** Of records in use, whose keys need not be derived again. */
  private final Cache<RecordKey, RecordCipher> ciphers =
      Caffeine.newBuilder().maximumSize(MAX_CIPHERS).executor(Runnable::run).build();

  /** What a record is: the letter in its key, and the purpose that it is sealed for. */
  private enum Kind {
    SECRET('s'),
    NAME('n'),
    VALUE('v'),
    ATTEMPTS('a'),
    COUNT('c'),
    NAMESPACE('i');

    private final char letter;
    private final String purpose = name().toLowerCase(Locale.ROOT);

    Kind(char letter) {
      this.letter = letter;
    }
  }

  /**
   * The records of a namespace.
   *
   * @param missed called when it is not known whether a commit happened
   */
  VaultRecords(
      SecretStore store, HeaderRecord header, String namespace, long maxSecrets, Runnable missed) {
    this.store = store;
    this.header = header;
    this.namespace = namespace;
    this.missed = missed;
    token = header.keyring().token("namespace", namespace).substring(0, NAMESPACE_TOKEN);
    prefix = token + ".";
    countKey = key(Kind.COUNT, "n");
    count = new SecretCount(this, maxSecrets);
    registered = namespace.equals(Namespaces.DEFAULT);
  }

  /** What the keys of the namespace's records begin with, up to the first dot. */
  String token() {
    return token;
  }

  static Optional<String> tokenIn(RecordKey key) {
    int dot = key.text().indexOf('.');
    return dot == NAMESPACE_TOKEN ? Optional.of(key.text().substring(0, dot)) : Optional.empty();
  }

  /** The namespace that a token stands for; empty if nobody has created a secret in it. */
  Optional<String> namespaceOf(String unknown) {
    return read(new RecordKey(unknown + "." + Kind.NAMESPACE.letter + "."))
        .flatMap(stored -> open(stored, Kind.NAMESPACE, false))
        .map(opened -> new String(opened.content(), StandardCharsets.UTF_8));
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

  /** The secret of a name. */
  Optional<SecretInfo> named(String name) {
    return name(nameKey(name)).flatMap(this::secret).filter(info -> info.name().equals(name));
  }

  /** Whether the current value of a secret is this one; false if it is gone. */
  boolean holds(SecretInfo info, byte[] value) {
    Optional<OpenedValue> current =
        Versions.current(info.versions())
            .flatMap(version -> sealedValue(valueKey(info.id(), version.number())))
            .flatMap(this::openValue);
    boolean equal =
        current.filter(opened -> MessageDigest.isEqual(opened.content(), value)).isPresent();
    current.ifPresent(opened -> Arrays.fill(opened.content(), (byte) 0));
    return equal;
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
   * The same record once more, sealed under the newest epoch; empty if it is gone.
   *
   * @throws IntegrityException if it does not open, or is of no known kind
   */
  Optional<Change> reseal(StoredRecord stored) {
    Kind kind =
        kindOf(stored.key())
            .orElseThrow(() -> new IntegrityException("a record is of no known kind", null));
    return open(stored, kind, false).map(opened -> resealed(stored, kind, opened.content()));
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
      } catch (StoreFailedException e) {
        if (!e.outcomeKnown()) {
          missed.run(); // A store need not report what it does not know of.
        }
        throw e;
      }
    }
    throw new StaleRevisionException();
  }

  /**
   * Makes all changes or none, with the number of secrets kept right.
   *
   * @param more how many secrets there will be more
   * @param changes as for {@link #commit}
   * @throws QuotaExceededException if there would be too many
   */
  void commitCounted(int more, Supplier<List<Change>> changes) {
    count.inTurn(
        () -> {
          for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            try {
              commit(() -> counted(more, changes.get()));
              return;
            } catch (RevisionConflictException e) {
              if (e.key().equals(countKey)) {
                count.forget();
              } else if (!e.key().equals(registrationKey())) {
                throw e;
              }
            }
          }
          throw new StaleRevisionException();
        });
  }

  private List<Change> counted(int more, List<Change> changes) {
    List<Change> all = new ArrayList<>();
    all.add(count.change(more));
    if (!registered && more > 0) {
      registration().ifPresent(all::add);
    }
    all.addAll(changes);
    return all;
  }

  private RecordKey registrationKey() {
    return key(Kind.NAMESPACE, "");
  }

  /** The record with the namespace's name, unless it is there: all else of it is sealed for it. */
  private Optional<Change> registration() {
    if (read(registrationKey()).isPresent()) {
      registered = true;
      return Optional.empty();
    }
    byte[] name = namespace.getBytes(StandardCharsets.UTF_8);
    return Optional.of(put(Kind.NAMESPACE, registrationKey(), 0, name, null));
  }

  /** How many secrets there are, as stored. */
  Optional<OpenedValue> count() {
    return read(countKey).flatMap(stored -> open(stored, Kind.COUNT, true));
  }

  Change requireNoCount() {
    return Change.require(countKey, 0);
  }

  Change putCount(long replaced, byte[] encoded) {
    return put(Kind.COUNT, countKey, replaced, encoded, null);
  }

  /** Counts the secrets whose value is not gone, and those that do not open. */
  long countSecrets() {
    return allUnder(key(Kind.SECRET, "")).filter(stored -> !isRevealed(stored)).count();
  }

  private boolean isRevealed(StoredRecord secret) {
    try {
      return openSecret(secret).filter(info -> info.state() == SecretState.REVEALED).isPresent();
    } catch (IntegrityException | UnsupportedFormatException e) {
      return false;
    }
  }

  /** Lets go what is kept for a record that has changed. */
  void forget(RecordKey changed) {
    if (changed.equals(countKey)) {
      count.forget();
    }
    ciphers.invalidate(changed);
  }

  /** Lets go what is kept for any record. */
  void forgetAll() {
    count.forget();
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
    // Its own name is not known to whoever asks a namespace's record for it.
    String sealedFor = kind == Kind.NAMESPACE ? Namespaces.DEFAULT : namespace;
    return keep
        ? ciphers.get(key, missing -> keyring.cipher(sealedFor, missing.text(), kind.purpose))
        : keyring.cipher(sealedFor, key.text(), kind.purpose);
  }
}
