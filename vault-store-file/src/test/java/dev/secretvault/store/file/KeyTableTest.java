package dev.secretvault.store.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How large a table becomes, of which no test has the memory. */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class KeyTableTest {

  @ParameterizedTest
  @CsvSource({
    "13, 0, 32",
    "13, 24, 32",
    "13, 25, 64",
    "13, 3328, 64",
    "13, 9223372036854775807, 64",
    "3145729, 6291456, 8388608",
    "3145729, 201326593, 16777216",
    "100663297, 0, 268435456",
    "201326592, 9223372036854775807, 268435456"
  })
  void slots_anyCount_haveRoomForItAndAreDoubledOnceForTheGuess(
      int entries, long guess, int slots) {
    assertThat(KeyTable.slots(entries, guess)).isEqualTo(slots);
  }

  @Test
  void slots_asManyAsThereMayBe_areThreeQuartersOfTheLongestTable() {
    assertThat(KeyTable.MOST_ENTRIES).isEqualTo(201_326_592);
    assertThat(KeyTable.slots(KeyTable.MOST_ENTRIES, 0)).isEqualTo(268_435_456);
  }

  /** As where a log has its small records first, and most of its bytes behind. */
  @Test
  void add_guessIsFarTooHigh_hasAtMostSixSlotsForAnEntry() {
    Entries entries = new Entries();
    KeyTable table = new KeyTable(entries);
    for (int i = 1; i <= 100_000; i++) {
      byte[] key = ("a.s." + i).getBytes(ISO_8859_1);
      int place = entries.add(key, 0, key.length, 1, 0, i, 4, i);
      table.add(place, Entries.hash(key, 0, key.length), 1_000L * i);
      assertThat(table.count()).isLessThanOrEqualTo(Math.max(16, 6 * i));
    }
    assertThat(table.size()).isEqualTo(100_000);
    for (int i = 1; i <= 100_000; i++) {
      byte[] key = ("a.s." + i).getBytes(ISO_8859_1);
      int place = table.find(key, 0, key.length, Entries.hash(key, 0, key.length));
      assertThat(entries.entry(place).checksum()).isEqualTo(i);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"?bcdefghijklmn", "abcdefg?ijklmn", "abcdefghijklm?", "a?", "abcdefg?"})
  void hash_keysThatDifferInOneCharacter_pointToManySlots(String pattern) {
    Set<Integer> slots = new HashSet<>();
    for (char c = 'a'; c <= 'z'; c++) {
      byte[] key = pattern.replace('?', c).getBytes(ISO_8859_1);
      slots.add(Entries.hash(key, 0, key.length) & 0xfff);
    }
    assertThat(slots).hasSizeGreaterThan(20);
  }
}
