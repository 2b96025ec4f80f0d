package dev.secretvault.store.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What keys begin with, kept once. */
@Timeout(60)
class PrefixesTest {

  private final Prefixes prefixes = new Prefixes();

  private int of(String key) {
    byte[] bytes = ('<' + key + '>').getBytes(ISO_8859_1);
    return prefixes.of(bytes, 1, 1 + key.length());
  }

  private String text(int number) {
    return new String(prefixes.text(number), ISO_8859_1);
  }

  @ParameterizedTest
  @CsvSource({
    "a.s.1, a.s.",
    "a.v.1.2, a.v.",
    "..., ..",
    "a..., a..",
    "a.s., ''",
    "a.s, ''",
    "a., ''",
    "., ''",
    "a, ''"
  })
  void of_key_isWhatEndsWithItsSecondDotAndHasSomethingBehindWhenItIsSeenAgain(
      String key, String prefix) {
    assertThat(of(key)).isEqualTo(Prefixes.NONE);
    assertThat(text(of(key))).isEqualTo(prefix);
  }

  @Test
  void of_moreThanThereMayBe_isNoneForThoseThatAreNew() {
    enter(1, Prefixes.MOST);
    assertThat(of("k.new.x")).isEqualTo(Prefixes.NONE);
    assertThat(of("k.new.y")).isEqualTo(Prefixes.NONE);
    for (int i = 1; i <= Prefixes.MOST; i++) {
      assertThat(of("k." + i + ".z")).isEqualTo(i);
    }
  }

  @Test
  void frozen_moreAreEntered_keepsThoseThatWereThere() {
    enter(1, 5);
    Prefixes before = prefixes.frozen();
    enter(6, 10_000);
    for (int i = 1; i <= 5; i++) {
      assertThat(before.text(i)).asString(ISO_8859_1).isEqualTo("k." + i + ".");
    }
    assertThatThrownBy(() -> before.text(10_000))
        .isInstanceOf(ArrayIndexOutOfBoundsException.class);
    assertThat(text(10_000)).isEqualTo("k.10000.");
  }

  private void enter(int first, int last) {
    for (int i = first; i <= last; i++) {
      assertThat(of("k." + i + ".x")).isEqualTo(Prefixes.NONE);
      assertThat(of("k." + i + ".y")).isEqualTo(i);
    }
  }
}
