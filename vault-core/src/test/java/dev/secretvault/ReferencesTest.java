package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** References to secrets in a text. */
class ReferencesTest {

  private final VaultFixture fixture = VaultFixture.inMemory();

  @AfterEach
  void close() {
    fixture.close();
  }

  private SecretId create(SecretSpec spec) {
    try (CreatedSecret created = fixture.vault.create(spec)) {
      return created.info().id();
    }
  }

  private static SecretSpec text(String name, String value) {
    return SecretSpec.named(name).value(value.toCharArray()).active();
  }

  private String resolve(String template) {
    return fixture.vault.resolve(template, String::new);
  }

  @ParameterizedTest
  @CsvSource({
    "'', ''",
    "plain { text } }}, plain { text } }}",
    "{{secret:a}}, A",
    "Bearer {{secret:a}}!, Bearer A!",
    "{{secret:a}}{{secret:b c}}, AB",
    "{{secret:a}}-{{secret:b c}}-{{secret:a}}, A-B-A",
    "\\{{secret:a}}, {{secret:a}}",
    "\\{{, {{",
    "\\{{\\{{{{secret:a}}, {{{{A",
    "{{secret:a}}\\{{x}}, A{{x}}",
    "a\\b \\, a\\b \\",
    "\\\\{{secret:a}}, \\A",
    "\\\\\\{{secret:a}}, \\{{secret:a}}",
    "\\\\\\\\{{secret:a}}, \\\\A",
    "{{secret:a}}\\\\{{secret:a}}, A\\A",
    "\\ {{secret:a}}\\, \\ A\\",
    "\\{ {{secret:a}} \\\\{ \\\\}}, \\{ A \\\\{ \\\\}}",
    "{{{secret:a}}}, {A}",
    "{{{{secret:a}}, {{A",
    "\\{{{secret:a}}, {{{secret:a}}",
    "\\{{{{secret:a}}, {{A",
    "\\\\{{{secret:a}}, \\{A",
    "{{secret:a}}}, A}",
    "{{secret:nested}}, {{secret:a}}"
  })
  void template_isResolved(String template, String result) {
    create(text("a", "A"));
    create(text("b c", "B"));
    create(text("nested", "{{secret:a}}"));
    assertThat(resolve(template)).isEqualTo(result);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{",
        "x {{secret:a",
        "{{secret:a}",
        "{{other:a}}",
        "{{a}}",
        "{{ secret:a}}",
        "{{SECRET:a}}",
        "{{secret:a}} {{",
        "{{{ secret:a}}}",
        "{{{",
        "\\\\{{",
        "\\\\{{x}}",
        "\\{{{{"
      })
  void template_withAnotherUseOfTwoBraces_isRefusedBeforeAnythingIsRevealed(String template) {
    SecretId id = create(text("a", "A").disclosure(Disclosure.ONCE));
    assertThatThrownBy(() -> resolve(template))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("template: ");
    assertThat(fixture.vault.describe(id).state()).isEqualTo(SecretState.ACTIVE);
  }

  @Test
  void refusal_namesThePosition_andNothingOfTheTemplate() {
    assertThatThrownBy(() -> resolve("marker {{secret:marker"))
        .hasMessageContaining(" 7,")
        .hasMessageNotContaining("marker");
  }

  @Test
  void unknownNames_areReportedTogether_butNotInTheMessage() {
    SecretId once = create(text("once", "v").disclosure(Disclosure.ONCE));
    String template = "{{secret:once}}{{secret:marker-b}}{{secret:marker-a}}{{secret:marker-b}}";
    assertThatThrownBy(() -> resolve(template))
        .isInstanceOfSatisfying(
            SecretNotFoundException.class,
            e -> {
              assertThat(e.names()).containsExactly("marker-b", "marker-a");
              assertThat(e.toString()).doesNotContain("marker").endsWith(": 2");
            });
    assertThatThrownBy(() -> resolve("{{secret:}}{{secret:\ud800}}"))
        .isInstanceOfSatisfying(
            SecretNotFoundException.class,
            e -> assertThat(e.names()).containsExactly("", "\ud800"));
    assertThat(fixture.vault.describe(once).state()).isEqualTo(SecretState.ACTIVE);
  }

