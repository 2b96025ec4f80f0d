package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
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
        "{{{secret:a}}}",
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
  void values_areOverwritten_alsoIfALaterOneFails() {
    char[] first = "first".toCharArray();
    char[] alone = "alone".toCharArray();
    AtomicReference<String> result = new AtomicReference<>();
    References.in("{{secret:a}}").resolve(name -> alone, text -> result.getAndSet("read"));
    assertThat(result).hasValue("read");
    assertThat(alone).containsOnly('\0');
    assertThatThrownBy(
            () ->
                References.in("{{secret:a}}{{secret:b}}")
                    .resolve(
                        name -> {
                          if (name.equals("b")) {
                            throw new SecretNotFoundException();
                          }
                          return first;
                        },
                        String::new))
        .isInstanceOf(SecretNotFoundException.class);
    assertThat(first).containsOnly('\0');
  }
}
