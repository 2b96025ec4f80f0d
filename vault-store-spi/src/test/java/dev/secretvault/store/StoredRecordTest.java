package dev.secretvault.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class StoredRecordTest {

  private static final RecordKey KEY = new RecordKey("key");

  @Test
  void new_goodArguments_areKept() {
    byte[] bytes = {77, 78};
    StoredRecord record = new StoredRecord(KEY, Long.MAX_VALUE, Instant.EPOCH, bytes);
    assertThat(record.key()).isEqualTo(KEY);
    assertThat(record.revision()).isEqualTo(Long.MAX_VALUE);
    assertThat(record.expiresAt()).isEqualTo(Instant.EPOCH);
    assertThat(record.bytes()).isSameAs(bytes);
    assertThat(new StoredRecord(KEY, 1, null, bytes).expiresAt()).isNull();
  }

  @Test
  void new_revisionBelow1_throws() {
    for (long revision : new long[] {0, -1, Long.MIN_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new StoredRecord(KEY, revision, null, new byte[0]))
          .withMessageContaining("revision")
          .withMessageContaining(Long.toString(revision));
    }
  }

  @Test
  void new_null_throws() {
    assertThatNullPointerException()
        .isThrownBy(() -> new StoredRecord(null, 1, null, new byte[0]))
        .withMessage("key");
    assertThatNullPointerException()
        .isThrownBy(() -> new StoredRecord(KEY, 1, null, null))
        .withMessage("bytes");
  }

  @Test
  void toString_anyRecord_tellsNoBytes() {
    assertThat(new StoredRecord(KEY, 4, null, new byte[] {77, 78}))
        .hasToString("StoredRecord[key, revision 4, 2 bytes]");
  }
}