  @Test
  void exceptionFromElsewhere_hasNoNames() {
    assertThatThrownBy(() -> fixture.vault.reveal("none"))
        .isInstanceOfSatisfying(
            SecretNotFoundException.class, e -> assertThat(e.names()).isEmpty());
  }

  @Test
  void once_isRevealedOnceForAllItsOccurrences_andGoneThen() {
    create(text("once", "v").disclosure(Disclosure.ONCE));
    assertThat(resolve("{{secret:once}} {{secret:once}}")).isEqualTo("v v");
    assertThatThrownBy(() -> resolve("{{secret:once}}"))
        .isInstanceOf(AlreadyRevealedException.class);
  }

  @Test
  void secretThatMayNotBeRevealed_isRefusedBeforeAnotherIsConsumed() {
    SecretId once = create(text("once", "v").disclosure(Disclosure.ONCE));
    create(SecretSpec.named("inactive").value("v".toCharArray()));
    create(text("later", "v").notBefore(VaultFixture.START.plusSeconds(9)));
    create(text("expired", "v").expiresAt(VaultFixture.START.plusSeconds(1)));
    create(text("hidden", "v").disclosure(Disclosure.AT_CREATION));
    create(text("locked", "v").passphrase("passphrase".toCharArray()));
    create(text("gone", "v").disclosure(Disclosure.ONCE));
    fixture.vault.reveal("gone").close();
    fixture.clock.set(VaultFixture.START.plusSeconds(1));
    assertRefused(SecretNotActiveException.class, "inactive");
    assertRefused(SecretNotActiveException.class, "later");
    assertRefused(SecretExpiredException.class, "expired");
    assertRefused(NotRevealableException.class, "hidden");
    assertRefused(WrongPassphraseException.class, "locked");
    assertRefused(AlreadyRevealedException.class, "gone");
    assertThat(fixture.vault.describe(once).state()).isEqualTo(SecretState.ACTIVE);
    assertThat(resolve("{{secret:once}}")).isEqualTo("v");
  }

  private void assertRefused(Class<? extends VaultException> refusal, String name) {
    assertThatThrownBy(() -> resolve("{{secret:once}}{{secret:" + name + "}}"))
        .as(name)
        .isInstanceOf(refusal);
  }

  @Test
  void severalSecretsRevealedOnce_areRefusedBeforeOneIsTaken() {
    List<SecretId> ids = new ArrayList<>();
    for (String name : List.of("one", "two", "three")) {
      ids.add(create(text(name, name).disclosure(Disclosure.ONCE)));
    }
    create(text("a", "A"));
    for (String template :
        List.of(
            "{{secret:one}}{{secret:two}}",
            "{{secret:a}}{{secret:two}}{{secret:one}}{{secret:three}}")) {
      assertThatThrownBy(() -> resolve(template))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("template: at most one secret that is revealed once");
    }
    assertThat(ids)
        .allSatisfy(
            id -> assertThat(fixture.vault.describe(id).state()).isEqualTo(SecretState.ACTIVE));
    assertThat(resolve("{{secret:one}}{{secret:a}}{{secret:one}}")).isEqualTo("oneAone");
  }

