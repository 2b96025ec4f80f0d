package dev.secretvault.store.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What keys begin with, kept once. */
@Timeout(60)
class PrefixesTest {

  private final Prefixes prefixes = new Prefixes();

  private int of(String key) {
    return of(prefixes, key);
  }

  private static int of(Prefixes prefixes, String key) {
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
    enter(prefixes, 1, Prefixes.MOST, "k.");
    assertThat(of("k.new.x")).isEqualTo(Prefixes.NONE);
    assertThat(of("k.new.y")).isEqualTo(Prefixes.NONE);
    for (int i = 1; i <= Prefixes.MOST; i++) {
      assertThat(of("k." + i + ".z")).isEqualTo(i);
    }
  }

  @Test
  void copy_moreAreEnteredInEither_isNotThatOfTheOther() {
    enter(prefixes, 1, 5, "k.");
    Prefixes copy = prefixes.copy();
    // There is room for two more before either grows.
    enter(prefixes, 6, 7, "k.");
    enter(copy, 6, 6, "other.");
    // Neither its number nor that it was seen is known to the other.
    assertThat(of(copy, "k.7.z")).isEqualTo(Prefixes.NONE);
    assertThat(of(copy, "k.7.z")).isEqualTo(7);
    assertThat(text(6)).isEqualTo("k.6.");
    enter(prefixes, 8, 10_000, "k.");
    enter(copy, 8, 300, "other.");
    assertThat(copy.text(6)).asString(ISO_8859_1).isEqualTo("other.6.");
    assertThat(copy.text(300)).asString(ISO_8859_1).isEqualTo("other.300.");
    for (int i = 1; i <= 10_000; i++) {
      assertThat(text(i)).isEqualTo("k." + i + ".");
      assertThat(of("k." + i + ".z")).isEqualTo(i);
    }
    for (int i = 1; i <= 5; i++) {
      assertThat(of(copy, "k." + i + ".z")).isEqualTo(i);
    }
  }

  private static void enter(Prefixes prefixes, int first, int last, String start) {
    for (int i = first; i <= last; i++) {
      assertThat(of(prefixes, start + i + ".x")).isEqualTo(Prefixes.NONE);
      assertThat(of(prefixes, start + i + ".y")).isEqualTo(i);
    }
  }
}
