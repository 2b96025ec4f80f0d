package dev.secretvault.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.PasswordPolicy.CharacterClass;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PasswordPolicyTest {

  private static String generate(PasswordPolicy policy) {
    return new String(SecretGenerator.generatePassword(policy), StandardCharsets.US_ASCII);
  }

  private static boolean has(CharacterClass wanted, String password) {
    return password.chars().anyMatch(c -> wanted == classOf(c));
  }

  private static CharacterClass classOf(int c) {
    if (c >= 'A' && c <= 'Z') {
      return CharacterClass.UPPERCASE;
    }
    if (c >= 'a' && c <= 'z') {
      return CharacterClass.LOWERCASE;
    }
    return c >= '0' && c <= '9' ? CharacterClass.DIGITS : CharacterClass.SYMBOLS;
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5, 12, 128})
  void generate_hasTheLengthEveryClassAndNothingAmbiguous(int length) {
    for (int i = 0; i < 500; i++) {
      String password = generate(PasswordPolicy.ofLength(length));
      assertThat(password).hasSize(length).doesNotContainAnyWhitespaces();
      assertThat(password).doesNotContainPattern("[01IOilo]");
      for (CharacterClass wanted : CharacterClass.values()) {
        assertThat(has(wanted, password)).as(wanted.name()).isTrue();
      }
    }
  }

  @Test
  void generate_certainClasses_hasNoOthers() {
    PasswordPolicy policy =
        PasswordPolicy.ofLength(8).withClasses(CharacterClass.DIGITS, CharacterClass.LOWERCASE);
    for (int i = 0; i < 500; i++) {
      String password = generate(policy);
      assertThat(has(CharacterClass.UPPERCASE, password)).isFalse();
      assertThat(has(CharacterClass.SYMBOLS, password)).isFalse();
    }
  }

  @Test
  void generate_withAmbiguous_reachesEveryCharacter() {
    PasswordPolicy policy = PasswordPolicy.ofLength(128).withAmbiguous();
    Set<Integer> seen = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      generate(policy).chars().forEach(seen::add);
    }
    assertThat(seen).hasSize(26 + 26 + 10 + 31);
  }

  /**
   * Every password that the policy allows is as likely as the others. A generator that draws one
   * character of each class first, and then the rest, has one digit in 56 of 100 cases here.
   */
  @Test
  void generate_isUniform() {
    PasswordPolicy policy =
        PasswordPolicy.ofLength(4).withClasses(CharacterClass.DIGITS, CharacterClass.UPPERCASE);
    int runs = 40_000;
    int oneDigit = 0;
    for (int i = 0; i < runs; i++) {
      long digits = generate(policy).chars().filter(c -> c >= '0' && c <= '9').count();
      oneDigit += digits == 1 ? 1 : 0;
    }
    // Of 8 digits and 24 letters: 4*8*24^3 passwords with one digit, 6*8^2*24^2 with two, 4*8^3*24
    // with three. The bounds are five standard deviations.
    assertThat(oneDigit / (double) runs).isBetween(0.6207 - 0.0122, 0.6207 + 0.0122);
  }

  @ParameterizedTest
  @CsvSource({
    "3, length: 4 to 128 ",
    "129, length: 4 to 128 ",
    "2147483647, length: 4 to 128 ",
    "0, length: ",
    "-1, length: "
  })
  void length_outOfRange_isRefused(int length, String message) {
    assertThatThrownBy(() -> PasswordPolicy.ofLength(length))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message.strip());
  }

  @Test
  void length_lessThanTheClasses_isRefused() {
    Set<CharacterClass> three =
        EnumSet.of(CharacterClass.DIGITS, CharacterClass.UPPERCASE, CharacterClass.SYMBOLS);
    assertThatThrownBy(() -> new PasswordPolicy(2, three, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("length: 3 to 128 allowed, but was 2");

    String shortest = generate(new PasswordPolicy(3, three, true));

    assertThat(shortest).hasSize(3);
    assertThat(three).allMatch(wanted -> has(wanted, shortest));
  }

  @Test
  void classes_none_isRefused() {
    assertThatThrownBy(() -> new PasswordPolicy(8, EnumSet.noneOf(CharacterClass.class), true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("classes: ");
  }

  @Test
  void policy_isImmutable() {
    Set<CharacterClass> classes = EnumSet.of(CharacterClass.DIGITS);
    PasswordPolicy policy = new PasswordPolicy(2, classes, true);
    classes.add(CharacterClass.SYMBOLS);
    assertThat(policy.classes()).containsExactly(CharacterClass.DIGITS);
  }
}
