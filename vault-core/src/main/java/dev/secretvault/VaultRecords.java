package dev.secretvault;

import dev.secretvault.crypto.CryptoException;
import dev.secretvault.crypto.Keyring;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.RecordIdentity;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreFormatException;
import dev.secretvault.store.StoredRecord;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The records of one namespace: under which keys they stand, and sealing and opening them. A secret
 * is
 *
 * <ul>
 *   <li>a name record, found by a token of the name, that holds the id;
 *   <li>a secret record, rewritten with each change, that holds all but the values;
 *   <li>a value record for each version, written once.
 * </ul>
 *
 * <p>The edge of the vault to the store and to the keyring: their exceptions are turned into the
 * vault's own here.
 */
final class VaultRecords {

  /**
   * The length of a namespace's token in keys: 66 bits, plenty for namespaces, and associated data
   * has the name.
   */
  private static final int NAMESPACE_TOKEN = 11;

  private static final RecordKey HEADER = new RecordKey("header");

  private final SecretStore store;
  private final Keyring keyring;
  private final String namespace;
  private final String secretPrefix;
  private final String namePrefix;
  private final String valuePrefix;

  VaultRecords(SecretStore store, Keyring keyring, String namespace) {
    this.store = store;
    this.keyring = keyring;
    this.namespace = namespace;
    String token = keyring.token("namespace", namespace).substring(0, NAMESPACE_TOKEN);
    secretPrefix = token + ".s.";
    namePrefix = token + ".n.";
    valuePrefix = token + ".v.";
  }

  /**
   * A value that was opened.
   *
   * @param content the value, for the receiver to overwrite
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared; handed over and taken apart at once.
  record OpenedValue(byte[] content, long revision) {}

  RecordKey secretKey(SecretId id) {
    return new RecordKey(secretPrefix + id);
  }

  /** The id of the secret whose record has this key; empty for keys of anything else. */
  Optional<SecretId> secretId(RecordKey key) {
    if (!key.text().startsWith(secretPrefix)) {
      return Optional.empty();
    }
    try {
      return Optional.of(SecretId.of(key.text().substring(secretPrefix.length())));
    } catch (IllegalArgumentException notMadeHere) {
      // Whoever can write to the store can report such a key together with others, which count.
      return Optional.empty();
    }
  }

  RecordKey nameKey(String name) {
    return new RecordKey(namePrefix + keyring.token("name", namespace, name));
  }

  private RecordKey valueKey(SecretId id, int version) {
    return new RecordKey(valuePrefix + id + "." + version);
  }

  Optional<SecretInfo> secret(SecretId id) {
    return read(secretKey(id)).map(this::openSecret);
  }

  /**
   * The id that stands under a name. Whether that secret still has the name is for the caller to
   * check.
   */
  Optional<SecretId> name(RecordKey key) {
    return read(key)
        .map(stored -> SecretId.of(new String(open(stored, "name"), StandardCharsets.US_ASCII)));
  }

  Optional<OpenedValue> value(SecretId id, int version) {
    return read(valueKey(id, version))
        .map(stored -> new OpenedValue(open(stored, "value"), stored.revision()));
  }

  /** Up to {@code limit} secrets behind {@code after}, in the order of their ids. */
  List<SecretInfo> secrets(@Nullable SecretId after, int limit) {
    RecordKey from = new RecordKey(after == null ? secretPrefix : secretPrefix + after);
    return guarded(() -> store.scan(from, limit)).stream()
        .takeWhile(stored -> stored.key().text().startsWith(secretPrefix))
        .map(this::openSecret)
        .toList();
  }

  /** A put of the secret's record, at the secret's revision. */
  Change putSecret(SecretInfo info) {
    RecordKey key = secretKey(info.id());
    byte[] sealed = seal(key, info.revision(), "secret", SecretCodec.encode(info));
    return new Change.Put(key, info.revision() - 1, sealed, info.expiresAt());
  }

