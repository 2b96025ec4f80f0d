package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.PutSecret.Outcome;
import dev.secretvault.SecretInfo.Version;
import dev.secretvault.SecretInfo.Version.State;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a vault promises to deploy scripts: comparing and putting values, on any store. */
abstract class ProvisioningContract extends VaultContract {

  private boolean matches(String name, String candidate) {
    return vault().matches(name, candidate.toCharArray());
  }

  private SecretInfo put(String name, String value) {
    return vault().putIfChanged(text(name, value).active()).info();
  }

  private static List<State> states(SecretInfo info) {
    return info.versions().stream().map(Version::state).toList();
  }

  @Test
  void matches_saysWhetherItIsTheCurrentValue() {
    SecretId id = create(text("web", "v\u00e4lue").active()).id();
    byte[] bytes = "v\u00e4lue".getBytes(StandardCharsets.UTF_8);
    assertThat(vault().matches(id, "v\u00e4lue".toCharArray())).isTrue();
    assertThat(vault().matches("web", "v\u00e4lue".toCharArray())).isTrue();
    assertThat(vault().matches(id, bytes)).isTrue();
    assertThat(vault().matches("web", bytes)).isTrue();
    for (String other : List.of("", "v", "v\u00e4lu", "v\u00e4luf", "v\u00e4lue ", "v?lue")) {
      assertThat(matches("web", other)).as("of length %d", other.length()).isFalse();
      assertThat(vault().matches(id, other.getBytes(StandardCharsets.UTF_8))).isFalse();
    }
    assertThat(vault().matches(id, new char[] {'v', '\ud800'})).isFalse();
    assertThat(reveal(id)).isEqualTo("v\u00e4lue");
  }

  @Test
  void matches_followsTheCurrentVersion() {
    SecretId id = create(text("web", "old").active()).id();
    rotate(id, "new");
    assertThat(matches("web", "old")).isTrue();
    assertThat(matches("web", "new")).as("pending").isFalse();
    vault().activate(id);
    assertThat(matches("web", "new")).isTrue();
    assertThat(matches("web", "old")).as("previous").isFalse();
    vault().rollback(id);
    assertThat(matches("web", "old")).isTrue();
  }

  @Test
  void matches_asksWithoutRevealing() {
    create(text("once", "value").active().disclosure(Disclosure.ONCE));
    create(text("hidden", "value").active().disclosure(Disclosure.AT_CREATION));
    for (int time = 0; time < 2; time++) {
      assertThat(matches("once", "value")).isTrue();
      assertThat(matches("hidden", "value")).isTrue();
    }
    vault().reveal("once").close();
    assertThat(matches("once", "value")).as("gone").isFalse();
  }

  @Test
  void matches_ofWhatMayNotBeUsed_isFalse() {
    assertThat(matches("web", "value")).as("unknown").isFalse();
    assertThat(vault().matches(SecretId.of("0".repeat(26)), new byte[1])).isFalse();
    SecretId id = create(text("web", "value").expiresAfter(Duration.ofSeconds(9))).id();
    assertThat(matches("web", "value")).as("inactive").isFalse();
    vault().activate(id);
    assertThat(matches("web", "value")).isTrue();
    fixture.clock.advance(Duration.ofSeconds(9));
    assertThat(matches("web", "value")).as("expired").isFalse();
    create(text("later", "value").active().notBefore(fixture.clock.instant().plusSeconds(1)));
    assertThat(matches("later", "value")).as("not yet valid").isFalse();
    create(text("locked", "value").active().passphrase("passphrase".toCharArray()));
    assertThat(matches("locked", "value")).as("locked").isFalse();
  }

  @Test
  void putIfChanged_createsOnce_andThenChangesNothing() {
    PutSecret put = vault().putIfChanged(text("web", "value").active().label("env", "prod"));
    SecretInfo created = put.info();
    assertThat(put.outcome()).isEqualTo(Outcome.CREATED);
    assertThat(created.revision()).isEqualTo(1);
    assertThat(created.labels()).isEqualTo(Map.of("env", "prod"));
    for (int time = 0; time < 3; time++) {
      assertThat(vault().putIfChanged(text("web", "value").description("another")))
          .isEqualTo(new PutSecret(created, Outcome.UNCHANGED));
      fixture.reopen();
    }
    assertThat(vault().find("web")).contains(created);
    assertThat(storedVersions(created.id())).containsExactly(1);
  }

  @Test
  void putIfChanged_ofAnotherValue_makesItCurrent_andTheFormerOneStillVerifies() {
    SecretInfo before = put("web", "old");
    String digest = vault().hmac("web", "u").hex();
    fixture.clock.advance(Duration.ofSeconds(1));
    PutSecret put = vault().putIfChanged(text("web", "new").description("x").label("k", "v"));
    SecretInfo after = put.info();
    assertThat(put.outcome()).isEqualTo(Outcome.CHANGED);
    assertThat(after.id()).isEqualTo(before.id());
    assertThat(states(after)).containsExactly(State.PREVIOUS, State.CURRENT);
    assertThat(after.versions().get(1).createdAt()).isEqualTo(fixture.clock.instant());
    assertThat(after.description()).isEmpty();
    assertThat(after.labels()).isEmpty();
    assertThat(after.revision()).isEqualTo(2);
    assertThat(after.state()).isEqualTo(SecretState.ACTIVE);
    assertThat(vault().describe(after.id())).isEqualTo(after);
    assertThat(reveal(after.id())).isEqualTo("new");
    assertThat(vault().verify("web", "u", digest)).isTrue();
    assertThat(states(put("web", "old"))).as("the former value is another one, too").hasSize(3);
    assertThat(reveal(after.id())).isEqualTo("old");
  }

