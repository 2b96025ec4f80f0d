package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.secretvault.crypto.PasswordPolicy;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.FaultyStore.Fault;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The value of a new version: what is accepted, and that no copy of it outlives the call. */
class NewValueTest {

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  private FaultyStore store;
  private VaultFixture fixture;

  @BeforeEach
  void open() {
    fixture =
        new VaultFixture(
            () -> {
              store = new FaultyStore(InMemorySecretStore.open(medium));
              return store;
            });
  }

  @AfterEach
  void close() {
    store.heal();
    fixture.close();
  }

  private static NewValue value() {
    return NewValue.of("value".toCharArray());
  }

  private SecretId create(SecretSpec spec) {
    try (CreatedSecret created = fixture.vault.create(spec)) {
      return created.info().id();
    }
  }

  private static SecretSpec text(String name) {
    return SecretSpec.named(name).value("value".toCharArray()).active();
  }

  /** The array that holds the value until it is used up. */
  private static byte[] insideOf(NewValue value) throws ReflectiveOperationException {
    Field source = NewValue.class.getDeclaredField("source");
    source.setAccessible(true);
    return (byte[]) ((Supplier<?>) source.get(value)).get();
  }

  private static NewValue insideOf(SecretSpec spec) throws ReflectiveOperationException {
    Field value = SecretSpec.class.getDeclaredField("value");
    value.setAccessible(true);
    return (NewValue) value.get(spec);
  }

  private static char[] passphraseIn(NewValue value) throws ReflectiveOperationException {
    Field passphrase = NewValue.class.getDeclaredField("passphrase");
    passphrase.setAccessible(true);
    return (char[]) passphrase.get(value);
  }

  @Test
  void argument_thatIsNotAllowed_isRefusedNamingFieldAndLimit() {
    Map<String, Runnable> refused = new LinkedHashMap<>();
    refused.put("value: must not be empty", () -> NewValue.of(new char[0]));
    refused.put("value: must not be empty ", () -> NewValue.of(new byte[0]));
    refused.put("value: at most 1048576 bytes", () -> NewValue.of(new byte[1_048_577]));
    refused.put(
        "value: at most 1048576 bytes ", () -> NewValue.of("\u00e9".repeat(524_289).toCharArray()));
    refused.put("value: holds an unpaired", () -> NewValue.of(new char[] {'\udc00'}));
    refused.put("passphrase: 1 to ", () -> value().passphrase(new char[0]));
    refused.forEach(
        (message, call) ->
            assertThatThrownBy(call::run)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message.trim()));
    assertThatThrownBy(() -> value().passphrase(new char[1]).passphrase(new char[1]))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void array_thatWasGiven_mayBeOverwrittenAtOnce() {
    SecretId id = create(text("web"));
    byte[] bytes = {1, 2, 3};
    NewValue value = NewValue.of(bytes);
    bytes[0] = 0;
    try (CreatedSecret rotated = fixture.vault.rotate(id, value)) {
      assertThat(rotated.value().use(byte[]::clone)).containsExactly(1, 2, 3);
    }
  }

  @Test
  void generatedPassword_isOfItsPolicy() {
    SecretId id = create(text("web"));
    NewValue value = NewValue.generated(PasswordPolicy.ofLength(21));
    try (CreatedSecret rotated = fixture.vault.rotate(id, value)) {
      assertThat(VaultFixture.textOf(rotated.value())).hasSize(21);
    }
  }

