package dev.secretvault.store;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A durable, ordered map of small records with atomic conditional commits: all that a vault asks of
 * a medium.
 *
 * <p>A store keeps opaque bytes under {@linkplain RecordKey keys} and counts the writes of each
 * record in a <dfn>revision</dfn>. It knows neither secrets nor names nor time. What must happen
 * together or not at all, a caller puts into one {@link #commit}; what must happen once only, a
 * caller makes conditional on a revision. Those two rules carry unique names, quotas and
 * reveal-once, in one process and in many.
 *
 * <h2>What every store promises</h2>
 *
 * <ul>
 *   <li><b>Atomic.</b> Of a commit, every reader (in this process, in another, after a crash) sees
 *       all changes or none.
 *   <li><b>Conditional.</b> No change of a commit happens unless each record it names is stored
 *       with exactly the revision expected; of any number of racing commits that put or delete the
 *       same revision of a record, at most one happens.
 *   <li><b>Linearizable.</b> A commit takes effect at one moment between its call and its return,
 *       and {@link #read} answers as of one moment between its call and its return.
 *   <li><b>Durable.</b> A commit that returned normally is there after the store is closed and
 *       opened, the process is killed, or the machine loses power.
 *   <li><b>Unread.</b> Records come back byte for byte. A store that notices damage says so and
 *       returns nothing.
 * </ul>
 *
 * <p>A store does not hide a record whose expiry passed; it only {@linkplain #expired lists} it.
 *
 * <p>A revision starts at 1 with the put that creates a record and grows by 1 with each put. A
 * record that is deleted and created again starts at 1 again, so a caller that must tell two lives
 * of a record apart gives the second another key. A {@linkplain Change#copy copy} brings the
 * revision along that the record has in another store, and is counted on from there.
 *
 * <p><b>Threads.</b> All methods may be called by any number of threads at once. An interrupt of a
 * calling thread never damages or closes the store; a method that is not done by then goes on, and
 * leaves the thread's interrupt flag set.
 *
 * <p><b>Errors.</b> Every method throws {@link NullPointerException} for a null where none is
 * allowed, {@link IllegalStateException} once the store is closed, and {@link StoreException} if
 * the medium fails. Implementations pass the suite {@code SecretStoreContract} of the module {@code
 * dev.secretvault.store.testkit}, which holds a test for each sentence on this page.
 */
public interface SecretStore extends AutoCloseable {

  /** The most changes in one commit. */
  int MAX_CHANGES = 1_000;

  /** The most bytes that the puts of one commit carry together: 16 MiB. */
  int MAX_COMMIT_BYTES = 1 << 24;

  /** The most records that one call of {@link #scan} or {@link #expired} returns. */
  int MAX_PAGE = 1_000;

  /**
   * Reads one record.
   *
   * @param key which record
   * @return the record as last committed, in an array of its own; empty if there is none
   * @throws StoreCorruptException if the record is there but damaged
   * @throws StoreException if the medium fails
   */
  Optional<StoredRecord> read(RecordKey key);

  /**
   * Makes all changes, or none, durably.
   *
   * <p>Expectations are checked in the order of the list, against what is stored before the commit.
   * The order has no other meaning, as no record may occur twice. What a {@link Change.Require}
   * demands holds at the moment of the commit: no other commit comes between.
   *
   * @param changes 1 to {@value #MAX_CHANGES} changes of different records, {@value
   *     #MAX_COMMIT_BYTES} bytes in all
   * @throws RevisionConflictException if a record is not stored with the revision expected of it;
   *     names the first such change of the list; nothing was written
   * @throws IllegalArgumentException if the list is empty, too long, too large, names a record
   *     twice, or only requires; nothing was written
   * @throws StoreException if the medium fails; {@link StoreException#outcome()} says whether
   *     nothing was written or whether that is unknown. Even if unknown, all changes happened or
   *     none, and a later {@link #read} tells which
   */
  void commit(List<Change> changes);

  /**
   * Lists records in ascending order of their keys.
   *
   * <p>Each record of the page is one that was committed, in a state it had during the call. A
   * caller that pages through a store, passing the last key of a page to the next call, meets every
   * record that is there all the while exactly once, whatever else is created and deleted
   * meanwhile. A page that is not full is the last one.
   *
   * @param after the key to start behind, whether it is stored or not; null starts at the first
   * @param limit the most records to return, 1 to {@value #MAX_PAGE}
   * @return at most {@code limit} records
   * @throws IllegalArgumentException if {@code limit} is out of range
   * @throws StoreCorruptException if a record is damaged
   * @throws StoreException if the medium fails
   */
  List<StoredRecord> scan(@Nullable RecordKey after, int limit);

  /**
   * Lists records whose time has come, from the one that expired first on.
   *
   * @param now the moment to compare with
   * @param limit the most records to return, 1 to {@value #MAX_PAGE}
   * @return as {@link #expired(Instant, StoredRecord, int)} without a record to start behind
   */
  default List<StoredRecord> expired(Instant now, int limit) {
    return expired(now, null, limit);
  }

  /**
   * Lists records whose time has come: those put with an expiry at or before {@code now}, soonest
   * expiry first, equal ones in the order of their keys. The store's clock, if it has one, plays no
   * part.
   *
   * <p>A caller that pages through them, passing the last record of a page to the next call, meets
   * every one that is there all the while with the same expiry exactly once, whatever else is put
   * and deleted meanwhile.
   *
   * <p>One that is damaged, or lies where the medium cannot be read, is left out, as it must not
   * keep those behind it for ever; when only such ones are left, that is said.
   *
   * @param now the moment to compare with
   * @param after the record to start behind, by the expiry and the key that it has here, whatever
   *     is stored by now; null starts at the first
   * @param limit the most records to return, 1 to {@value #MAX_PAGE}
   * @return at most {@code limit} records; fewer only if there are no more that can be read
   * @throws IllegalArgumentException if {@code limit} is out of range, or {@code after} has no
   *     expiry
   * @throws StoreCorruptException if there are damaged records behind {@code after}, and no others
   * @throws StoreException if the medium fails
   */
  List<StoredRecord> expired(Instant now, @Nullable StoredRecord after, int limit);

  /**
   * Reports changes to {@code listener} until the subscription is closed.
   *
   * <p>A commit of this instance is reported before {@link #commit} returns. A commit made
   * elsewhere (another process, another instance on the same medium) is reported within a second of
   * its return, and may be reported together with others. The commits that touch one record are
   * reported in their order. A commit that was refused is not reported. A commit that happened
   * before this method returned may be reported or not; later ones are.
   *
   * <p>What is reported can be read already, and reads go on while listeners run: a listener may
   * wait for somebody who reads.
   *
   * @param listener what to call
   * @return the subscription; closing it ends the reports, and closing the store closes it
   * @throws StoreException if the medium cannot be watched
   */
  Subscription watch(StoreListener listener);

  /**
   * Waits for running commits, then lets go of files, connections and threads. Closing twice is
   * closing once. Nothing is lost by not closing.
   */
  @Override
  void close();

  /** A running {@link SecretStore#watch}. */
  interface Subscription extends AutoCloseable {
    /** Ends the reports: none begins after this method returned. Closing twice is closing once. */
    @Override
    void close();
  }
}
