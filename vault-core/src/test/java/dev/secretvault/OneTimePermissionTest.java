package dev.secretvault;

import static dev.secretvault.Permission.CREATE;
import static dev.secretvault.Permission.DELETE;
import static dev.secretvault.Permission.LIST;
import static dev.secretvault.Permission.REVEAL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.PasswordPolicy;
import dev.secretvault.store.testkit.FaultyStore;
import dev.secretvault.store.testkit.FaultyStore.Call;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which permission each method of one-time secrets takes. */
class OneTimePermissionTest {

  private final FaultyStore store =
      new FaultyStore(InMemorySecretStore.open(new InMemorySecretStore.Medium()));
  private final VaultFixture fixture = new VaultFixture(() -> store);
  private final SharedSecret shared = fixture.vault.oneTime().share(spec());

  @AfterEach
  void close() {
    fixture.close();
  }

  private static OneTimeSpec spec() {
    return OneTimeSpec.of("value".toCharArray());
  }

  private interface Use {
    void of(OneTimeSecrets oneTime, SharedSecret shared);
  }

  private record Row(String method, Permission needed, Use use) {
    @Override
    public String toString() {
      return method + " takes " + needed;
    }
  }

  static Stream<Row> methods() {
    char[] any = "any".toCharArray();
    return Stream.of(
        new Row("share(OneTimeSpec)", CREATE, (oneTime, shared) -> oneTime.share(spec())),
        new Row(
            "generate(OneTimeSpec)",
            CREATE,
            (oneTime, shared) ->
                oneTime.generate(OneTimeSpec.generated(PasswordPolicy.ofLength(9)))),
        new Row(
            "takeGenerated(String)",
            CREATE,
            (oneTime, shared) -> oneTime.takeGenerated(shared.receipt())),
        new Row("peek(String)", REVEAL, (oneTime, shared) -> oneTime.peek(shared.link())),
        new Row(
            "status(List)", REVEAL, (oneTime, shared) -> oneTime.status(List.of(shared.link()))),
        new Row("reveal(String)", REVEAL, (oneTime, shared) -> oneTime.reveal(shared.link())),
        new Row(
            "reveal(String,char[])",
            REVEAL,
            (oneTime, shared) -> oneTime.reveal(shared.link(), any)),
        new Row(
            "reveal(String,char[],String)",
            REVEAL,
            (oneTime, shared) -> oneTime.reveal(shared.link(), any, "me")),
        new Row("receipt(String)", LIST, (oneTime, shared) -> oneTime.receipt(shared.receipt())),
        new Row("burn(String)", DELETE, (oneTime, shared) -> oneTime.burn(shared.receipt())),
        new Row("recent(int)", LIST, (oneTime, shared) -> oneTime.recent(1)),
        new Row(
            "recent(int,String)",
            LIST,
            (oneTime, shared) -> oneTime.recent(1, shared.details().id().text())));
  }

  private static String signature(Method method) {
    return Arrays.stream(method.getParameterTypes())
        .map(Class::getSimpleName)
        .collect(Collectors.joining(",", method.getName() + "(", ")"));
  }

  @Test
  void everyPublicMethod_standsInTheTable() {
    assertThat(methods().map(Row::method))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(OneTimeSecrets.class.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .filter(method -> !method.getName().equals("toString"))
                .map(OneTimePermissionTest::signature)
                .toList());
  }

  private int storeCalls() {
    return Stream.of(Call.READ, Call.SCAN, Call.COMMIT).mapToInt(store::calls).sum();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void withoutItsPermission_aMethodIsDeniedBeforeItLooksAtAnything(Row row) {
    OneTimeSecrets view =
        fixture.vault.restrictedTo(EnumSet.complementOf(EnumSet.of(row.needed))).oneTime();
    int before = storeCalls();
    assertThatThrownBy(() -> row.use.of(view, shared))
        .isInstanceOfSatisfying(
            AccessDeniedException.class, e -> assertThat(e.permission()).contains(row.needed));
    assertThat(storeCalls()).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void withItsPermissionAlone_aMethodWorks(Row row) {
    OneTimeSecrets view = fixture.vault.restrictedTo(Set.of(row.needed)).oneTime();
    assertThatCode(() -> row.use.of(view, shared)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void onceTheViewIsClosed_noMethodWorks(Row row) {
    SecretVault closed = fixture.vault.restrictedTo(Set.of(row.needed));
    OneTimeSecrets oneTime = closed.oneTime();
    closed.close();
    assertThatThrownBy(() -> row.use.of(oneTime, shared))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the vault is closed");
  }
}
