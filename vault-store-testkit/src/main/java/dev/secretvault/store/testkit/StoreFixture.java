package dev.secretvault.store.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Opens and closes the stores of a test, and holds the words the tests are written in. */
// On a thread of its own, because a store that hangs in a lock would not notice the interrupt of an
// ordinary timeout.
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
abstract class StoreFixture {

  static final RecordKey A = new RecordKey("a");
  static final RecordKey B = new RecordKey("b");
  static final RecordKey C = new RecordKey("c");

  /** A moment with whole milliseconds. */
  static final Instant NOON = Instant.parse("2031-05-07T12:00:00.123Z");

  /**
   * A commit only loses a race that another one wins, and no test makes as many commits as this.
   */
  static final int MOST_LOST_RACES = 10_000;

  static final String LOSES_FOREVER =
      "lost " + MOST_LOST_RACES + " races, more than there are commits that could have won";

  private final List<SecretStore> opened = new CopyOnWriteArrayList<>();

  protected abstract SecretStore openStore() throws Exception;

  protected abstract void checkMedium() throws Exception;

  protected abstract boolean severalOpen();

  protected abstract int rounds();

  final SecretStore open() throws Exception {
    SecretStore store = openStore();
    opened.add(store);
    return store;
  }

  final SecretStore reopen(SecretStore store) throws Exception {
    store.close();
    return open();
  }

  /** Two stores if the medium allows it, else the same one twice. */
  final List<SecretStore> openTwo() throws Exception {
    SecretStore first = open();
    return List.of(first, severalOpen() ? open() : first);
  }

  @AfterEach
  @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
  final void closeStoresAndCheckMedium() throws Exception {
    opened.forEach(SecretStore::close);
    checkMedium();
  }

  static RecordKey key(String text) {
    return new RecordKey(text);
  }

  static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  static Change create(RecordKey key, String text) {
    return put(key, 0, text);
  }

  static Change put(RecordKey key, long expectedRevision, String text) {
    return Change.put(key, expectedRevision, bytes(text));
  }

  static Change put(
      RecordKey key, long expectedRevision, String text, @Nullable Instant expiresAt) {
    return new Change.Put(key, expectedRevision, bytes(text), expiresAt);
  }

  /** A copy of a record from elsewhere. */
  static Change copy(
      RecordKey key,
      long expectedRevision,
      long revision,
      String text,
      @Nullable Instant expiresAt) {
    return Change.copy(new StoredRecord(key, revision, expiresAt, bytes(text)), expectedRevision);
  }

  static void commit(SecretStore store, Change... changes) {
    store.commit(List.of(changes));
  }

  static StoredRecord present(SecretStore store, RecordKey key) {
    Optional<StoredRecord> record = store.read(key);
    assertThat(record).as("record %s", key).isPresent();
    return record.orElseThrow();
  }

  static void assertAbsent(SecretStore store, RecordKey... keys) {
    for (RecordKey key : keys) {
      assertThat(store.read(key)).as("record %s", key).isEmpty();
    }
  }

  static void assertStored(SecretStore store, RecordKey key, long revision, String text) {
    assertRecord(present(store, key), key, revision, bytes(text), null);
  }

  static void assertStored(
      SecretStore store, RecordKey key, long revision, String text, @Nullable Instant expiresAt) {
    assertRecord(present(store, key), key, revision, bytes(text), expiresAt);
  }

  static void assertRecord(
      StoredRecord record,
      RecordKey key,
      long revision,
      byte[] bytes,
      @Nullable Instant expiresAt) {
    assertThat(record.key()).isEqualTo(key);
    assertThat(record.revision()).as("revision of %s", key).isEqualTo(revision);
    assertThat(record.expiresAt()).as("expiry of %s", key).isEqualTo(expiresAt);
    assertSameBytes(record, bytes);
  }

  /** Does not print the arrays, which may be large. */
  static void assertSameBytes(StoredRecord record, byte[] bytes) {
    assertThat(record.bytes()).as("length of %s", record.key()).hasSize(bytes.length);
    assertThat(Arrays.mismatch(record.bytes(), bytes))
        .as("first differing byte of %s, -1 for none", record.key())
        .isEqualTo(-1);
  }

  static String text(StoredRecord record) {
    return new String(record.bytes(), UTF_8);
  }

  static long number(StoredRecord record) {
    return Long.parseLong(text(record));
  }

  static List<RecordKey> keys(List<StoredRecord> records) {
    return records.stream().map(StoredRecord::key).toList();
  }

  static List<RecordKey> keys(String... texts) {
    return Arrays.stream(texts).map(RecordKey::new).toList();
  }

  /** Whether the commit happened; false if a revision conflicted. */
  static boolean tryCommit(SecretStore store, Change... changes) {
    try {
      store.commit(List.of(changes));
      return true;
    } catch (RevisionConflictException lost) {
      return false;
    }
  }

  static void assertConflict(
      SecretStore store, RecordKey key, long expected, long stored, Change... changes) {
    RevisionConflictException conflict =
        catchThrowableOfType(RevisionConflictException.class, () -> store.commit(List.of(changes)));
    assertThat(conflict).as("conflict").isNotNull();
    assertThat(conflict.key()).isEqualTo(key);
    assertThat(conflict.expected()).as("expected revision").isEqualTo(expected);
    assertThat(conflict.stored()).as("stored revision").isEqualTo(stored);
  }

  /**
   * Reads and rewrites a counter until the rewrite is the one that wins; returns the revision it
   * made.
   */
  static long increment(SecretStore store, RecordKey counter) {
    for (int lost = 0; lost < MOST_LOST_RACES; lost++) {
      StoredRecord record = present(store, counter);
      if (tryCommit(store, put(counter, record.revision(), Long.toString(number(record) + 1)))) {
        return record.revision() + 1;
      }
    }
    throw new AssertionError(LOSES_FOREVER);
  }
}
