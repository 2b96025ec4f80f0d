package dev.secretvault.store.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How large a table becomes, of which no test has the memory. */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class KeyTableTest {

  /** Three quarters of the longest table. */
  private static final int MOST = 201_326_592;

  @ParameterizedTest
  @CsvSource({
    "13, 0, 32",
    "13, 24, 32",
    "13, 25, 64",
    "13, 3328, 8192",
    "13, 9223372036854775807, 8192",
    "3145729, 201326592, 268435456",
    "3145729, 201326593, 268435456",
    "100663297, 0, 268435456",
    "201326592, 9223372036854775807, 268435456"
  })
  void slots_anyCount_haveRoomForItAndIfTheyCanForTheGuess(int entries, long guess, int slots) {
    assertThat(KeyTable.slots(entries, guess)).isEqualTo(slots);
  }

  @Test
  void slots_moreThanTheLongestTableHolds_isRefused() {
    for (int entries : new int[] {MOST + 1, Integer.MAX_VALUE}) {
      assertThatThrownBy(() -> KeyTable.slots(entries, 0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("there are more records than an index can hold");
    }
  }
}
