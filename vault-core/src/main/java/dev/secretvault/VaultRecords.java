package dev.secretvault;

import dev.secretvault.crypto.CryptoException;
import dev.secretvault.crypto.CryptoException.Reason;
import dev.secretvault.crypto.RecordCipher;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The records of one namespace, sealed and opened. A secret is
 *
 * <ul>
 *   <li>a name record, found by a token of the name, that holds the id;
 *   <li>a secret record, rewritten with each change, that holds all but the values;
 *   <li>a value record for each version;
 *   <li>an attempts record, while wrong passphrases count against a protected value.
 * </ul>
 */
final class VaultRecords {

  /** So many lost races in a row mean that something else is wrong. */
  static final int MAX_ATTEMPTS = 100;

  private final SealedStore store;
  private final HeaderRecord header;
  private final String namespace;
  private final RecordKeys keys;

  /** Whether the record with the namespace's name is known to be there, and to open. */
  private volatile boolean registered;

  /**
   * The records of a namespace.
   *
   * @param missed called when it is not known whether a commit happened
   */
  VaultRecords(SecretStore store, HeaderRecord header, String namespace, Runnable missed) {
    this.store = new SealedStore(store, header, namespace, missed);
    this.header = header;
    this.namespace = namespace;
    keys = new RecordKeys(header, namespace);
    registered = isDefault();
  }

  /** Under which keys they stand. */
  RecordKeys keys() {
    return keys;
  }

  /**
   * The audit trail of the namespace.
   *
   * @param policy what to keep; null if the vault was not told to keep one
   */
  AuditChain auditChain(@Nullable AuditPolicy policy, InstantSource clock) {
    return new AuditChain(store, header, namespace, keys, policy, clock);
  }

  /** The namespace that a token stands for; empty if nobody has created a secret in it. */
  Optional<String> namespaceOf(String unknown) {
    return store
        .read(RecordKeys.registration(unknown))
        .flatMap(stored -> store.open(stored, RecordKind.NAMESPACE, false))
        .map(opened -> new String(opened.content(), StandardCharsets.UTF_8));
  }

  /**
   * A record that was opened.
   *
   * @param content its plaintext, for the receiver to overwrite
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared; handed over and taken apart at once.
  record OpenedValue(byte[] content, long revision) {}

  Optional<SecretInfo> secret(SecretId id) {
    return store.read(keys.secret(id)).flatMap(this::openSecret);
  }

  /**
   * The id that stands under a name. Whether that secret still has the name is for the caller to
   * check.
   */
  Optional<SecretId> name(RecordKey key) {
    return store
        .read(key)
        .flatMap(stored -> store.open(stored, RecordKind.NAME, true))
        .map(opened -> SecretId.of(new String(opened.content(), StandardCharsets.US_ASCII)));
  }

  /** The value as it is stored, sealed. */
  Optional<StoredRecord> sealedValue(RecordKey key) {
    return store.read(key);
  }

  /** The value; empty if it is gone meanwhile. */
  Optional<OpenedValue> openValue(StoredRecord sealed) {
    return store.open(sealed, RecordKind.VALUE, true);
  }

  /** The secret of a name. */
  Optional<SecretInfo> named(String name) {
    return name(keys.name(name)).flatMap(this::secret).filter(info -> info.name().equals(name));
  }

  /** Whether the current value of a secret is this one; false if it is gone. */
  boolean holds(SecretInfo info, byte[] value) {
    Optional<OpenedValue> current =
        Versions.current(info.versions())
            .flatMap(version -> sealedValue(keys.value(info.id(), version.number())))
            .flatMap(this::openValue);
    boolean equal =
        current.filter(opened -> MessageDigest.isEqual(opened.content(), value)).isPresent();
    current.ifPresent(opened -> Arrays.fill(opened.content(), (byte) 0));
    return equal;
  }

  /** Seals a value under a passphrase as well, before it is put under this key. */
  byte[] protect(RecordKey key, char[] passphrase, byte[] value) {
    return Failures.translated(
        () -> header.keyring().protect(namespace, key.text(), passphrase, value));
  }

