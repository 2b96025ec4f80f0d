package dev.secretvault;

import dev.secretvault.crypto.Keyring;
import dev.secretvault.crypto.KeyringChange;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The vault's header in the store, and the keyring that it holds.
 *
 * <p>Other vaults on the same store may change the header at any time. What keeps that safe is that
 * each commit of the vault {@linkplain #requirement requires} the header that its records were
 * sealed under: once an epoch has been followed by another, no record is written under it any more,
 * by nobody. So an epoch without records can be retired. Reports of the store only bring the news
 * earlier.
 */
final class HeaderRecord {

  static final RecordKey KEY = new RecordKey("header");

  private final SecretStore store;
  private final Keyring keyring;

  /** Held while the keyring is brought in step or changed, which may take a key service's time. */
  private final ReentrantLock changing = new ReentrantLock();

  /** Of the header that the keyring was last brought in step with. Written under the lock. */
  private volatile long revision;

  private volatile boolean stale;

  private HeaderRecord(SecretStore store, Keyring keyring, long revision) {
    this.store = store;
    this.keyring = keyring;
    this.revision = revision;
  }

  /**
   * Unlocks the keyring of the vault in a store, or makes one if the store is empty and {@code
   * create} says so. Of several that do so at once, one makes it and the others unlock that.
   */
  static HeaderRecord unlock(SecretStore store, MasterKey masterKey, boolean create) {
    return Failures.translated(
        () -> {
          Optional<StoredRecord> header = store.read(KEY);
          if (header.isEmpty()) {
            boolean empty = store.scan(null, 1).isEmpty();
            header = store.read(KEY); // Again: it may have been the record that the scan met.
            if (header.isEmpty() && !empty) {
              throw new IntegrityException(
                  "the store has records but no vault header: finish it if it is an unfinished copy,"
                      + " use its copy if it was moved, else restore a backup",
                  null);
            }
          }
          if (header.isPresent()) {
            return unlock(store, masterKey, header.get());
          }
          if (!create) {
            throw new VaultNotFoundException();
          }
          return create(store, masterKey);
        });
  }

  private static HeaderRecord unlock(SecretStore store, MasterKey masterKey, StoredRecord header) {
    requireNoOtherAnchor(store);
    return new HeaderRecord(store, Keyring.open(masterKey, header.bytes()), header.revision());
  }

  /**
   * Refuses a vault that others count the commits of. To be called with a header that was read
   * before: beginning to count rewrites it.
   */
  private static void requireNoOtherAnchor(SecretStore store) {
    if (store.read(AnchoredStore.KEY).isPresent()) {
      throw new IllegalStateException(
          "freshness: the vault has an anchor, which must be given whenever it is opened");
    }
  }

  private static HeaderRecord create(SecretStore store, MasterKey masterKey) {
    Keyring keyring = Keyring.create(masterKey);
    try {
      store.commit(List.of(Change.put(KEY, 0, keyring.header())));
      return new HeaderRecord(store, keyring, 1);
    } catch (RevisionConflictException createdByAnother) {
      keyring.close();
      return unlock(store, masterKey, store.read(KEY).orElseThrow(() -> createdByAnother));
    } catch (RuntimeException e) {
      keyring.close();
      throw e;
    }
  }

  /**
   * The keyring, in step with the last change of the header that was reported; while somebody here
   * changes it, as it is: what is sealed with it is not committed then, and what is newer than it
   * waits.
   */
  Keyring keyring() {
    if (stale && changing.tryLock()) {
      try {
        refresh();
      } finally {
        changing.unlock();
      }
    }
    return keyring;
  }

  /**
   * What a commit has to require. To be asked for before its records are sealed: asked for later,
   * it could name a header that is newer than their epoch.
   */
  Change requirement() {
    return Change.require(KEY, revision);
  }

  /**
   * Brings the keyring in step with the stored header.
   *
   * @throws WrongMasterKeyException if the vault has to be opened anew, with another master key
   * @throws IntegrityException if the header is damaged, gone, or older than it was
   * @throws IllegalStateException if the vault has to be opened anew, with an anchor
   */
  void refresh() {
    changing.lock();
    try {
      Failures.translated(this::readAgain);
    } finally {
      changing.unlock();
    }
  }

  private void readAgain() {
    stale = false;
    try {
      StoredRecord stored =
          store
              .read(KEY)
              .orElseThrow(
                  () ->
                      new IntegrityException(
                          "the vault's header is gone: use its copy if it was moved, else restore a"
                              + " backup",
                          null));
      requireNoOtherAnchor(store);
      keyring.follow(stored.bytes());
      revision = stored.revision();
    } catch (RuntimeException e) {
      stale = true;
      throw e;
    }
  }

  /** Says that the stored header may have changed. Waits for nothing. */
  void markStale() {
    stale = true;
  }

  /** How a change of the keys is committed, together with what else belongs to it. */
  interface Committing {
    /**
     * Commits it.
     *
     * @param before the keys as they are
     * @param commit is given what to put besides, made anew for each attempt
     */
    void commit(Keyring before, Consumer<Supplier<List<Change>>> commit);
  }

  /**
   * Changes the keyring, durably.
   *
   * @param outcome what to return of the keyring after the change
   */
  <T> T change(
      Function<Keyring, KeyringChange> step, Committing committing, Function<Keyring, T> outcome) {
    changing.lock();
    try {
      for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
        refresh();
        if (tryChange(step, committing)) {
          return outcome.apply(keyring);
        }
      }
    } finally {
      changing.unlock();
    }
    throw new StaleRevisionException();
  }

  /** False if somebody else has changed the header since it was read. */
  private boolean tryChange(Function<Keyring, KeyringChange> step, Committing committing) {
    try (KeyringChange change = Failures.translated(() -> step.apply(keyring))) {
      Change put = Change.put(KEY, revision, change.header());
      committing.commit(
          keyring,
          besides -> {
            List<Change> all = new ArrayList<>();
            all.add(put);
            all.addAll(besides.get());
            Failures.translated(() -> store.commit(all));
          });
      keyring.apply(change);
      revision = put.expectedRevision() + 1;
      return true;
    } catch (RevisionConflictException changedByAnother) {
      return false;
    } catch (StoreFailedException e) {
      stale = true;
      throw e;
    }
  }

  void close() {
    keyring.close();
  }
}