  @Test
  void secretRevealedOnce_isNotTakenForATextThatDoesNotComeAbout() {
    SecretId once = create(text("once", "v").disclosure(Disclosure.ONCE));
    create(SecretSpec.named("raw").value(new byte[] {(byte) 0xff}).active());
    create(text("long", "x".repeat(1 << 16)));
    assertThatThrownBy(() -> resolve("{{secret:once}}{{secret:raw}}"))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> resolve("{{secret:once}}" + "{{secret:long}}".repeat(256)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("template: makes more than ");
    assertThat(fixture.vault.describe(once).state()).isEqualTo(SecretState.ACTIVE);
    assertThat(resolve("{{secret:long}}{{secret:once}}")).hasSize((1 << 16) + 1);
    assertThat(fixture.vault.describe(once).state()).isEqualTo(SecretState.REVEALED);
  }

  @Test
  void nameThatLeadsToAnotherSecretMeanwhile_isNotFollowed() {
    InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
    FaultyStore store = new FaultyStore(InMemorySecretStore.open(medium));
    try (SecretVault vault = fixture.open(store);
        SecretVault other = fixture.open(InMemorySecretStore.open(medium))) {
      SecretId once = VaultFixture.create(other, text("once", "v").disclosure(Disclosure.ONCE));
      SecretId first = VaultFixture.create(other, text("a", "first"));
      List<SecretId> second = new ArrayList<>();
      assertThat(vault.find("once")).isPresent();
      assertThat(vault.find("a")).isPresent();
      store
          .nth(Call.READ, 1) // Only the values have not been read yet.
          .before(
              () -> {
                other.delete(first);
                second.add(
                    VaultFixture.create(other, text("a", "second").disclosure(Disclosure.ONCE)));
              });
      assertThatThrownBy(() -> vault.resolve("{{secret:once}}{{secret:a}}", String::new))
          .isInstanceOf(SecretNotFoundException.class);
      assertThat(other.describe(once).state()).isEqualTo(SecretState.ACTIVE);
      assertThat(other.describe(second.get(0)).state()).isEqualTo(SecretState.ACTIVE);
    }
  }

  @Test
  void valueThatIsNoText_isRefused_andNotConsumed() {
    byte[] bytes = {'v', (byte) 0xff};
    create(SecretSpec.named("raw").value(bytes).active().disclosure(Disclosure.ONCE));
    assertThatThrownBy(() -> resolve("{{secret:raw}}")).isInstanceOf(IllegalStateException.class);
    try (SecretValue value = fixture.vault.reveal("raw")) {
      assertThat(value.use(byte[]::clone)).isEqualTo(bytes);
    }
  }

  @Test
  void result_isOverwritten_alsoIfTheReaderFails() {
    create(text("a", "secret"));
    List<char[]> lent = new ArrayList<>();
    int length = fixture.vault.resolve("x{{secret:a}}", text -> remember(text, lent).length);
    assertThat(length).isEqualTo(7);
    assertThatThrownBy(
            () ->
                fixture.vault.resolve(
                    "x{{secret:a}}",
                    text -> {
                      remember(text, lent);
                      throw new IllegalArgumentException("mine");
                    }))
        .hasMessage("mine");
    assertThat(lent).hasSize(2).allSatisfy(text -> assertThat(text).containsOnly('\0'));
  }

  private static char[] remember(char[] text, List<char[]> lent) {
    assertThat(new String(text)).isEqualTo("xsecret");
    lent.add(text);
    return text;
  }

  @Test
  void texts_areOverwrittenAtTheEnd() {
    char[] first = "first".toCharArray();
    char[] second = "second".toCharArray();
    try (References.Texts texts = References.in("{{secret:a}}+{{secret:b}}").texts()) {
      texts.put("a", first);
      texts.put("b", second);
      assertThat(texts.inPlace()).isEqualTo("first+second".toCharArray());
    }
    assertThat(first).containsOnly('\0');
    assertThat(second).containsOnly('\0');
  }

  @Test
  void result_ofMoreThanItsLimit_isRefused_alsoWhereItsLengthOverflows() {
    char[] mebi = new char[1 << 20];
    for (int times : new int[] {17, 2_049, 4_097}) {
      try (References.Texts texts = References.in("{{secret:a}}".repeat(times)).texts()) {
        texts.put("a", mebi);
        assertThatThrownBy(texts::inPlace)
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessage("template: makes more than 16777216 chars");
      }
    }
    try (References.Texts texts = References.in("{{secret:a}}".repeat(16)).texts()) {
      texts.put("a", mebi);
      assertThat(texts.inPlace().length).isEqualTo(SecretVault.MAX_RESOLVED_CHARS);
    }
  }
}
