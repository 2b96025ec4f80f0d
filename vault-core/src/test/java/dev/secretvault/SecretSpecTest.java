package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.PasswordPolicy;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SecretSpecTest {

  private static final String KEY = "\uD83D\uDD11"; // one code point, two chars

  static Stream<Arguments> refusedArguments() {
    return Stream.of(
        refused("name: 1 to 300 ", spec -> SecretSpec.named("")),
        refused("name: 1 to 300 ", spec -> SecretSpec.named("x".repeat(301))),
        refused("name: 1 to 300 ", spec -> SecretSpec.named(KEY.repeat(301))),
        refused("name: control", spec -> SecretSpec.named("a\u0007b")),
        refused("name: control", spec -> SecretSpec.named("a\u0085b")),
        refused("name: white space", spec -> SecretSpec.named(" a")),
        refused("name: white space", spec -> SecretSpec.named("a\u00a0")),
        refused("name: holds an unpaired", spec -> SecretSpec.named("a\ud800")),
        refused("description: 0 to 1000 ", spec -> spec.description("x".repeat(1_001))),
        refused("description: control", spec -> spec.description("a\nb")),
        refused("label key: 1 to 100 ", spec -> spec.label("", "v")),
        refused("label key: 1 to 100 ", spec -> spec.label("k".repeat(101), "v")),
        refused("label value: 0 to 300 ", spec -> spec.label("k", "v".repeat(301))),
        refused("labels: at most 32 ", SecretSpecTest::label33Times),
        refused("value: must not be empty", spec -> spec.value(new char[0])),
        refused("value: must not be empty", spec -> spec.value(new byte[0])),
        refused("value: at most 1048576 ", spec -> spec.value(new byte[1_048_577])),
        refused("value: at most 1048576 ", spec -> spec.value("é".repeat(524_289).toCharArray())),
        refused("value: at most 1048576 ", spec -> spec.value(new char[1 << 22])),
        refused("value: at most 65536 ", spec -> createWith(spec.value(new byte[65_537]))),
        refused("value: holds an unpaired", spec -> spec.value(new char[] {'a', '\ud800'})),
        refused("expiresAfter: ", spec -> spec.expiresAfter(Duration.ZERO)),
        refused("expiresAt: ", spec -> create(spec.expiresAt(VaultFixture.START))),
        refused("expiresAt: ", spec -> create(spec.expiresAt(Instant.EPOCH))),
        refused("expiresAt: ", spec -> create(spec.expiresAt(Instant.MAX))),
        refused("expiresAt: ", spec -> create(spec.expiresAt(Instant.MIN))),
        refused("notBefore: ", spec -> create(spec.notBefore(Instant.MAX))),
        refused("expiresAfter: ", spec -> create(spec.expiresAfter(Duration.ofDays(99_999_999)))),
        refused(
            "notBefore: ",
            spec ->
                create(
                    spec.expiresAfter(Duration.ofSeconds(1))
                        .notBefore(VaultFixture.START.plusSeconds(1)))),
        refused("value: must be given", spec -> createWithoutValue()));
  }

  private static Arguments refused(String message, Consumer<SecretSpec> use) {
    return Arguments.of(message, use);
  }

  private static void label33Times(SecretSpec spec) {
    for (int i = 0; i < 33; i++) {
      spec.label("k" + i, "v");
    }
  }

  private static void create(SecretSpec spec) {
    createWith(spec.generated());
  }

  private static void createWith(SecretSpec spec) {
    try (VaultFixture fixture = VaultFixture.inMemory()) {
      fixture.vault.create(spec);
    }
  }

  private static void createWithoutValue() {
    try (VaultFixture fixture = VaultFixture.inMemory()) {
      fixture.vault.create(SecretSpec.named("n"));
    }
  }

  @ParameterizedTest
  @MethodSource("refusedArguments")
  void argument_thatIsNotAllowed_isRefusedNamingFieldAndLimit(
      String message, Consumer<SecretSpec> use) {
    assertThatThrownBy(() -> use.accept(SecretSpec.named("n")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "a b", "ä", "名前", "?", "user/id:web@1"})
  void name_thatIsAllowed_isKept(String name) {
    try (VaultFixture fixture = VaultFixture.inMemory()) {
      fixture.vault.create(SecretSpec.named(name).generated()).close();
      assertThat(fixture.vault.find(name)).map(SecretInfo::name).contains(name);
    }
  }

  @Test
  void limits_areReachedExactly() {
    try (VaultFixture fixture = VaultFixture.inMemory()) {
      SecretSpec spec =
          SecretSpec.named(KEY.repeat(300)).description(KEY.repeat(1_000)).value(new byte[65_536]);
      for (int i = 0; i < 32; i++) {
        spec.label(KEY.repeat(98) + (10 + i), KEY.repeat(300));
      }
      SecretInfo info = fixture.vault.create(spec).info();
      assertThat(fixture.reopen().describe(info.id())).isEqualTo(info);
    }
  }

  @Test
  void option_setTwice_isRefused() {
    assertThatThrownBy(() -> SecretSpec.named("n").generated().generated())
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> SecretSpec.named("n").generated().value(new byte[1]))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> SecretSpec.named("n").value(new byte[1]).value(new char[1]))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> SecretSpec.named("n").active().active())
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> SecretSpec.named("n").label("k", "v").label("k", "v"))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> SecretSpec.named("n").description("d").description("d"))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(
            () -> SecretSpec.named("n").disclosure(Disclosure.ONCE).disclosure(Disclosure.ONCE))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(
            () ->
                SecretSpec.named("n")
                    .expiresAfter(Duration.ofDays(1))
                    .expiresAt(VaultFixture.START))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(
            () -> SecretSpec.named("n").notBefore(VaultFixture.START).notBefore(VaultFixture.START))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void spec_usedTwice_isRefused_evenAfterAFailure() {
    try (VaultFixture fixture = VaultFixture.inMemory()) {
      fixture.vault.create(SecretSpec.named("n").generated()).close();
      SecretSpec spec = SecretSpec.named("n").generated();
      assertThatThrownBy(() -> fixture.vault.create(spec))
          .isInstanceOf(DuplicateNameException.class);
      assertThatThrownBy(() -> fixture.vault.create(spec))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void generated_withAPolicy_isShownAtCreationOnly() {
    try (VaultFixture fixture = VaultFixture.inMemory();
        CreatedSecret created =
            fixture.vault.create(
                SecretSpec.named("n").generated(PasswordPolicy.ofLength(20)).active())) {
      assertThat(VaultFixture.textOf(created.value())).hasSize(20);
      assertThat(created.info().disclosure()).isEqualTo(Disclosure.AT_CREATION);
      assertThatThrownBy(
              () -> SecretSpec.named("m").generated().generated(PasswordPolicy.ofLength(4)))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void value_isCopied() {
    try (VaultFixture fixture = VaultFixture.inMemory()) {
      char[] text = {'o', 'n', 'e'};
      SecretSpec spec = SecretSpec.named("n").value(text).active();
      text[0] = 'x';
      fixture.vault.create(spec).close();
      try (SecretValue value = fixture.vault.reveal("n")) {
        assertThat(VaultFixture.textOf(value)).isEqualTo("one");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "0000000000000000000000000i",
        "0000000000000000000000000A",
        "00000000000000000000000000a"
      })
  void secretId_malformed_isRefused(String text) {
    assertThatThrownBy(() -> SecretId.of(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("id: ");
  }

  @Test
  void secretId_generated_isInOrderOfTime() {
    SecretId previous = SecretId.generate(Instant.EPOCH);
    for (long millis = 1; millis < 1L << 47; millis *= 2) {
      SecretId next = SecretId.generate(Instant.ofEpochMilli(millis));
      assertThat(next).isGreaterThan(previous);
      assertThat(SecretId.of(next.text())).isEqualTo(next);
      previous = next;
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 101, -1})
  void listLimit_outOfRange_isRefused(int limit) {
    assertThatThrownBy(() -> ListQuery.all().limit(limit))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("limit: 1 to 100 ");
  }
}
