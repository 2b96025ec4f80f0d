package dev.secretvault.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecordKeyTest {

  private static final String ALPHABET =
      "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";

  @Test
  void new_everyCharacter_onlyTheAlphabetIsAllowed() {
    for (char c = 0; c < Character.MAX_VALUE; c++) {
      String text = "a" + c;
      if (ALPHABET.indexOf(c) >= 0) {
        assertThat(new RecordKey(text).text()).isEqualTo(text);
      } else {
        assertThatIllegalArgumentException()
            .as("character %d", (int) c)
            .isThrownBy(() -> new RecordKey(text))
            .withMessageContaining("index 1");
      }
    }
  }

  @Test
  void new_badCharacterAnywhere_namesItsPlaceAndNotTheKey() {
    for (int i = 0; i < 3; i++) {
      StringBuilder text = new StringBuilder("abc");
      text.setCharAt(i, '/');
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new RecordKey(text.toString()))
          .withMessageContaining("index " + i)
          .withMessageNotContaining(text.toString());
    }
  }

  @Test
  void new_length_isFrom1To128() {
    assertThat(new RecordKey("k".repeat(RecordKey.MAX_LENGTH)).text()).hasSize(128);
    assertThat(new RecordKey("k").text()).isEqualTo("k");
    for (String text : List.of("", "k".repeat(129), "k".repeat(100_000))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new RecordKey(text))
          .withMessageContaining("key")
          .withMessageContaining("128")
          .withMessageContaining(Integer.toString(text.length()));
    }
  }

  @Test
  void new_null_throws() {
    assertThatNullPointerException().isThrownBy(() -> new RecordKey(null)).withMessage("text");
  }

  @Test
  void compareTo_anyTwoKeys_ordersByBytes() {
    List<RecordKey> keys = new ArrayList<>();
    for (int i = 0; i < ALPHABET.length(); i++) {
      for (String suffix : List.of("", "-", "0", "Z", "_", "z", "zz")) {
        keys.add(new RecordKey(ALPHABET.charAt(i) + suffix));
      }
    }
    for (RecordKey left : keys) {
      for (RecordKey right : keys) {
        assertThat(Integer.signum(left.compareTo(right)))
            .as("%s and %s", left, right)
            .isEqualTo(Integer.signum(Arrays.compareUnsigned(bytes(left), bytes(right))));
      }
    }
  }

  private static byte[] bytes(RecordKey key) {
    return key.text().getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void equals_sameText_sameKey() {
    assertThat(new RecordKey("a.b"))
        .isEqualTo(new RecordKey("a.b"))
        .hasSameHashCodeAs(new RecordKey("a.b"));
    assertThat(new RecordKey("a.b")).isNotEqualTo(new RecordKey("a.B")).hasToString("a.b");
  }
}