  @Test
  void rotation_overwritesTheValueWhenItsReceiverClosesIt() throws ReflectiveOperationException {
    SecretId id = create(text("web"));
    NewValue value = value();
    byte[] inside = insideOf(value);
    fixture.vault.rotate(id, value).close();
    assertThat(inside).containsOnly(0);
    assertThatThrownBy(() -> fixture.vault.rotate(id, value))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> value.passphrase(new char[1]))
        .isInstanceOf(IllegalStateException.class);
    assertThat(value).hasToString("NewValue[hidden]");
  }

  @Test
  void rotation_thatFails_overwritesTheValueAndThePassphrase() throws ReflectiveOperationException {
    SecretId id = create(text("web"));
    SecretId full = create(text("full"));
    for (int i = 1; i < 16; i++) {
      fixture.vault.rotate(full, value()).close();
    }
    SecretId gone = create(text("gone").disclosure(Disclosure.ONCE));
    fixture.vault.reveal(gone).close();
    Map<Class<?>, Consumer<NewValue>> failures = new LinkedHashMap<>();
    failures.put(
        SecretNotFoundException.class,
        value -> fixture.vault.rotate(SecretId.of("0".repeat(26)), value));
    failures.put(QuotaExceededException.class, value -> fixture.vault.rotate(full, value));
    failures.put(AlreadyRevealedException.class, value -> fixture.vault.rotate(gone, value));
    failures.put(
        IllegalArgumentException.class,
        value -> fixture.vault.rotate(id, value.passphrase("passphrase".toCharArray())));
    failures.put(
        StoreFailedException.class,
        value -> {
          store.nth(Call.COMMIT, 1).fails(Fault.NOT_WRITTEN);
          fixture.vault.rotate(id, value);
        });
    for (Map.Entry<Class<?>, Consumer<NewValue>> failure : failures.entrySet()) {
      NewValue value = value();
      byte[] inside = insideOf(value);
      assertThat(catchThrowable(() -> failure.getValue().accept(value)))
          .isInstanceOf(failure.getKey());
      assertThat(inside).as("%s", failure.getKey()).containsOnly(0);
      assertThatThrownBy(value::take).isInstanceOf(IllegalStateException.class);
    }
    assertThat(fixture.vault.describe(id).versions()).hasSize(1);
  }

  @Test
  void rotation_overwritesThePassphrase() throws ReflectiveOperationException {
    SecretId id = create(text("web"));
    NewValue value = value().passphrase("passphrase".toCharArray());
    char[] inside = passphraseIn(value);
    assertThatThrownBy(() -> fixture.vault.rotate(id, value))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(inside).containsOnly('\0');
    SecretId locked = create(text("locked").passphrase("passphrase".toCharArray()));
    NewValue second = value().passphrase("passphrase".toCharArray());
    char[] insideSecond = passphraseIn(second);
    fixture.vault.rotate(locked, second).close();
    assertThat(insideSecond).containsOnly('\0');
  }

  @Test
  void putIfChanged_overwritesTheValue_whateverItDoes() throws ReflectiveOperationException {
    create(text("locked").passphrase("passphrase".toCharArray()));
    for (String name : new String[] {"new", "new", "locked"}) {
      SecretSpec spec = text(name);
      byte[] inside = insideOf(insideOf(spec));
      Throwable refused = catchThrowable(() -> fixture.vault.putIfChanged(spec));
      assertThat(refused == null).isEqualTo(!name.equals("locked"));
      assertThat(inside).containsOnly(0);
    }
    SecretSpec changed = SecretSpec.named("new").value("changed".toCharArray());
    byte[] inside = insideOf(insideOf(changed));
    assertThat(fixture.vault.putIfChanged(changed).info().versions()).hasSize(2);
    assertThat(inside).containsOnly(0);
  }

  @Test
  void refusalToPutWhatCannotBeCompared_overwritesValueAndPassphrase()
      throws ReflectiveOperationException {
    NewValue given = value().passphrase("passphrase".toCharArray());
    byte[] inside = insideOf(given);
    char[] passphrase = passphraseIn(given);
    assertThatThrownBy(given::takeComparable).isInstanceOf(IllegalArgumentException.class);
    assertThat(inside).containsOnly(0);
    assertThat(passphrase).containsOnly('\0');
    NewValue generated = NewValue.generated().passphrase("passphrase".toCharArray());
    char[] besides = passphraseIn(generated);
    assertThatThrownBy(generated::takeComparable).isInstanceOf(IllegalArgumentException.class);
    assertThat(besides).containsOnly('\0');
  }

  @Test
  void specWithoutAValue_losesItsPassphraseAllTheSame() throws ReflectiveOperationException {
    Field field = SecretSpec.class.getDeclaredField("passphrase");
    field.setAccessible(true);
    for (boolean put : new boolean[] {false, true}) {
      SecretSpec spec = SecretSpec.named("web").passphrase("passphrase".toCharArray());
      char[] passphrase = (char[]) field.get(spec);
      assertThat(catchThrowable(() -> use(spec, put)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("value: must be given");
      assertThat(passphrase).containsOnly('\0');
      assertThat(field.get(spec)).isNull();
    }
  }

  private Object use(SecretSpec spec, boolean put) {
    return put ? fixture.vault.putIfChanged(spec) : fixture.vault.create(spec);
  }

  @Test
  void callThatIsNotLetIn_leavesTheValueForAnotherTry() {
    SecretId id = create(text("web"));
    NewValue value = value();
    SecretVault view = fixture.vault.restrictedTo(EnumSet.of(Permission.LIST));
    assertThatThrownBy(() -> view.rotate(id, value)).isInstanceOf(AccessDeniedException.class);
    assertThat(fixture.vault.rotate(id, value).info().versions()).hasSize(2);
  }

  @Test
  void value_largerThanTheVaultTakes_isRefused() {
    SecretId id = create(text("web"));
    assertThatThrownBy(() -> fixture.vault.rotate(id, NewValue.of(new byte[65_537])))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("value: at most 65536 ");
    assertThat(fixture.vault.rotate(id, NewValue.of(new byte[65_536])).info().revision())
        .isEqualTo(2);
  }

  @Test
  void passphrase_isNeededIfTheSecretHasOne_andRefusedIfNot() {
    SecretId open = create(text("open"));
    SecretId locked = create(text("locked").passphrase("old pass".toCharArray()));
    assertThatThrownBy(
            () -> fixture.vault.rotate(open, value().passphrase("new pass".toCharArray())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("passphrase: is not allowed");
    assertThatThrownBy(() -> fixture.vault.rotate(locked, value()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("passphrase: is needed");
    assertThat(fixture.vault.describe(open).revision()).isEqualTo(1);
    assertThat(fixture.vault.describe(locked).revision()).isEqualTo(1);
  }

  @Test
  void passphrase_isThatOfTheCurrentVersion() {
    SecretId id = create(text("web").passphrase("old pass".toCharArray()));
    NewValue value = NewValue.of("new".toCharArray()).passphrase("new pass".toCharArray());
    fixture.clock.advance(Duration.ofSeconds(1));
    fixture.vault.rotate(id, value).close();
    assertThat(reveal(id, "old pass")).isEqualTo("value");
    fixture.vault.activate(id);
    assertThatThrownBy(() -> reveal(id, "old pass")).isInstanceOf(WrongPassphraseException.class);
    assertThat(reveal(id, "new pass")).isEqualTo("new");
    fixture.vault.rollback(id);
    assertThat(reveal(id, "old pass")).isEqualTo("value");
  }

  private String reveal(SecretId id, String passphrase) {
    try (SecretValue value = fixture.vault.reveal(id, passphrase.toCharArray())) {
      return VaultFixture.textOf(value);
    }
  }
}
