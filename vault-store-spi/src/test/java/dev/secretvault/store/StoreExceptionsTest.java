package dev.secretvault.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.secretvault.store.StoreException.Outcome;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class StoreExceptionsTest {

  @Test
  void storeException_goodArguments_areKept() {
    IOException cause = new IOException("disk full");
    StoreException exception = new StoreException("medium: full", Outcome.UNKNOWN, true, cause);
    assertThat(exception).hasMessage("medium: full").hasCause(cause);
    assertThat(exception.outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(exception.retryable()).isTrue();
    assertThat(new StoreException("m", Outcome.NOT_WRITTEN, false, null)).hasNoCause();
  }

  @Test
  void storeException_null_throws() {
    assertThatNullPointerException()
        .isThrownBy(() -> new StoreException(null, Outcome.UNKNOWN, true, null))
        .withMessage("message");
    assertThatNullPointerException()
        .isThrownBy(() -> new StoreException("m", null, true, null))
        .withMessage("outcome");
  }

  @Test
  void damage_isFinalAndWroteNothing() {
    for (StoreException exception :
        new StoreException[] {
          new StoreCorruptException("line 7", null), new StoreFormatException("format 9")
        }) {
      assertThat(exception.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
      assertThat(exception.retryable()).isFalse();
    }
  }

  @Test
  void conflict_namesRecordAndRevisions_withoutAStackTrace() {
    RevisionConflictException conflict = new RevisionConflictException(new RecordKey("key"), 3, 5);
    assertThat(conflict.key()).isEqualTo(new RecordKey("key"));
    assertThat(conflict.expected()).isEqualTo(3);
    assertThat(conflict.stored()).isEqualTo(5);
    assertThat(conflict).hasMessage("revision 3 expected of key, but 5 is stored");
    assertThat(conflict.getStackTrace()).isEmpty();
  }

  @Test
  void conflict_null_throws() {
    assertThatNullPointerException()
        .isThrownBy(() -> new RevisionConflictException(null, 0, 1))
        .withMessage("key");
  }
}