  Change putName(RecordKey key, SecretId id) {
    return Change.put(key, 0, seal(key, 1, "name", id.text().getBytes(StandardCharsets.US_ASCII)));
  }

  Change putValue(SecretId id, int version, byte[] value) {
    RecordKey key = valueKey(id, version);
    return Change.put(key, 0, seal(key, 1, "value", value));
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

  private Optional<Change> deletionOf(RecordKey key) {
    return read(key).map(stored -> Change.delete(key, stored.revision()));
  }

  /** Makes all changes or none. */
  void commit(List<Change> changes) throws RevisionConflictException {
    guarded(
        () -> {
          store.commit(changes);
          return changes;
        });
  }

  private Optional<StoredRecord> read(RecordKey key) {
    return guarded(() -> store.read(key));
  }

  private SecretInfo openSecret(StoredRecord stored) {
    byte[] encoded = open(stored, "secret");
    try {
      SecretId id = SecretId.of(stored.key().text().substring(secretPrefix.length()));
      return SecretCodec.decode(id, stored.revision(), encoded);
    } finally {
      Arrays.fill(encoded, (byte) 0);
    }
  }

  private byte[] seal(RecordKey key, long revision, String purpose, byte[] plaintext) {
    return guarded(
        () ->
            keyring.seal(new RecordIdentity(namespace, key.text(), revision, purpose), plaintext));
  }

  private byte[] open(StoredRecord stored, String purpose) {
    RecordIdentity identity =
        new RecordIdentity(namespace, stored.key().text(), stored.revision(), purpose);
    return guarded(() -> keyring.open(identity, stored.bytes()));
  }

  /**
   * Unlocks the keyring of the vault in a store, or makes one if the store is empty and {@code
   * create} says so. Of several that do so at once, one makes it and the others unlock that.
   */
  static Keyring unlock(SecretStore store, MasterKey masterKey, boolean create) {
    return guarded(
        () -> {
          Optional<StoredRecord> header = store.read(HEADER);
          if (header.isEmpty()) {
            boolean empty = store.scan(null, 1).isEmpty();
            header = store.read(HEADER); // Again: it may have been the record that the scan met.
            if (header.isEmpty() && !empty) {
              throw new IntegrityException(
                  "the store has records but no vault header: restore a backup", null);
            }
          }
          if (header.isPresent()) {
            return Keyring.open(masterKey, header.get().bytes());
          }
          if (!create) {
            throw new VaultNotFoundException();
          }
          return create(store, masterKey);
        });
  }

  private static Keyring create(SecretStore store, MasterKey masterKey) {
    Keyring keyring = Keyring.create(masterKey);
    try {
      store.commit(List.of(Change.put(HEADER, 0, keyring.header())));
      return keyring;
    } catch (RevisionConflictException createdByAnother) {
      keyring.close();
      return Keyring.open(
          masterKey, store.read(HEADER).orElseThrow(() -> createdByAnother).bytes());
    } catch (RuntimeException e) {
      keyring.close();
      throw e;
    }
  }

  /**
   * Runs a call of the store or the keyring, and turns what it throws into the vault's exceptions.
   */
  static <T> T guarded(Supplier<T> call) {
    try {
      return call.get();
    } catch (StoreCorruptException e) {
      throw new IntegrityException(messageOf(e), e);
    } catch (StoreFormatException e) {
      throw new UnsupportedFormatException(messageOf(e), e);
    } catch (StoreException e) {
      throw new StoreFailedException(e);
    } catch (CryptoException e) {
      throw switch (e.reason()) {
        case WRONG_KEY -> new WrongMasterKeyException(messageOf(e), e);
        case KEY_UNAVAILABLE -> new MasterKeyUnavailableException(messageOf(e), e);
        case DAMAGED -> new IntegrityException(messageOf(e), e);
        case NEWER_FORMAT -> new UnsupportedFormatException(messageOf(e), e);
      };
    }
  }

  private static String messageOf(RuntimeException e) {
    String message = e.getMessage();
    return message == null ? e.getClass().getSimpleName() : message;
  }
}
