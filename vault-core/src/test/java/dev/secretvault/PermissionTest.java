package dev.secretvault;

import static dev.secretvault.Permission.ACTIVATE;
import static dev.secretvault.Permission.AUDIT;
import static dev.secretvault.Permission.CREATE;
import static dev.secretvault.Permission.DELETE;
import static dev.secretvault.Permission.DIGEST;
import static dev.secretvault.Permission.LIST;
import static dev.secretvault.Permission.MANAGE_KEYS;
import static dev.secretvault.Permission.REVEAL;
import static dev.secretvault.Permission.UPDATE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.crypto.MasterKey;
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
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which permission each method of a vault takes, and what views make of it. */
class PermissionTest {

  private static final SecretId UNKNOWN = SecretId.of("0".repeat(26));

  /** Methods that look at nothing stored. */
  private static final Set<String> FREE =
      Set.of("close", "toString", "namespace", "restrictedTo", "actingAs", "oneTime", "sweep");

  /** Each of the methods of the keys. */
  private static final List<ThrowingConsumer<VaultKeys>> KEY_USES =
      List.of(
          VaultKeys::unlockSlots,
          keys -> keys.addUnlock(masterKey()),
          keys -> keys.removeUnlock("slot"),
          keys -> keys.removeUnlock(masterKey()),
          keys -> keys.changeMasterKey(masterKey(), masterKey()),
          VaultKeys::rotate,
          keys -> keys.reencrypt(progress -> {}),
          keys -> keys.discard("key"),
          VaultKeys::keysInUse,
          keys -> keys.safeToRetire(1),
          keys -> keys.retire(1));

  private static MasterKey masterKey() {
    return MasterKey.fromBytes("another key used for a test only".getBytes(US_ASCII));
  }

  private final InMemorySecretStore.Medium medium = new InMemorySecretStore.Medium();
  private FaultyStore store;
  private VaultFixture fixture;
  private SecretId web;

