package dev.secretvault.cli;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The unfinished copy of a vault, as one run writes to it.
 *
 * <p>A mark says whose copy it is, so that nothing else is taken for one and overwritten. Each run
 * puts the mark anew, and each of its commits requires it as that run put it, and that there is no
 * header: what an earlier run has still to commit fails from then on, and nothing is written to a
 * copy that was finished, and may be in use.
 */
final class CopyTarget {

  static final RecordKey MARK = new RecordKey("copy");

  /** How long the ids are of a vault, and of a copy: the mark is one behind the other. */
  static final int ID_BYTES = 16;

  private static final SecureRandom RANDOM = new SecureRandom();

  private final SecretStore store;
  private final StoredRecord mark;

  private CopyTarget(SecretStore store, StoredRecord mark) {
    this.store = store;
    this.mark = mark;
  }

  /**
   * Takes a copy over from other runs, or begins one.
   *
   * @throws Refusal if there is something else
   * @throws RevisionConflictException if somebody else wrote to it at the same time
   */
  static CopyTarget take(SecretStore store, CopySource source) {
    if (store.read(CopySource.MOVED).isPresent()) {
      throw Refusal.because("this is where a vault was moved from: name an empty place to copy to");
    }
    Optional<StoredRecord> there = store.read(MARK);
    CopyTarget copy =
        new CopyTarget(
            store,
            there
                .map(stored -> again(stored, source.vaultId()))
                .orElseGet(() -> begin(store, source.vaultId())));
    if (source.isFenced() && !source.isFencedFor(copy.id())) {
      throw Refusal.because("the vault is being moved to another place: name that one");
    }
    long before = there.map(StoredRecord::revision).orElse(0L);
    store.commit(List.of(Change.copy(copy.mark, before), Change.require(CopySource.HEADER, 0)));
    return copy;
  }

  private static StoredRecord again(StoredRecord stored, byte[] vaultId) {
    byte[] bytes = stored.bytes();
    if (bytes.length != 2 * ID_BYTES || !Arrays.equals(bytes, 0, ID_BYTES, vaultId, 0, ID_BYTES)) {
      throw Refusal.because(
          "there is an unfinished copy of another vault: name an empty place to copy to");
    }
    return new StoredRecord(MARK, stored.revision() + 1, null, bytes);
  }

  private static StoredRecord begin(SecretStore store, byte[] vaultId) {
    if (!store.scan(null, 1).isEmpty()) {
      throw Refusal.because(
          "there are records of something else, maybe of a vault whose header is lost: name an"
              + " empty place to copy to");
    }
    byte[] bytes = new byte[2 * ID_BYTES];
    RANDOM.nextBytes(bytes);
    System.arraycopy(vaultId, 0, bytes, 0, ID_BYTES);
    // A copy that was removed and begun anew must not have the revision that an old run requires.
    return new StoredRecord(MARK, RANDOM.nextLong(1, 1L << 62), null, bytes);
  }

  /** Tells this copy from others of the vault. */
  byte[] id() {
    return Arrays.copyOfRange(mark.bytes(), ID_BYTES, 2 * ID_BYTES);
  }

  /** Of the mark, higher in each run. */
  long revision() {
    return mark.revision();
  }

  /** What each commit requires. */
  List<Change> requirements() {
    return List.of(Change.require(MARK, mark.revision()), Change.require(CopySource.HEADER, 0));
  }

  /**
   * Makes the copy a vault.
   *
   * @throws RevisionConflictException if another run took it over
   */
  void finish(StoredRecord header) {
    store.commit(List.of(Change.copy(header, 0), Change.delete(MARK, mark.revision())));
  }
}
