package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamePolicyTest {

  private static final String KEY = "\uD83D\uDD11"; // one code point, two chars

  private static void assertRefused(NamePolicy policy, String name, String message) {
    assertThatThrownBy(() -> policy.check(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a b", "a/b:c", "\u00e4\u540d\u524d", "wix", "{{secret:a}}"})
  void byDefault_anyTextIsAName(String name) {
    assertThat(NamePolicy.DEFAULT.check(name)).isEqualTo(name);
  }

  @Test
  void byDefault_lengthIsCountedInCodePoints() {
    assertThat(NamePolicy.DEFAULT.check(KEY.repeat(300))).hasSize(600);
    assertRefused(NamePolicy.DEFAULT, KEY.repeat(301), "name: 1 to 300 ");
    assertRefused(NamePolicy.DEFAULT, "", "name: 1 to 300 ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {" a", "a ", "\u00a0a", "a\u00a0", "a\u2028", "\u3000a", "\u2003a", " ", "a\u202f"})
  void whiteSpaceAtTheEnds_isRefused(String name) {
    assertRefused(NamePolicy.DEFAULT, name, "name: white space");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\u0000", "a\tb", "a\nb", "\u007fa", "a\u0085b"})
  void controlCharacters_areRefused(String name) {
    assertRefused(NamePolicy.DEFAULT, name, "name: control characters");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "Z9", "_+=-@#$", "09azAZ"})
  void identifier_ofItsCharacters_isAllowed(String name) {
    assertThat(NamePolicy.IDENTIFIER.check(name)).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a b",
        "a.b",
        "a/b",
        "a`",
        "a{",
        "a[",
        "\u00e4",
        "\u0661",
        "\uff21",
        "a\uD83D\uDD11"
      })
  void identifier_ofOtherCharacters_isRefused(String name) {
    assertRefused(NamePolicy.IDENTIFIER, name, "name: only letters and digits of ASCII");
  }

  @Test
  void identifier_hasAtMostFiftyCharacters_orAsManyAsAreSet() {
    assertThat(NamePolicy.IDENTIFIER.check("x".repeat(50))).hasSize(50);
    assertRefused(NamePolicy.IDENTIFIER, "x".repeat(51), "name: 1 to 50 ");
    assertThat(NamePolicy.IDENTIFIER.maxLength(51).check("x".repeat(51))).hasSize(51);
    assertRefused(NamePolicy.IDENTIFIER.maxLength(51), "x".repeat(52), "name: 1 to 51 ");
    assertRefused(NamePolicy.IDENTIFIER.maxLength(51), "a b", "name: only letters");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 301, Integer.MAX_VALUE})
  void maxLength_outOfRange_isRefused(int length) {
    assertThatThrownBy(() -> NamePolicy.DEFAULT.maxLength(length))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("maxLength: 1 to 300 ");
    assertThat(NamePolicy.DEFAULT.maxLength(1).check(KEY)).isEqualTo(KEY);
    assertRefused(NamePolicy.DEFAULT.maxLength(1), "ab", "name: 1 to 1 ");
  }

  /** The letters that have no partner of their own in one of the cases are the hard ones. */
  @ParameterizedTest
  @CsvSource({
    "wix, wix",
    "wix, WIX-key",
    "WiX, wIxx",
    "internal, INTERNAL",
    "internal, \u0130nternal", // I with a dot
    "internal, \u0131nternal", // i without one
    "INTERNAL, \u0131nternal",
    "key, \u212aEY", // the sign of kelvin
    "sys, \u017fys", // long s
    "stra\u00dfe, STRASSE",
    "STRASSE, stra\u00dfe",
    "\u1e9e, ss", // capital sharp s
    "\u0391\u03a3, \u0391\u03a3\u03a6", // a sigma that ends a word, and one that does not
    "\u03b1\u03c2, \u0391\u03a3\u03a6",
    "\u0391\u03a3, \u03b1\u03c3\u03c6",
    "\u01c6, \u01c5a", // one letter that looks like two, in three cases
    "\uD801\uDC00, \uD801\uDC28" // outside of the first plane
  })
  void reservedPrefix_inAnyCase_isRefused(String prefix, String name) {
    assertRefused(
        NamePolicy.DEFAULT.reservedPrefixes("other", prefix), name, "name: begins with a reserved");
  }

  @ParameterizedTest
  @CsvSource({"wix, wi", "wix, my-wix", "wix, wi-x", "wix, w\u0131"})
  void reservedPrefix_elsewhereOrInPart_isAllowed(String prefix, String name) {
    assertThat(NamePolicy.DEFAULT.reservedPrefixes(prefix).check(name)).isEqualTo(name);
  }

  @Test
  void reservedPrefixes_replaceEachOther_andStayBesideOtherRules() {
    NamePolicy policy = NamePolicy.IDENTIFIER.reservedPrefixes("a").reservedPrefixes("b");
    assertThat(policy.check("abc")).isEqualTo("abc");
    assertRefused(policy.maxLength(3), "Bc", "name: begins with a reserved");
    assertRefused(policy.maxLength(3), "cdef", "name: 1 to 3 ");
    assertThat(policy.reservedPrefixes().check("bc")).isEqualTo("bc");
    assertThatThrownBy(() -> policy.reservedPrefixes("x", ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("reservedPrefixes: ");
  }

  @Test
  void policy_takesACopyOfItsPrefixes() {
    String[] prefixes = {"wix"};
    NamePolicy policy = NamePolicy.DEFAULT.reservedPrefixes(prefixes);
    prefixes[0] = "other";
    assertRefused(policy, "wix", "name: begins with a reserved");
  }

  @Test
  void message_doesNotHaveTheName() {
    assertThatThrownBy(() -> NamePolicy.DEFAULT.reservedPrefixes("mark").check("marker"))
        .hasMessageNotContaining("mark");
    assertThatThrownBy(() -> NamePolicy.IDENTIFIER.check("marker!"))
        .hasMessageNotContaining("marker");
  }

  @Test
  void vaultWithAPolicy_appliesItToNewNamesOnly() {
    try (VaultFixture fixture = VaultFixture.inMemory();
        SecretVault strict =
            fixture
                .builder(fixture.newStore())
                .namePolicy(NamePolicy.IDENTIFIER.reservedPrefixes("wix"))
                .open()) {
      SecretInfo old = fixture.vault.create(text("an old name")).info();
      SecretInfo good = strict.create(text("good")).info();
      for (String name : new String[] {"a new name", "WIX", "x".repeat(51)}) {
        assertThatThrownBy(() -> strict.create(text(name)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageStartingWith("name: ");
        assertThatThrownBy(() -> strict.putIfChanged(text(name)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageStartingWith("name: ");
        assertThatThrownBy(() -> strict.update(good.id(), SecretUpdate.none().name(name)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageStartingWith("name: ");
        assertThat(strict.find(name)).isEmpty();
      }
      assertThatCode(
              () ->
                  strict.update(old.id(), SecretUpdate.none().description("kept").name(old.name())))
          .doesNotThrowAnyException();
      assertThat(
              strict
                  .putIfChanged(SecretSpec.named(old.name()).value(new byte[] {1}))
                  .info()
                  .versions())
          .hasSize(2);
      assertThat(strict.find(old.name())).isPresent();
      assertThat(strict.list(ListQuery.all()).items()).hasSize(2);
    }
  }

  private static SecretSpec text(String name) {
    return SecretSpec.named(name).value("v".toCharArray());
  }
}
