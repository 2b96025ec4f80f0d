package dev.secretvault;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.crypto.CryptoException;
import dev.secretvault.crypto.CryptoException.Reason;
import dev.secretvault.crypto.Keyring;
import dev.secretvault.crypto.RecordCipher;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreFormatException;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The store as one namespace sees it: its records are sealed when they are put, and opened. */
final class SealedStore {

  private static final int MAX_CIPHERS = 10_000;

  private final SecretStore store;
  private final HeaderRecord header;
  private final String namespace;
  private final Runnable missed;

  /** Of records in use, whose keys need not be derived again. */
  private final Cache<RecordKey, RecordCipher> ciphers =
      Caffeine.newBuilder().maximumSize(MAX_CIPHERS).executor(Runnable::run).build();

  /**
   * The store for a namespace.
   *
   * @param missed called when it is not known whether a commit happened
   */
  SealedStore(SecretStore store, HeaderRecord header, String namespace, Runnable missed) {
    this.store = store;
    this.header = header;
    this.namespace = namespace;
    this.missed = missed;
  }

  Optional<StoredRecord> read(RecordKey key) {
    return Failures.translated(() -> store.read(key));
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

  /** A put of a record, sealed. */
  Change put(
      RecordKind kind,
      RecordKey key,
      long replaced,
      byte[] plaintext,
      @Nullable Instant expiresAt) {
    byte[] sealed =
        Failures.translated(() -> cipher(key, kind, false).seal(replaced + 1, plaintext));
    return new Change.Put(key, replaced, sealed, expiresAt);
  }

  /**
   * Makes all changes or none. They are made anew when the vault's keys have changed meanwhile.
   *
   * @param changes seals the records to put; if there are none, nothing is committed
   * @throws RevisionConflictException if one of their expectations does not hold
   */
  void commit(Supplier<List<Change>> changes) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      List<Change> all = new ArrayList<>();
      all.add(header.requirement());
      all.addAll(changes.get());
      if (all.size() == 1) {
        return;
      }
      try {
        Failures.translated(() -> commit(all));
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

  private void commit(List<Change> all) {
    try {
      store.commit(all);
    } catch (StoreCorruptException | StoreFormatException translatedAsAnyOther) {
      throw translatedAsAnyOther;
    } catch (StoreException e) {
      throw StoreFailedException.ofCommit(e);
    }
  }

  /** Lets go what is kept for a record that has changed. */
  void forget(RecordKey changed) {
    ciphers.invalidate(changed);
  }

  /** Lets go what is kept for any record. */
  void forgetAll() {
    ciphers.invalidateAll();
  }

  /**
   * Opens a record. Others may have changed the keys meanwhile: if the keyring does not have the
   * record's epoch, that is newer than the header that the keyring knows, or it has been retired
   * since the record was read, which was sealed anew before.
   *
   * @param keep whether the record is in use, and its key worth keeping
   * @return the record as it was read, or as it is now; empty if it is gone
   */
  Optional<OpenedValue> open(StoredRecord stored, RecordKind kind, boolean keep) {
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
  private Optional<OpenedValue> tryOpen(StoredRecord stored, RecordKind kind, boolean keep) {
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
  private RecordCipher cipher(RecordKey key, RecordKind kind, boolean keep) {
    Keyring keyring = header.keyring();
    // Its own name is not known to whoever asks a namespace's record for it.
    String sealedFor = kind == RecordKind.NAMESPACE ? Namespaces.DEFAULT : namespace;
    return keep
        ? ciphers.get(key, missing -> keyring.cipher(sealedFor, missing.text(), kind.purpose()))
        : keyring.cipher(sealedFor, key.text(), kind.purpose());
  }
}
