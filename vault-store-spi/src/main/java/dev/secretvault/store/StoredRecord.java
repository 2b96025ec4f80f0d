package dev.secretvault.store;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One record as a store returns it.
 *
 * <p>Not a value type: it carries an array, which belongs to whoever received the record, and has
 * identity equality.
 */
public final class StoredRecord {

  private final RecordKey key;
  private final long revision;
  private final @Nullable Instant expiresAt;
  private final byte[] bytes;

  /**
   * Makes a record to return from a store.
   *
   * @param key which record
   * @param revision its revision, at least 1
   * @param expiresAt the expiry it was put with, null for none
   * @param bytes its bytes; the record takes the array over, so it must not be shared
   */
  public StoredRecord(RecordKey key, long revision, @Nullable Instant expiresAt, byte[] bytes) {
    this.key = Objects.requireNonNull(key, "key");
    if (revision < 1) {
      throw new IllegalArgumentException("revision: at least 1, but was " + revision);
    }
    this.revision = revision;
    this.expiresAt = expiresAt;
    this.bytes = Objects.requireNonNull(bytes, "bytes");
  }

  /** {@return which record this is} */
  public RecordKey key() {
    return key;
  }

  /**
   * {@return the number of this record's write: 1 for the put that created it, one more with each
   * put since; of one that was {@linkplain Change#copy copied}, the writes of its former store
   * count too}
   */
  public long revision() {
    return revision;
  }

  /** {@return the expiry the record was put with, to the millisecond; null for none} */
  public @Nullable Instant expiresAt() {
    return expiresAt;
  }

  /**
   * {@return the bytes that were put} No copy: the array was made for this record and belongs to
   * its receiver.
   */
  public byte[] bytes() {
    return bytes;
  }

  /** Key, revision and length; never the bytes. */
  @Override
  public String toString() {
    return "StoredRecord[" + key + ", revision " + revision + ", " + bytes.length + " bytes]";
  }
}
