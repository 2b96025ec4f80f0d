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
  private static final int MOST = 805_306_368;

  @ParameterizedTest
  @CsvSource({
    "13, 0, 32",
    "13, 1, 32",
    "13, 2, 64",
    "25, 16, 1024",
    "25, 9223372036854775807, 1024",
    "50331648, 16, 1073741824",
    "50331649, 16, 1073741824",
    "402653185, 0, 1073741824",
    "805306368, 9223372036854775807, 1073741824"
  })
  void slots_anyCount_haveRoomForItAndIfTheyCanForTheGuess(int entries, long growth, int slots) {
    assertThat(KeyTable.slots(entries, growth)).isEqualTo(slots);
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
