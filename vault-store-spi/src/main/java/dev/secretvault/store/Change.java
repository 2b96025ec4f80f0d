package dev.secretvault.store;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One conditional step of a {@linkplain SecretStore#commit commit}: put a record, delete one, or
 * leave one as it is, if its stored revision is the expected one.
 */
public sealed interface Change {

  /** The largest record, in bytes: 4 MiB. */
  int MAX_BYTES = 1 << 22;

  /** {@return the record that this is about} */
  RecordKey key();

  /**
   * {@return the revision that must be stored for the change to happen; 0 means that no such record
   * may be stored}
   */
  long expectedRevision();

  /**
   * A put without expiry; see {@link Put#Put}.
   *
   * @param key the record to write
   * @param expectedRevision the revision to replace, 0 to create the record
   * @param bytes what to store, at most {@link #MAX_BYTES}
   * @return the change
   */
  static Put put(RecordKey key, long expectedRevision, byte[] bytes) {
    return new Put(key, expectedRevision, bytes, null);
  }

  /**
   * A put of a record as another store has it, with its revision and its expiry: for moving records
   * from one store to another. What is sealed for its revision stays what it is; and a writer that
   * knew the record there goes on with it here.
   *
   * <p>Revisions only grow, here too. A record whose revision is not above the stored one, because
   * it was deleted in the other store and created again, is deleted in one commit and copied in a
   * later one.
   *
   * @param record what to store; its bytes are not copied, so they must not change until the commit
   *     returned
   * @param expectedRevision the revision to replace, 0 to create the record
   * @return the change
   * @throws IllegalArgumentException if the expected revision is negative or not below the
   *     record's, the bytes are too many, or the expiry is out of range
   */
  static Put copy(StoredRecord record, long expectedRevision) {
    if (record.revision() <= expectedRevision) {
      throw new IllegalArgumentException(
          "record: a revision above "
              + expectedRevision
              + " is needed, but it has "
              + record.revision());
    }
    return new Put(
        record.key(), expectedRevision, record.revision(), record.bytes(), record.expiresAt());
  }

  /**
   * A deletion; see {@link Delete#Delete}.
   *
   * @param key the record to delete
   * @param expectedRevision the revision to delete, at least 1
   * @return the change
   */
  static Delete delete(RecordKey key, long expectedRevision) {
    return new Delete(key, expectedRevision);
  }

  /**
   * A condition on a record that the commit does not change; see {@link Require#Require}.
   *
   * @param key the record to look at
   * @param expectedRevision the revision it must have, 0 if it must not be stored
   * @return the condition
   */
  static Require require(RecordKey key, long expectedRevision) {
    return new Require(key, expectedRevision);
  }

  /**
   * {@return the records that a commit of these changes writes: all but those that it only requires
   * something of}
   *
   * @param changes the changes of a commit
   */
  static Set<RecordKey> written(List<Change> changes) {
    return changes.stream()
        .filter(change -> !(change instanceof Require))
        .map(Change::key)
        .collect(Collectors.toUnmodifiableSet());
  }

  /**
   * Checks what {@link SecretStore#commit} demands of its argument, for implementations of a store.
   *
   * @param changes the argument
   * @return an unmodifiable copy of it
   * @throws IllegalArgumentException if the list is empty, too long, too large, names a record
   *     twice, or only requires
   */
  static List<Change> checkCommit(List<Change> changes) {
    List<Change> copy = List.copyOf(changes);
    if (copy.isEmpty() || copy.size() > SecretStore.MAX_CHANGES) {
      throw new IllegalArgumentException(
          "changes: 1 to " + SecretStore.MAX_CHANGES + " allowed, but there are " + copy.size());
    }
    Set<RecordKey> keys = new HashSet<>();
    boolean writes = false;
    long bytes = 0;
    for (Change change : copy) {
      if (!keys.add(change.key())) {
        throw new IllegalArgumentException("changes: " + change.key() + " occurs twice");
      }
      writes |= !(change instanceof Require);
      if (change instanceof Put put) {
        bytes += put.bytes().length;
      }
    }
    if (!writes) {
      throw new IllegalArgumentException("changes: a put or a deletion is needed");
    }
    if (bytes > SecretStore.MAX_COMMIT_BYTES) {
      throw new IllegalArgumentException(
          "changes: at most "
              + SecretStore.MAX_COMMIT_BYTES
              + " bytes in all, but there are "
              + bytes);
    }
    return copy;
  }

  /** Creates or replaces a record. Has identity equality, as it carries an array. */
  final class Put implements Change {
    private final RecordKey key;
    private final long expectedRevision;
    private final long newRevision;
    private final byte[] bytes;
    private final @Nullable Instant expiresAt;

    /**
     * Describes the put.
     *
     * @param key the record to write
     * @param expectedRevision the revision to replace, 0 to create the record
     * @param bytes what to store, at most {@link #MAX_BYTES}; not copied, so it must not change
     *     until the commit returned
     * @param expiresAt when {@link SecretStore#expired} begins to list the record, truncated to the
     *     millisecond and not before 1970; null for never
     * @throws IllegalArgumentException if the revision is negative or the last there is, the bytes
     *     are too many, or the expiry is out of range
     */
    public Put(RecordKey key, long expectedRevision, byte[] bytes, @Nullable Instant expiresAt) {
      this(key, expectedRevision, expectedRevision + 1, bytes, expiresAt);
    }

    private Put(
        RecordKey key,
        long expectedRevision,
        long newRevision,
        byte[] bytes,
        @Nullable Instant expiresAt) {
      this.key = Objects.requireNonNull(key, "key");
      if (expectedRevision < 0) {
        throw new IllegalArgumentException(
            "expectedRevision: at least 0, but was " + expectedRevision);
      }
      if (newRevision <= expectedRevision) {
        throw new IllegalArgumentException(
            "expectedRevision: no revision is above " + expectedRevision);
      }
      this.expectedRevision = expectedRevision;
      this.newRevision = newRevision;
      this.bytes = Objects.requireNonNull(bytes, "bytes");
      if (bytes.length > MAX_BYTES) {
        throw new IllegalArgumentException(
            "bytes: at most " + MAX_BYTES + ", but there are " + bytes.length);
      }
      this.expiresAt = expiresAt == null ? null : storable(expiresAt);
    }

    private static Instant storable(Instant expiresAt) {
      try {
        if (expiresAt.toEpochMilli() >= 0) {
          return expiresAt.truncatedTo(ChronoUnit.MILLIS);
        }
      } catch (ArithmeticException | DateTimeException tooFar) {
        // Falls through: milliseconds since 1970 must fit a long.
      }
      throw new IllegalArgumentException(
          "expiresAt: must not be before 1970 and must fit milliseconds in a long: " + expiresAt);
    }

    @Override
    public RecordKey key() {
      return key;
    }

    @Override
    public long expectedRevision() {
      return expectedRevision;
    }

    /**
     * {@return the revision the record has after the commit: the expected one plus 1, or that of
     * the record that is {@linkplain Change#copy copied}}
     */
    public long newRevision() {
      return newRevision;
    }

    /** {@return what to store} No copy. */
    public byte[] bytes() {
      return bytes;
    }

    /** {@return when the record expires, to the millisecond; null for never} */
    public @Nullable Instant expiresAt() {
      return expiresAt;
    }

    /** Key, expected revision and length; never the bytes. */
    @Override
    public String toString() {
      return "Put["
          + key
          + ", expected revision "
          + expectedRevision
          + ", "
          + bytes.length
          + " bytes]";
    }
  }

  /**
   * Deletes a record.
   *
   * @param key the record to delete
   * @param expectedRevision the revision to delete, at least 1
   */
  record Delete(RecordKey key, long expectedRevision) implements Change {
    /**
     * Describes the deletion.
     *
     * @param key the record to delete
     * @param expectedRevision the revision to delete, at least 1
     * @throws IllegalArgumentException if the revision is below 1: there is nothing to delete then
     */
    public Delete {
      Objects.requireNonNull(key, "key");
      if (expectedRevision < 1) {
        throw new IllegalArgumentException(
            "expectedRevision: at least 1, but was " + expectedRevision);
      }
    }
  }

  /**
   * Demands something of a record, and leaves it as it is: its revision stays, and no listener
   * hears of it.
   *
   * @param key the record to look at
   * @param expectedRevision the revision it must have, 0 if it must not be stored
   */
  record Require(RecordKey key, long expectedRevision) implements Change {
    /**
     * Describes the condition.
     *
     * @param key the record to look at
     * @param expectedRevision the revision it must have, 0 if it must not be stored
     * @throws IllegalArgumentException if the revision is negative
     */
    public Require {
      Objects.requireNonNull(key, "key");
      if (expectedRevision < 0) {
        throw new IllegalArgumentException(
            "expectedRevision: at least 0, but was " + expectedRevision);
      }
    }
  }
}