  @Test
  void putIfChanged_leavesTheState_andPendingVersions_asTheyAre() {
    SecretId id = create(text("web", "old")).id();
    rotate(id, "pending");
    rotate(id, "newer");
    SecretInfo after = put("web", "new");
    assertThat(after.state()).isEqualTo(SecretState.INACTIVE);
    assertThat(states(after))
        .containsExactly(State.PREVIOUS, State.PENDING, State.PENDING, State.CURRENT);
    assertThat(storedVersions(id)).containsExactly(1, 2, 3, 4);
    vault().activate(id);
    assertThat(reveal(id)).isEqualTo("newer");
    vault().rollback(id);
    assertThat(reveal(id)).isEqualTo("new");
  }

  @Test
  void putIfChanged_ofAPendingValue_makesItCurrentAsWell() {
    SecretId id = create(text("web", "old").active()).id();
    rotate(id, "new");
    assertThat(states(put("web", "new")))
        .containsExactly(State.PREVIOUS, State.PENDING, State.CURRENT);
    assertThat(reveal(id)).isEqualTo("new");
  }

  @Test
  void putIfChanged_ofWhatCannotBeCompared_isRefused_whetherThereIsOneOrNot() {
    SecretInfo there = create(text("there", "v"));
    for (String name : List.of("there", "none")) {
      assertThatThrownBy(() -> vault().putIfChanged(SecretSpec.named(name).generated()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("value: must be given");
      assertThatThrownBy(
              () -> vault().putIfChanged(text(name, "v").passphrase("passphrase".toCharArray())))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("passphrase: is not allowed");
    }
    assertThat(vault().list(ListQuery.all()).items()).containsExactly(there);
  }

  @Test
  void putIfChanged_ofASecretThatExpires_leavesItUntilThen_andThenPutsAnother() {
    SecretInfo before = create(text("web", "v").active().expiresAfter(Duration.ofSeconds(9)));
    fixture.clock.advance(Duration.ofMillis(8_999));
    assertThat(put("web", "v")).isEqualTo(before);
    fixture.clock.advance(Duration.ofMillis(1));
    SecretInfo after = put("web", "v");
    assertThat(after.id()).isNotEqualTo(before.id());
    assertThat(storedVersions(before.id())).isEmpty();
    assertThat(storedVersions(after.id())).containsExactly(1);
  }

  @Test
  void putIfChanged_thatIsRefused_changesNothing() {
    SecretInfo locked = create(text("locked", "v").passphrase("passphrase".toCharArray()));
    SecretId once = create(text("once", "v").active().disclosure(Disclosure.ONCE)).id();
    vault().reveal(once).close();
    SecretInfo gone = vault().describe(once);
    SecretInfo full = create(text("full", "v"));
    for (int number = 2; number <= 16; number++) {
      full = rotate(full.id(), "v" + number);
    }
    assertThatThrownBy(() -> put("locked", "v")).isInstanceOf(NotRevealableException.class);
    assertThatThrownBy(() -> put("once", "v")).isInstanceOf(AlreadyRevealedException.class);
    assertThatThrownBy(() -> put("full", "another")).isInstanceOf(QuotaExceededException.class);
    assertThatThrownBy(() -> vault().putIfChanged(SecretSpec.named("none")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> vault().putIfChanged(SecretSpec.named("none").value(new byte[65_537])))
        .isInstanceOf(IllegalArgumentException.class);
    SecretSpec used = text("used", "v");
    vault().putIfChanged(used);
    assertThatThrownBy(() -> vault().putIfChanged(used)).isInstanceOf(IllegalStateException.class);
    for (SecretInfo info : List.of(locked, gone, full)) {
      assertThat(vault().describe(info.id())).isEqualTo(info);
    }
    assertThat(vault().find("none")).isEmpty();
    assertThat(put("full", "v")).as("the same value takes no version").isEqualTo(full);
  }

  @Test
  void concurrentScripts_endWithOneSecretAndOneVersion() {
    AtomicInteger created = new AtomicInteger();
    Racers.run(
        8,
        racer -> {
          PutSecret put = vault().putIfChanged(text("web", "value").active());
          assertThat(put.info().revision()).isEqualTo(1);
          created.addAndGet(put.outcome() == Outcome.CREATED ? 1 : 0);
        });
    assertThat(created).as("one of them").hasValue(1);
    assertThat(vault().list(ListQuery.all()).items()).hasSize(1);
    Racers.run(8, racer -> assertThat(put("web", "changed").revision()).isEqualTo(2));
    SecretInfo info = vault().find("web").orElseThrow();
    assertThat(states(info)).containsExactly(State.PREVIOUS, State.CURRENT);
    assertThat(storedVersions(info.id())).containsExactly(1, 2);
  }

  @Test
  void concurrentScripts_withDifferentValues_endWithOneOfThem() {
    Racers.run(8, racer -> assertThat(put("web", "value-" + racer).name()).isEqualTo("web"));
    SecretInfo info = vault().find("web").orElseThrow();
    assertThat(states(info)).hasSize(8).containsOnlyOnce(State.CURRENT);
    assertThat(Versions.newest(info.versions()).state()).isEqualTo(State.CURRENT);
    assertThat(reveal(info.id())).startsWith("value-");
    assertThat(storedVersions(info.id())).hasSize(8);
  }
}
