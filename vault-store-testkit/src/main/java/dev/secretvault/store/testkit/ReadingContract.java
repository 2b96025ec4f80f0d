package dev.secretvault.store.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What was put comes back, byte for byte, and belongs to whoever reads it. */
abstract class ReadingContract extends StoreFixture {

  @Test
  void read_absentRecord_isEmpty() throws Exception {
    SecretStore store = open();
    assertAbsent(store, A);
    commit(store, create(B, "other"));
    assertAbsent(store, A, C);
  }

  @Test
  void read_storedRecord_returnsWhatWasPut() throws Exception {
    SecretStore store = open();
    commit(store, put(A, 0, "value", NOON), create(B, "other"));
    assertStored(store, A, 1, "value", NOON);
    assertStored(store, B, 1, "other");
  }

  @Test
  void read_null_throws() throws Exception {
    SecretStore store = open();
    assertThatNullPointerException().isThrownBy(() -> readNull(store));
  }

  @SuppressWarnings("NullAway")
  private static void readNull(SecretStore store) {
    store.read(null);
  }

  @Test
  void read_everyByteValue_comesBackExactly() throws Exception {
    byte[] bytes = new byte[256];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) i;
    }
    assertComesBack(bytes);
  }

  @Test
  void read_emptyRecord_comesBackEmpty() throws Exception {
    assertComesBack(new byte[0]);
  }

  @Test
  void read_largestRecord_comesBackExactly() throws Exception {
    byte[] bytes = new byte[Change.MAX_BYTES];
    new Random(4_194_304).nextBytes(bytes);
    assertComesBack(bytes);
  }

  @Test
  void read_everyLengthUpToALine_comesBackExactly() throws Exception {
    Random random = new Random(100);
    SecretStore store = open();
    List<Change> changes = new ArrayList<>();
    for (int length = 0; length < 100; length++) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      changes.add(Change.put(key("length-" + length), 0, bytes));
    }
    store.commit(changes);
    store = reopen(store);
    for (Change change : changes) {
      assertSameBytes(present(store, change.key()), ((Change.Put) change).bytes());
    }
  }

  private void assertComesBack(byte[] bytes) throws Exception {
    SecretStore store = open();
    commit(store, Change.put(A, 0, bytes.clone()));
    assertSameBytes(present(store, A), bytes);
    assertSameBytes(store.scan(null, 1).get(0), bytes);
    store = reopen(store);
    assertSameBytes(present(store, A), bytes);
    assertSameBytes(store.scan(null, 1).get(0), bytes);
  }

  /** Keys that a medium may mistake for one another, or for something else than a key. */
  @Test
  void read_awkwardKeys_areDifferentRecords() throws Exception {
    String longest = "k".repeat(RecordKey.MAX_LENGTH);
    List<RecordKey> keys =
        keys(
            "a",
            "A",
            "aA",
            "Aa",
            "a.",
            ".a",
            "a-",
            "-a",
            "a_",
            "_a",
            "aa",
            ".",
            "..",
            "-",
            "--",
            "_",
            "0",
            "00",
            "null",
            "NUL",
            "con",
            "-0",
            "1e3",
            "1000",
            "a.tmp",
            longest,
            longest.substring(1),
            longest.toUpperCase(Locale.ROOT));
    SecretStore store = open();
    for (RecordKey key : keys) {
      commit(store, create(key, "under " + key));
    }
    for (RecordKey key : keys) {
      assertStored(store, key, 1, "under " + key);
    }
    store = reopen(store);
    for (RecordKey key : keys) {
      assertStored(store, key, 1, "under " + key);
    }
  }

  @Test
  void read_longExpiredRecord_isNotHidden() throws Exception {
    SecretStore store = open();
    commit(store, put(A, 0, "old", Instant.EPOCH));
    assertStored(store, A, 1, "old", Instant.EPOCH);
    assertThat(keys(store.scan(null, 10))).containsExactly(A);
    store = reopen(store);
    assertStored(store, A, 1, "old", Instant.EPOCH);
    commit(store, put(A, 1, "new", Instant.EPOCH));
    assertStored(store, A, 2, "new", Instant.EPOCH);
  }

  @Test
  void read_anyExpiry_comesBackToTheMillisecond() throws Exception {
    Instant farthest = Instant.ofEpochMilli(Long.MAX_VALUE);
    SecretStore store = open();
    commit(
        store,
        put(A, 0, "", NOON.plusNanos(999_999)),
        put(B, 0, "", farthest),
        put(C, 0, "", Instant.EPOCH));
    for (int round = 0; round < 2; round++) {
      assertStored(store, A, 1, "", NOON);
      assertStored(store, B, 1, "", farthest);
      assertStored(store, C, 1, "", Instant.EPOCH);
      assertThat(store.scan(null, 3))
          .extracting(StoredRecord::expiresAt)
          .containsExactly(NOON, farthest, Instant.EPOCH);
      store = reopen(store);
    }
  }

  @Test
  void read_callerOverwritesReturnedArray_recordStays() throws Exception {
    SecretStore store = open();
    commit(store, put(A, 0, "value", NOON));
    overwrite(present(store, A));
    assertStored(store, A, 1, "value", NOON);
    store.scan(null, 10).forEach(ReadingContract::overwrite);
    assertStored(store, A, 1, "value", NOON);
    store.expired(NOON, 10).forEach(ReadingContract::overwrite);
    assertStored(store, A, 1, "value", NOON);
    assertThat(text(store.scan(null, 10).get(0))).isEqualTo("value");
    assertThat(text(store.expired(NOON, 10).get(0))).isEqualTo("value");
    assertStored(reopen(store), A, 1, "value", NOON);
  }

  private static void overwrite(StoredRecord record) {
    Arrays.fill(record.bytes(), (byte) 0);
  }

  @Test
  void commit_callerOverwritesArrayAfterwards_recordStays() throws Exception {
    SecretStore store = open();
    byte[] bytes = bytes("value");
    commit(store, Change.put(A, 0, bytes));
    Arrays.fill(bytes, (byte) 0);
    assertStored(store, A, 1, "value");
    assertThat(text(store.scan(null, 10).get(0))).isEqualTo("value");
    assertStored(reopen(store), A, 1, "value");
  }
}