  /** The value that {@link #protect} sealed; empty if the passphrase is wrong. */
  Optional<byte[]> unprotect(RecordKey key, char[] passphrase, byte[] sealed) {
    return Failures.translated(
        () -> {
          try {
            return Optional.of(
                header.keyring().unprotect(namespace, key.text(), passphrase, sealed));
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
    RecordKey from = keys.of(RecordKind.SECRET, after == null ? "" : after.text());
    List<StoredRecord> scanned =
        store.scan(from, limit).stream()
            .takeWhile(stored -> keys.isOf(RecordKind.SECRET, stored.key()))
            .toList();
    return new Secrets(
        scanned.stream().map(this::openSecret).flatMap(Optional::stream).toList(),
        scanned.size() < limit ? null : SecretId.of(keys.restOf(scanned.get(limit - 1).key())));
  }

  /** A record of any kind, opened; it is not expected to be opened often. */
  Optional<OpenedValue> open(RecordKind kind, RecordKey key) {
    return store.read(key).flatMap(stored -> open(kind, stored));
  }

  /** A put of a record of any kind. */
  Change put(
      RecordKind kind, RecordKey key, long replaced, byte[] content, @Nullable Instant expiresAt) {
    return store.put(kind, key, replaced, content, expiresAt);
  }

  /** As {@link SealedStore#page}, of the records of a kind. */
  List<StoredRecord> page(
      RecordKind kind, RecordKey after, int limit, BiConsumer<RecordKey, VaultException> unread) {
    return store.page(keys.of(kind, ""), after, limit, unread);
  }

  /** A page's record, opened; empty if it is gone meanwhile. */
  Optional<OpenedValue> open(RecordKind kind, StoredRecord stored) {
    return store.open(stored, kind, false);
  }

  /** Seals a value under a token that the vault does not keep, before it is put. */
  byte[] sealForLink(RecordKey key, byte[] linkToken, byte[] value) {
    return Failures.translated(
        () -> header.keyring().sealForLink(namespace, key.text(), linkToken, value));
  }

  /** The value that {@link #sealForLink} sealed. */
  byte[] openForLink(RecordKey key, byte[] linkToken, byte[] sealed) {
    return Failures.translated(
        () -> header.keyring().openForLink(namespace, key.text(), linkToken, sealed));
  }

  /** A put of the secret's record, at the secret's revision. */
  Change putSecret(SecretInfo info) {
    return store.put(
        RecordKind.SECRET,
        keys.secret(info.id()),
        info.revision() - 1,
        SecretCodec.encode(info),
        info.expiresAt());
  }

  Change putName(RecordKey key, SecretId id) {
    return store.put(RecordKind.NAME, key, 0, id.text().getBytes(StandardCharsets.US_ASCII), null);
  }

  Change putValue(SecretId id, int version, byte[] value) {
    return store.put(RecordKind.VALUE, keys.value(id, version), 0, value, null);
  }

  /** What is known of attempts at the passphrase of a secret. */
  Optional<OpenedValue> attempts(SecretId id) {
    return store
        .read(keys.attempts(id))
        .flatMap(stored -> store.open(stored, RecordKind.ATTEMPTS, true));
  }

  Change putAttempts(SecretId id, long revision, byte[] attempts, Instant expiresAt) {
    return store.put(RecordKind.ATTEMPTS, keys.attempts(id), revision, attempts, expiresAt);
  }

  /** What a commit has to name that shall happen only while the secret is like this. */
  Change requireUnchanged(SecretInfo info) {
    return Change.require(keys.secret(info.id()), info.revision());
  }

  /**
   * What a commit has to name that shall happen only while there is the secret, as it is now.
   *
   * @throws SecretNotFoundException if there is none
   */
  Change requireSecret(SecretId id) {
    return store
        .read(keys.secret(id))
        .map(stored -> Change.require(stored.key(), stored.revision()))
        .orElseThrow(SecretNotFoundException::new);
  }

  Change deleteAttempts(SecretId id, long revision) {
    return Change.delete(keys.attempts(id), revision);
  }

  Change deleteSecret(SecretInfo info) {
    return Change.delete(keys.secret(info.id()), info.revision());
  }

  /** What a commit has to name that shall happen only while there is no such secret. */
  Change requireNoSecret(SecretId id) {
    return Change.require(keys.secret(id), 0);
  }

  /** A deletion of the secret's record as it is stored, without opening it. */
  Optional<Change> deleteUnopened(SecretId id) {
    return deletion(keys.secret(id));
  }

  Change deleteValue(SecretId id, int version, long revision) {
    return Change.delete(keys.value(id, version), revision);
  }

  /**
   * A deletion of the value as it is stored, without opening it: a damaged value can be deleted,
   * too.
   */
  Optional<Change> deleteValue(SecretId id, int version) {
    return deletion(keys.value(id, version));
  }

  Optional<Change> deleteName(String name) {
    return deletion(keys.name(name));
  }

  Optional<Change> deleteAttempts(SecretId id) {
    return deletion(keys.attempts(id));
  }

  /** The records of the values of a secret, whichever there are. */
  Stream<StoredRecord> valuesOf(SecretId id) {
    return store.allUnder(keys.of(RecordKind.VALUE, id + "."));
  }

  /** The records of names that lead to a secret, but for those that do not open. */
  Stream<StoredRecord> namesOf(SecretId id) {
    byte[] wanted = id.text().getBytes(StandardCharsets.US_ASCII);
    return store.allUnder(keys.of(RecordKind.NAME, "")).filter(name -> leadsTo(name, wanted));
  }

  private boolean leadsTo(StoredRecord name, byte[] id) {
    try {
      return store
          .open(name, RecordKind.NAME, false)
          .filter(opened -> Arrays.equals(opened.content(), id))
          .isPresent();
    } catch (IntegrityException | UnsupportedFormatException itsSecretCannotBeTold) {
      return false;
    }
  }

  /** A record of any kind as it is stored. */
  Optional<StoredRecord> stored(RecordKey key) {
    return store.read(key);
  }

  /** A deletion of a record as it is stored, without opening it; empty if there is none. */
  private Optional<Change> deletion(RecordKey key) {
    return store.read(key).map(stored -> Change.delete(key, stored.revision()));
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
    RecordKind kind =
        keys.kindOf(stored.key())
            .orElseThrow(() -> new IntegrityException("a record is of no known kind", null));
    return store.open(stored, kind, false).map(opened -> resealed(stored, kind, opened.content()));
  }

  /**
   * Deletes a record that does not open; false if there is none.
   *
   * @param remains what goes with it
   * @param commit as for {@link #commit}
   * @throws IllegalArgumentException if it opens
   */
  boolean discard(
      RecordKey key, Supplier<List<Change>> remains, Consumer<Supplier<List<Change>>> commit) {
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      Optional<StoredRecord> stored = store.read(key);
      if (stored.isEmpty()) {
        return false;
      }
      if (key.equals(HeaderRecord.KEY) || opens(stored.get())) {
        throw new IllegalArgumentException("key: the record opens, and is in use");
      }
      List<Change> deletions = new ArrayList<>(remains.get());
      deletions.add(Change.delete(key, stored.get().revision()));
      try {
        commit.accept(() -> deletions);
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
          keys.kindOf(stored.key()).flatMap(kind -> store.open(stored, kind, false));
      opened.ifPresent(record -> Arrays.fill(record.content(), (byte) 0));
      return opened.isPresent();
    } catch (IntegrityException | UnsupportedFormatException e) {
      return false;
    }
  }

  /** Fails when it is committed if the plaintext is that of a newer revision. */
  private Change resealed(StoredRecord stored, RecordKind kind, byte[] plaintext) {
    try {
      return store.put(kind, stored.key(), stored.revision(), plaintext, stored.expiresAt());
    } finally {
      Arrays.fill(plaintext, (byte) 0);
    }
  }

  /**
   * Makes all changes or none, as {@link SealedStore#commit} does.
   *
   * @throws RevisionConflictException if one of their expectations does not hold
   */
  void commit(Supplier<List<Change>> changes) {
    store.commit(changes);
  }

  /** Records of the whole store, as {@link SealedStore#scan} lists them. */
  List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
    return store.scan(after, limit);
  }

  /** Its records are sealed for no name, so there is none to register. */
  private boolean isDefault() {
    return namespace.equals(Namespaces.DEFAULT);
  }

  /**
   * What the first commit of a namespace has to put besides: the record with its name, for which
   * all else is sealed. Empty if it is there.
   *
   * @throws IntegrityException if it is there, but does not open
   */
  Optional<Change> registration() {
    if (!registered) {
      registered = namespaceOf(keys.token()).isPresent();
    }
    if (registered) {
      return Optional.empty();
    }
    byte[] name = namespace.getBytes(StandardCharsets.UTF_8);
    return Optional.of(store.put(RecordKind.NAMESPACE, keys.registration(), 0, name, null));
  }

  /** How many secrets there are, as stored. */
  Optional<OpenedValue> count() {
    return store.read(keys.count()).flatMap(stored -> store.open(stored, RecordKind.COUNT, true));
  }

  Change requireNoCount() {
    return Change.require(keys.count(), 0);
  }

  Change putCount(long replaced, byte[] encoded) {
    return store.put(RecordKind.COUNT, keys.count(), replaced, encoded, null);
  }

  /** Counts the secrets whose value is not gone, and those that do not open. */
  long countSecrets() {
    return store
        .allUnder(keys.of(RecordKind.SECRET, ""))
        .filter(stored -> !isRevealed(stored))
        .count();
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
    if (changed.equals(keys.registration())) {
      registered = isDefault();
    }
    store.forget(changed);
  }

  /** Lets go what is kept for any record. */
  void forgetAll() {
    registered = isDefault();
    store.forgetAll();
  }

  Optional<SecretInfo> openSecret(StoredRecord stored) {
    return store
        .open(stored, RecordKind.SECRET, true)
        .map(opened -> decode(SecretId.of(keys.restOf(stored.key())), opened));
  }

  private static SecretInfo decode(SecretId id, OpenedValue opened) {
    try {
      return SecretCodec.decode(id, opened.revision(), opened.content());
    } finally {
      Arrays.fill(opened.content(), (byte) 0);
    }
  }
}
