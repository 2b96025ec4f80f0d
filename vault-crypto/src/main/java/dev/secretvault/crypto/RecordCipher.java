package dev.secretvault.crypto;

import dev.secretvault.crypto.CryptoException.Reason;
import dev.secretvault.crypto.Keyring.DataKey;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Seals and opens the revisions of one record, under a key of that record's own.
 *
 * <p>Sealed bytes are bound to the vault, the namespace, the record's key and purpose, the revision
 * and the epoch: they open for no other.
 *
 * <p>Made by {@link Keyring#cipher}. The first use in an epoch derives the record's key and keeps
 * it, so a cipher that is used often is worth keeping, and must be let go when the keys shall be.
 * Always works with the keys that its keyring has now. Thread-safe.
 */
public final class RecordCipher {

  /**
   * What sealing adds to the plaintext: 1 byte of version, 4 of epoch, 12 of nonce, and 16 of tag.
   */
  public static final int OVERHEAD_BYTES = 1 + Integer.BYTES + AesGcm.OVERHEAD_BYTES;

  private final Keyring keyring;
  private final byte[] keyInfo;

  /** The associated data but for the revision and the epoch, which are 0. */
  private final byte[] template;

  private final int revisionAt;
  private volatile @Nullable Prepared prepared;

  /** The cipher for one epoch. */
  private record Prepared(int epoch, AesGcm cipher) {}

  RecordCipher(Keyring keyring, byte[] vaultId, String namespace, String key, String purpose) {
    this.keyring = keyring;
    keyInfo = Encoding.of("secretvault/1/record", vaultId, namespace, key);
    byte[] before = Encoding.of("secretvault/1/sealed", vaultId, namespace, key);
    revisionAt = before.length + Integer.BYTES;
    template = Encoding.of("secretvault/1/sealed", vaultId, namespace, key, 0L, 0, purpose);
  }

  /**
   * Seals a revision of the record, under the keyring's newest epoch.
   *
   * @param revision the revision that the record will have; {@link #open} needs the same one
   * @param plaintext the bytes, also none; the caller overwrites them
   * @return {@code plaintext.length +} {@value #OVERHEAD_BYTES} bytes, a new array
   * @throws IllegalStateException if the keyring is closed
   */
  public byte[] seal(long revision, byte[] plaintext) {
    Prepared current = prepare(keyring.newest());
    return current.cipher().encrypt(plaintext, associatedData(revision, current.epoch()));
  }

  /**
   * Opens a revision of the record.
   *
   * @param revision the revision that it was sealed as
   * @param sealed what {@link #seal} returned, in this vault
   * @return the plaintext, a new array, for the caller to overwrite
   * @throws CryptoException {@link Reason#UNKNOWN_EPOCH} if the keyring has no such epoch; {@link
   *     Reason#DAMAGED} if the bytes were altered, or sealed as something else; {@link
   *     Reason#NEWER_FORMAT} if their first byte is a version this release does not know
   * @throws IllegalStateException if the keyring is closed
   */
  public byte[] open(long revision, byte[] sealed) {
    Prepared matching = prepare(keyring.dataKey(epochOf(sealed)));
    try {
      return matching
          .cipher()
          .decrypt(
              sealed,
              associatedData(revision, matching.epoch()),
              "a record was altered, or put in the place of another one");
    } catch (CryptoException e) {
      keyring.requireOpen(); // Or its keys were overwritten meanwhile, and nothing was altered.
      throw e;
    }
  }

  /**
   * The epoch that bytes were sealed under, if they say the truth: only opening them tells.
   *
   * @param sealed what {@link #seal} returned
   * @return the epoch, at least 1
   * @throws CryptoException as {@link #open} does, if they cannot have been sealed
   */
  public static int epochOf(byte[] sealed) {
    if (sealed.length < OVERHEAD_BYTES) {
      throw new CryptoException(Reason.DAMAGED, "a sealed record is too short");
    }
    int version = Byte.toUnsignedInt(sealed[0]);
    if (version > AesGcm.PREFIX_VERSION) {
      throw new CryptoException(
          Reason.NEWER_FORMAT,
          "a record has format version "
              + version
              + ", the newest known is "
              + AesGcm.PREFIX_VERSION
              + ": upgrade");
    }
    int epoch = ByteBuffer.wrap(sealed).getInt(1);
    if (version < AesGcm.PREFIX_VERSION || epoch < 1) {
      throw new CryptoException(Reason.DAMAGED, "a sealed record names keys that cannot be");
    }
    return epoch;
  }

  private byte[] associatedData(long revision, int epoch) {
    byte[] complete = template.clone();
    ByteBuffer.wrap(complete)
        .putLong(revisionAt, revision)
        .putInt(revisionAt + Long.BYTES + Integer.BYTES, epoch);
    return complete;
  }

  private Prepared prepare(DataKey dataKey) {
    Prepared last = prepared;
    if (last != null && last.epoch() == dataKey.epoch()) {
      return last;
    }
    byte[] key = Hkdf.expand(dataKey.key(), keyInfo, AesGcm.KEY_BYTES);
    try {
      Prepared made = new Prepared(dataKey.epoch(), new AesGcm(key, dataKey.epoch()));
      prepared = made;
      return made;
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  /** Says nothing of the keys. */
  @Override
  public String toString() {
    return "RecordCipher[hidden]";
  }
}
