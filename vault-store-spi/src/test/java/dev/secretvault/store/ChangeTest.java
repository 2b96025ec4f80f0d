package dev.secretvault.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ChangeTest {

  private static final RecordKey KEY = new RecordKey("key");
  private static final byte[] BYTES = {1, 2, 3};

  @Test
  void put_goodArguments_areKept() {
    Instant expiresAt = Instant.ofEpochMilli(1_234_567_890_123L);
    Change.Put put = new Change.Put(KEY, 7, BYTES, expiresAt);
    assertThat(put.key()).isEqualTo(KEY);
    assertThat(put.expectedRevision()).isEqualTo(7);
    assertThat(put.newRevision()).isEqualTo(8);
    assertThat(put.bytes()).isSameAs(BYTES);
    assertThat(put.expiresAt()).isEqualTo(expiresAt);
  }

  @Test
  void put_shortForm_neverExpires() {
    Change.Put put = Change.put(KEY, 0, BYTES);
    assertThat(put.expiresAt()).isNull();
    assertThat(put.newRevision()).isEqualTo(1);
  }

  @Test
  void put_negativeRevision_throws() {
    for (long revision : new long[] {-1, Long.MIN_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Change.put(KEY, revision, BYTES))
          .withMessageContaining("expectedRevision")
          .withMessageContaining(Long.toString(revision));
    }
  }

  @Test
  void put_length_isUpTo4MiB() {
    assertThat(Change.put(KEY, 0, new byte[0]).bytes()).isEmpty();
    assertThat(Change.put(KEY, 0, new byte[4_194_304]).bytes()).hasSize(Change.MAX_BYTES);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Change.put(KEY, 0, new byte[4_194_305]))
        .withMessageContaining("bytes")
        .withMessageContaining("4194304")
        .withMessageContaining("4194305");
  }

  @Test
  void put_expiry_isTruncatedToTheMillisecond() {
    assertThat(expiry(Instant.parse("2031-05-07T12:00:00.123999999Z")))
        .isEqualTo(Instant.parse("2031-05-07T12:00:00.123Z"));
    assertThat(expiry(Instant.EPOCH.plusNanos(1))).isEqualTo(Instant.EPOCH);
    assertThat(expiry(Instant.EPOCH)).isEqualTo(Instant.EPOCH);
  }

  @Test
  void put_expiryOutOfRange_throws() {
    Instant last = Instant.ofEpochMilli(Long.MAX_VALUE);
    assertThat(expiry(last)).isEqualTo(last);
    assertThat(expiry(last.plusNanos(999_999))).isEqualTo(last);
    for (Instant instant :
        List.of(
            Instant.EPOCH.minusNanos(1),
            Instant.EPOCH.minusSeconds(1),
            Instant.MIN,
            Instant.MAX,
            last.plusMillis(1))) {
      assertThatIllegalArgumentException()
          .as("expiry %s", instant)
          .isThrownBy(() -> expiry(instant))
          .withMessageContaining("expiresAt");
    }
  }

  @Test
  void put_afterTheLastRevision_throws() {
    assertThat(Change.put(KEY, Long.MAX_VALUE - 1, BYTES).newRevision()).isEqualTo(Long.MAX_VALUE);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Change.put(KEY, Long.MAX_VALUE, BYTES))
        .withMessageContaining("no revision is above " + Long.MAX_VALUE);
  }

  @Test
  void copy_record_isKeptAsItIs() {
    Instant expiresAt = Instant.ofEpochMilli(1_234_567_890_123L);
    StoredRecord record = new StoredRecord(KEY, 9, expiresAt, BYTES);
    for (long expected : new long[] {0, 7, 8}) {
      Change.Put copy = Change.copy(record, expected);
      assertThat(copy.key()).isEqualTo(KEY);
      assertThat(copy.expectedRevision()).isEqualTo(expected);
      assertThat(copy.newRevision()).isEqualTo(9);
      assertThat(copy.bytes()).isSameAs(BYTES);
      assertThat(copy.expiresAt()).isEqualTo(expiresAt);
    }
    assertThat(Change.copy(new StoredRecord(KEY, 1, null, BYTES), 0).expiresAt()).isNull();
  }

  @Test
  void copy_revisionThatDoesNotGrow_throws() {
    StoredRecord record = new StoredRecord(KEY, 9, null, BYTES);
    for (long expected : new long[] {9, 10, Long.MAX_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Change.copy(record, expected))
          .withMessageContaining("above " + expected)
          .withMessageContaining("has 9");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Change.copy(record, -1))
        .withMessageContaining("expectedRevision");
  }

  @Test
  void copy_whatNoPutTakes_throws() {
    StoredRecord large = new StoredRecord(KEY, 9, null, new byte[Change.MAX_BYTES + 1]);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Change.copy(large, 1))
        .withMessageContaining("bytes");
    StoredRecord early = new StoredRecord(KEY, 9, Instant.EPOCH.minusMillis(1), BYTES);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Change.copy(early, 1))
        .withMessageContaining("expiresAt");
  }

  private static Instant expiry(Instant expiresAt) {
    return new Change.Put(KEY, 0, BYTES, expiresAt).expiresAt();
  }

  @Test
  void put_null_throws() {
    assertThatNullPointerException()
        .isThrownBy(() -> Change.put(null, 0, BYTES))
        .withMessage("key");
    assertThatNullPointerException()
        .isThrownBy(() -> Change.put(KEY, 0, null))
        .withMessage("bytes");
  }

  @Test
  void put_toString_tellsNoBytes() {
    assertThat(Change.put(KEY, 4, new byte[] {77, 78}))
        .hasToString("Put[key, expected revision 4, 2 bytes]");
  }

  @Test
  void put_sameArguments_isAnotherPut() {
    assertThat(Change.put(KEY, 0, BYTES)).isNotEqualTo(Change.put(KEY, 0, BYTES));
  }

  @Test
  void delete_goodArguments_areKept() {
    Change.Delete delete = Change.delete(KEY, 7);
    assertThat(delete.key()).isEqualTo(KEY);
    assertThat(delete.expectedRevision()).isEqualTo(7);
    assertThat(delete).isEqualTo(new Change.Delete(KEY, 7));
  }

  @Test
  void delete_revisionBelow1_throws() {
    for (long revision : new long[] {0, -1, Long.MIN_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Change.delete(KEY, revision))
          .withMessageContaining("expectedRevision")
          .withMessageContaining(Long.toString(revision));
    }
  }

  @Test
  void delete_null_throws() {
    assertThatNullPointerException().isThrownBy(() -> Change.delete(null, 1)).withMessage("key");
  }

  @Test
  void require_goodArguments_areKept() {
    for (long revision : new long[] {0, 7, Long.MAX_VALUE}) {
      Change.Require require = Change.require(KEY, revision);
      assertThat(require.key()).isEqualTo(KEY);
      assertThat(require.expectedRevision()).isEqualTo(revision);
      assertThat(require).isEqualTo(new Change.Require(KEY, revision));
    }
  }

  @Test
  void require_negativeRevision_throws() {
    for (long revision : new long[] {-1, Long.MIN_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Change.require(KEY, revision))
          .withMessageContaining("expectedRevision")
          .withMessageContaining(Long.toString(revision));
    }
  }

  @Test
  void require_null_throws() {
    assertThatNullPointerException().isThrownBy(() -> Change.require(null, 1)).withMessage("key");
  }

  @Test
  void written_mixedChanges_areThoseNotOnlyRequired() {
    RecordKey deleted = new RecordKey("deleted");
    Set<RecordKey> written =
        Change.written(
            List.of(
                Change.require(new RecordKey("required"), 3),
                Change.put(KEY, 0, BYTES),
                Change.require(new RecordKey("absent"), 0),
                Change.delete(deleted, 1)));
    assertThat(written).containsExactlyInAnyOrder(KEY, deleted);
    assertThatThrownBy(() -> written.remove(KEY)).isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void checkCommit_goodList_returnsUnmodifiableCopy() {
    List<Change> changes =
        new ArrayList<>(
            List.of(Change.put(KEY, 0, BYTES), Change.delete(new RecordKey("other"), 1)));
    List<Change> before = List.copyOf(changes);
    List<Change> checked = Change.checkCommit(changes);
    assertThat(checked).isEqualTo(before);
    changes.clear();
    assertThat(checked).isEqualTo(before);
    assertThatThrownBy(() -> checked.remove(0)).isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void checkCommit_count_isFrom1To1000() {
    assertThat(Change.checkCommit(puts(1, BYTES))).hasSize(1);
    assertThat(Change.checkCommit(puts(1_000, BYTES))).hasSize(SecretStore.MAX_CHANGES);
    for (int count : new int[] {0, 1_001}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Change.checkCommit(puts(count, BYTES)))
          .withMessageContaining("changes")
          .withMessageContaining("1000")
          .withMessageContaining(Integer.toString(count));
    }
  }

  @Test
  void checkCommit_bytes_areUpTo16MiB() {
    List<Change> most = puts(4, new byte[Change.MAX_BYTES]);
    assertThat(Change.checkCommit(most)).hasSize(4);
    // Deletions and requirements weigh nothing.
    most.add(Change.require(new RecordKey("required"), 1));
    most.add(Change.delete(KEY, 1));
    assertThat(Change.checkCommit(most)).hasSize(6);
    most.set(5, Change.put(KEY, 0, new byte[1]));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Change.checkCommit(most))
        .withMessageContaining("changes")
        .withMessageContaining("16777216")
        .withMessageContaining("16777217");
  }

  /** 1,000 puts of 4 MiB are 4,194,304,000 bytes, which an int takes for a negative number. */
  @Test
  void checkCommit_bytesBeyondAnInt_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Change.checkCommit(puts(1_000, new byte[Change.MAX_BYTES])))
        .withMessageContaining(Long.toString(1_000L * Change.MAX_BYTES));
  }

  @Test
  void checkCommit_recordTwice_throwsAndNamesIt() {
    List<Change> twins =
        List.of(Change.put(KEY, 0, BYTES), Change.delete(KEY, 1), Change.require(KEY, 1));
    for (Change first : twins) {
      for (Change second : twins) {
        List<Change> changes = puts(3, BYTES);
        changes.add(0, first);
        changes.add(second);
        assertThatIllegalArgumentException()
            .isThrownBy(() -> Change.checkCommit(changes))
            .withMessageContaining("key occurs twice");
      }
    }
  }

  @Test
  void checkCommit_requirementsOnly_throws() {
    Change require = Change.require(KEY, 1);
    Change absent = Change.require(new RecordKey("absent"), 0);
    for (List<Change> changes : List.of(List.of(require), List.of(require, absent))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Change.checkCommit(changes))
          .withMessageContaining("changes")
          .withMessageContaining("put");
    }
    Change delete = Change.delete(new RecordKey("deleted"), 1);
    assertThat(Change.checkCommit(List.of(require, delete))).containsExactly(require, delete);
    assertThat(Change.checkCommit(List.of(delete, require))).containsExactly(delete, require);
  }

  @Test
  void checkCommit_requirements_countAsChanges() {
    List<Change> changes = new ArrayList<>();
    for (int i = 1; i < SecretStore.MAX_CHANGES; i++) {
      changes.add(Change.require(new RecordKey("n" + i), i));
    }
    changes.add(Change.put(KEY, 0, BYTES));
    assertThat(Change.checkCommit(changes)).hasSize(SecretStore.MAX_CHANGES);
    changes.add(Change.require(new RecordKey("straw"), 1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Change.checkCommit(changes))
        .withMessageContaining("1001");
  }

  @Test
  void checkCommit_null_throws() {
    assertThatNullPointerException().isThrownBy(() -> Change.checkCommit(null));
    assertThatNullPointerException()
        .isThrownBy(() -> Change.checkCommit(Arrays.asList(Change.delete(KEY, 1), null)));
  }

  private static List<Change> puts(int count, byte[] bytes) {
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      changes.add(Change.put(new RecordKey("n" + i), 0, bytes));
    }
    return changes;
  }
}