  @BeforeEach
  void open() {
    fixture =
        new VaultFixture(
            () -> {
              store = new FaultyStore(InMemorySecretStore.open(medium));
              return store;
            });
    try (CreatedSecret created = fixture.vault.create(text("web").active())) {
      web = created.info().id();
    }
    fixture.vault.rotate(web, value()).close();
    fixture.vault.activate(web);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private static SecretSpec text(String name) {
    return SecretSpec.named(name).value("value".toCharArray());
  }

  private static NewValue value() {
    return NewValue.of("value".toCharArray());
  }

  private interface Use {
    void of(SecretVault vault, SecretId id, String name);
  }

  /** A public method and what it takes. */
  private record Row(String method, Set<Permission> needed, Use use) {
    @Override
    public String toString() {
      return method + " takes " + needed;
    }
  }

  private static Row row(String method, Permission needed, Use use) {
    return new Row(method, Set.of(needed), use);
  }

  static Stream<Row> methods() {
    char[] text = "value".toCharArray();
    byte[] bytes = {1};
    return Stream.of(
        row("create(SecretSpec)", CREATE, (vault, id, name) -> vault.create(text(name + 2))),
        new Row(
            "create(SecretSpec)",
            Set.of(CREATE, ACTIVATE),
            (vault, id, name) -> vault.create(text(name + 3).active())),
        new Row(
            "putIfChanged(SecretSpec)",
            Set.of(CREATE, UPDATE, ACTIVATE),
            (vault, id, name) -> vault.putIfChanged(text(name))),
        row("activate(SecretId)", ACTIVATE, (vault, id, name) -> vault.activate(id)),
        row("deactivate(SecretId)", ACTIVATE, (vault, id, name) -> vault.deactivate(id)),
        row(
            "update(SecretId,SecretUpdate)",
            UPDATE,
            (vault, id, name) -> vault.update(id, SecretUpdate.none())),
        row(
            "rotate(SecretId,NewValue)",
            UPDATE,
            (vault, id, name) -> vault.rotate(id, value()).close()),
        new Row(
            "rollback(SecretId)",
            Set.of(UPDATE, ACTIVATE),
            (vault, id, name) -> vault.rollback(id)),
        row("retire(SecretId,int)", UPDATE, (vault, id, name) -> vault.retire(id, 1)),
        row("delete(SecretId)", DELETE, (vault, id, name) -> vault.delete(id)),
        row("describe(SecretId)", LIST, (vault, id, name) -> vault.describe(id)),
        row("find(String)", LIST, (vault, id, name) -> vault.find(name)),
        row("list(ListQuery)", LIST, (vault, id, name) -> vault.list(ListQuery.all())),
        row("reveal(SecretId)", REVEAL, (vault, id, name) -> vault.reveal(id).close()),
        row("reveal(String)", REVEAL, (vault, id, name) -> vault.reveal(name).close()),
        row("reveal(SecretId,char[])", REVEAL, (vault, id, name) -> vault.reveal(id, text).close()),
        row("reveal(String,char[])", REVEAL, (vault, id, name) -> vault.reveal(name, text).close()),
        row(
            "reveal(SecretId,char[],String)",
            REVEAL,
            (vault, id, name) -> vault.reveal(id, text, "me").close()),
        row(
            "reveal(String,char[],String)",
            REVEAL,
            (vault, id, name) -> vault.reveal(name, text, "me").close()),
        row(
            "resolve(String,Function)",
            REVEAL,
            (vault, id, name) -> vault.resolve("{{secret:" + name + "}}", String::new)),
        row("hmac(SecretId,String)", DIGEST, (vault, id, name) -> vault.hmac(id, "u")),
        row("hmac(String,String)", DIGEST, (vault, id, name) -> vault.hmac(name, "u")),
        row("userIds(SecretId)", DIGEST, (vault, id, name) -> vault.userIds(id)),
        row("userIds(String)", DIGEST, (vault, id, name) -> vault.userIds(name)),
        row(
            "userIds(SecretId,UserIdPolicy)",
            DIGEST,
            (vault, id, name) -> vault.userIds(id, UserIdPolicy.bound())),
        row(
            "userIds(String,UserIdPolicy)",
            DIGEST,
            (vault, id, name) -> vault.userIds(name, UserIdPolicy.bound())),
        row(
            "verify(SecretId,String,String)",
            DIGEST,
            (vault, id, name) -> vault.verify(id, "u", "")),
        row(
            "verify(String,String,String)",
            DIGEST,
            (vault, id, name) -> vault.verify(name, "", "")),
        row("matches(SecretId,byte[])", DIGEST, (vault, id, name) -> vault.matches(id, bytes)),
        row("matches(String,byte[])", DIGEST, (vault, id, name) -> vault.matches(name, bytes)),
        row("matches(SecretId,char[])", DIGEST, (vault, id, name) -> vault.matches(id, text)),
        row(
            "matches(String,char[])",
            DIGEST,
            (vault, id, name) -> vault.matches(name, new char[] {'\ud800'})),
        row("keys()", MANAGE_KEYS, (vault, id, name) -> vault.keys()),
        row("audit()", AUDIT, (vault, id, name) -> vault.audit()),
        row(
            "onChange(String,Consumer)",
            LIST,
            (vault, id, name) -> vault.onChange(name, secret -> {}).close()));
  }

  private static String signature(Method method) {
    return Arrays.stream(method.getParameterTypes())
        .map(Class::getSimpleName)
        .collect(Collectors.joining(",", method.getName() + "(", ")"));
  }

  @Test
  void everyPublicMethod_standsInTheTable() {
    assertThat(methods().map(Row::method).distinct())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(SecretVault.class.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .filter(method -> !Modifier.isStatic(method.getModifiers()) && !method.isBridge())
                .filter(method -> !FREE.contains(method.getName()))
                .map(PermissionTest::signature)
                .toList());
  }

  private int storeCalls() {
    return Stream.of(Call.READ, Call.SCAN, Call.COMMIT).mapToInt(store::calls).sum();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void withoutAPermissionItTakes_aMethodIsDeniedBeforeItLooksAtAnything(Row row) {
    for (Permission lacking : row.needed) {
      SecretVault view = fixture.vault.restrictedTo(EnumSet.complementOf(EnumSet.of(lacking)));
      for (SecretId id : List.of(web, UNKNOWN)) {
        int before = storeCalls();
        assertThatThrownBy(() -> row.use.of(view, id, id.equals(web) ? "web" : "unknown"))
            .isInstanceOfSatisfying(
                AccessDeniedException.class, e -> assertThat(e.permission()).contains(lacking));
        assertThat(storeCalls()).isEqualTo(before);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void withThePermissionsItTakesAlone_aMethodWorks(Row row) {
    SecretVault view = fixture.vault.restrictedTo(row.needed);
    assertThatCode(() -> row.use.of(view, web, "web")).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @MethodSource("methods")
  void onceTheVaultOrTheViewIsClosed_noMethodWorks(Row row) {
    SecretVault view = fixture.vault.restrictedTo(EnumSet.allOf(Permission.class));
    SecretVault deniedView = fixture.vault.restrictedTo(Set.of());
    SecretVault elsewhere = fixture.vault.namespace("tenant").restrictedTo(row.needed);
    SecretVault closedView = fixture.vault.restrictedTo(row.needed);
    closedView.close();
    assertThatThrownBy(() -> row.use.of(closedView, web, "web"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the vault is closed");
    fixture.vault.close();
    for (SecretVault closed : List.of(fixture.vault, view, deniedView, elsewhere)) {
      assertThatThrownBy(() -> row.use.of(closed, web, "web"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the vault is closed");
    }
  }

  @Test
  void viewOfAView_doesNotRegainWhatItLacks() {
    SecretVault view = fixture.vault.restrictedTo(EnumSet.of(LIST, DIGEST));
    for (SecretVault inner :
        List.of(
            view.restrictedTo(EnumSet.allOf(Permission.class)),
            fixture.vault.namespace("").restrictedTo(EnumSet.of(LIST, DIGEST)))) {
      assertThatThrownBy(() -> inner.reveal(web)).isInstanceOf(AccessDeniedException.class);
      assertThatThrownBy(() -> inner.keys()).isInstanceOf(AccessDeniedException.class);
      assertThat(inner.describe(web).id()).isEqualTo(web);
      assertThat(inner.hmac(web, "u").hex()).hasSize(64);
    }
    SecretVault none = view.restrictedTo(EnumSet.of(REVEAL));
    assertThatThrownBy(() -> none.describe(web)).isInstanceOf(AccessDeniedException.class);
    assertThatThrownBy(() -> none.reveal(web)).isInstanceOf(AccessDeniedException.class);
  }

  @Test
  void view_doesNotFollowTheSetItWasMadeWith() {
    Set<Permission> allowed = EnumSet.of(LIST);
    SecretVault view = fixture.vault.restrictedTo(allowed);
    allowed.add(REVEAL);
    assertThatThrownBy(() -> view.reveal(web)).isInstanceOf(AccessDeniedException.class);
    allowed.clear();
    assertThat(view.describe(web).id()).isEqualTo(web);
  }

  @Test
  void restrictedView_staysInItsNamespace_evenIfItMayDoAll() {
    SecretVault view = fixture.vault.namespace("red").restrictedTo(EnumSet.allOf(Permission.class));
    create(view, "mine");
    create(fixture.vault.namespace("blue"), "theirs");
    for (SecretVault confined : List.of(view, view.restrictedTo(EnumSet.of(LIST)))) {
      for (String elsewhere : List.of("", "red", "blue", "nobody's")) {
        assertThatThrownBy(() -> confined.namespace(elsewhere))
            .isInstanceOfSatisfying(
                AccessDeniedException.class, e -> assertThat(e.permission()).isEmpty());
      }
      assertThat(confined.list(ListQuery.all()).items())
          .extracting(SecretInfo::name)
          .containsExactly("mine");
      assertThat(confined.find("theirs")).isEmpty();
      assertThat(confined.find("web")).isEmpty();
    }
    assertThat(fixture.vault.namespace("red").namespace("blue").find("theirs")).isPresent();
  }

  @Test
  void sweep_takesTheDeletionOfAllNamespaces() {
    assertThat(fixture.vault.namespace("red").sweep()).isZero();
    SecretVault all = fixture.vault.restrictedTo(EnumSet.allOf(Permission.class));
    assertThatThrownBy(all::sweep)
        .isInstanceOfSatisfying(
            AccessDeniedException.class, e -> assertThat(e.permission()).isEmpty());
    SecretVault without = fixture.vault.restrictedTo(EnumSet.complementOf(EnumSet.of(DELETE)));
    assertThatThrownBy(without::sweep)
        .isInstanceOfSatisfying(
            AccessDeniedException.class, e -> assertThat(e.permission()).contains(DELETE));
  }

  private static void create(SecretVault vault, String name) {
    vault.create(text(name)).close();
  }

  @Test
  void closingAView_endsItAndThoseMadeOfIt_andNoOthers() {
    SecretVault view = fixture.vault.namespace("");
    SecretVault inner = view.restrictedTo(EnumSet.of(LIST));
    SecretVault innermost = inner.restrictedTo(EnumSet.of(LIST));
    SecretVault neighbour = view.namespace("");
    VaultKeys keys = view.keys();
    SecretVault sibling = fixture.vault.namespace("");
    view.close();
    view.close();
    for (SecretVault closed : List.of(view, inner, innermost, neighbour)) {
      assertThat(closed).hasToString("SecretVault[closed]");
      assertThatThrownBy(() -> closed.describe(web)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> closed.restrictedTo(Set.of()))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> closed.namespace("")).isInstanceOf(IllegalStateException.class);
    }
    assertThatThrownBy(keys::rotate).isInstanceOf(IllegalStateException.class);
    for (SecretVault open : List.of(sibling, fixture.vault)) {
      assertThat(open.describe(web).id()).isEqualTo(web);
      assertThat(open).hasToString("SecretVault[open]");
    }
    assertThat(fixture.vault.keys().rotate()).isEqualTo(2);
  }

  @Test
  void closingAView_endsTheKeysItGaveOut() {
    for (ThrowingConsumer<VaultKeys> use : KEY_USES) {
      SecretVault view = fixture.vault.namespace("");
      VaultKeys keys = view.keys();
      view.close();
      assertThatThrownBy(() -> use.accept(keys))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the vault is closed");
    }
    assertThat(fixture.vault.keys().unlockSlots()).hasSize(1);
    assertThat(KEY_USES)
        .hasSize(
            (int)
                Arrays.stream(VaultKeys.class.getDeclaredMethods())
                    .filter(method -> Modifier.isPublic(method.getModifiers()))
                    .filter(method -> !method.getName().equals("toString"))
                    .count());
  }

  @Test
  void closingTheVault_endsItsViews() {
    SecretVault view = fixture.vault.namespace("tenant").restrictedTo(EnumSet.of(LIST));
    fixture.vault.close();
    assertThat(view).hasToString("SecretVault[closed]");
    assertThatThrownBy(() -> view.restrictedTo(Set.of())).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> view.namespace("")).isInstanceOf(IllegalStateException.class);
    view.close();
  }

  @Test
  void denial_saysWhichPermissionIsLacking_andNothingElse() {
    SecretVault view = fixture.vault.restrictedTo(Set.of());
    assertThatThrownBy(() -> view.reveal("marker"))
        .hasMessageContaining("REVEAL")
        .hasMessageNotContaining("marker");
  }
}
