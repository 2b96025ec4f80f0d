package dev.secretvault.cli;

import dev.secretvault.crypto.Keyring;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * The store that a vault is copied from: in use, or fenced.
 *
 * <p>Every commit of a vault requires its header. One that was moved away, by a single commit,
 * stops all that have the vault open, wherever they are; and nobody opens it any more.
 */
final class CopySource {

  static final RecordKey HEADER = new RecordKey("header");

  /** Where the header of a fenced vault is, with the copy that it is for. */
  static final RecordKey MOVED = new RecordKey("moved");

  private static final int BEFORE_HEADER = CopyTarget.ID_BYTES + Long.BYTES;

  private final SecretStore store;
  private final StoredRecord stored;

  private CopySource(SecretStore store, StoredRecord stored) {
    this.store = store;
    this.stored = stored;
  }

  /**
   * The vault of a store.
   *
   * @throws Refusal if there is none
   */
  static CopySource of(SecretStore store) {
    return store
        .read(HEADER)
        .or(() -> store.read(MOVED).filter(moved -> moved.bytes().length > BEFORE_HEADER))
        .map(stored -> new CopySource(store, stored))
        .orElseThrow(
            () ->
                Refusal.because(
                    store.read(CopyTarget.MARK).isPresent()
                        ? "there is no vault to copy from, but a copy that is not finished"
                        : "there is no vault to copy from"));
  }

  /** Whether nobody can use the vault here any more. */
  boolean isFenced() {
    return stored.key().equals(MOVED);
  }

  /** Whether the vault is fenced for that copy. */
  boolean isFencedFor(byte[] copyId) {
    return isFenced()
        && Arrays.equals(stored.bytes(), 0, CopyTarget.ID_BYTES, copyId, 0, CopyTarget.ID_BYTES);
  }

  /** The vault's header, wherever it is. */
  StoredRecord header() {
    if (!isFenced()) {
      return stored;
    }
    byte[] moved = stored.bytes();
    long revision = ByteBuffer.wrap(moved).getLong(CopyTarget.ID_BYTES);
    return new StoredRecord(
        HEADER, revision, null, Arrays.copyOfRange(moved, BEFORE_HEADER, moved.length));
  }

  byte[] vaultId() {
    return Keyring.vaultId(header().bytes());
  }

  /**
   * Tells the finished copy, be it in use since, from another vault.
   *
   * @throws Refusal if the header is of another vault
   */
  void requireSameVault(StoredRecord header) {
    if (!Arrays.equals(Keyring.vaultId(header.bytes()), vaultId())) {
      throw Refusal.because("another vault is there: name the copy's place with --to");
    }
  }

  /**
   * Fences the vault for a copy, or takes the fence over from another run.
   *
   * <p>The record gets the revision of the copy's mark, which is another one in each run: so what a
   * run that is no longer the last one has still to commit here fails.
   *
   * @return the vault as it is then
   * @throws RevisionConflictException if somebody else changed the header or the fence
   * @throws Refusal if the copy was set back since the vault was fenced for it
   */
  CopySource fence(CopyTarget copy) {
    if (isFenced() && copy.revision() <= stored.revision()) {
      throw Refusal.because(
          "the copy was put back as it was before the vault was closed: run this again with --undo"
              + " --to, and then copy anew");
    }
    // Keys that were changed while records were copied are no reason to begin anew.
    StoredRecord header =
        isFenced()
            ? header()
            : store.read(HEADER).orElseThrow(() -> new RevisionConflictException(HEADER, 1, 0));
    byte[] bytes =
        ByteBuffer.allocate(BEFORE_HEADER + header.bytes().length)
            .put(copy.id())
            .putLong(header.revision())
            .put(header.bytes())
            .array();
    StoredRecord moved = new StoredRecord(MOVED, copy.revision(), null, bytes);
    store.commit(
        isFenced()
            ? List.of(Change.copy(moved, stored.revision()))
            : List.of(Change.delete(HEADER, header.revision()), Change.copy(moved, 0)));
    return new CopySource(store, moved);
  }

  /** Puts the header back, so that the vault can be used here again. */
  void open() {
    store.commit(List.of(Change.delete(MOVED, stored.revision()), Change.copy(header(), 0)));
  }
}
