package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.SecretInfo.Version;
import dev.secretvault.SecretInfo.Version.State;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What a vault promises of the versions of a secret, on any store. */
abstract class VersionsContract extends VaultContract {

  private static List<State> states(SecretInfo info) {
    return info.versions().stream().map(Version::state).toList();
  }

  private String digest(SecretId id) {
    return vault().hmac(id, "user").hex();
  }

  private boolean verifies(SecretId id, String digest) {
    return vault().verify(id, "user", digest);
  }

  @Test
  void rotate_addsAPendingVersionThatNothingUses() {
    SecretInfo created = create(text("web", "old").active());
    String digest = digest(created.id());
    fixture.clock.advance(Duration.ofSeconds(3));
    try (CreatedSecret rotated = vault().rotate(created.id(), NewValue.generated())) {
      assertThat(VaultFixture.textOf(rotated.value())).matches("[A-Za-z0-9_-]{43}");
      assertThat(states(rotated.info())).containsExactly(State.CURRENT, State.PENDING);
      assertThat(rotated.info().versions().get(1).createdAt()).isEqualTo(fixture.clock.instant());
      assertThat(rotated.info().revision()).isEqualTo(2);
      assertThat(vault().describe(created.id())).isEqualTo(rotated.info());
      assertThat(vault().matches("web", VaultFixture.textOf(rotated.value()).toCharArray()))
          .isFalse();
    }
    assertThat(digest(created.id())).isEqualTo(digest);
    assertThat(reveal(created.id())).isEqualTo("old");
    assertThat(storedVersions(created.id())).containsExactly(1, 2);
  }

  @Test
  void pendingVersion_verifiesNothingBeforeItsActivation() {
    SecretId id = create(text("web", "old").active()).id();
    SecretId twin = create(text("twin", "new").active()).id();
    rotate(id, "new");
    assertThat(verifies(id, digest(twin))).isFalse();
    vault().activate(id);
    assertThat(verifies(id, digest(twin))).isTrue();
  }

  @Test
  void activate_promotesThePendingVersion_andThePreviousOneVerifiesUntilItIsRetired() {
    SecretId id = create(text("web", "old").active()).id();
    String old = digest(id);
    rotate(id, "new");
    fixture.clock.advance(Duration.ofSeconds(3));
    SecretInfo activated = vault().activate(id);
    assertThat(states(activated)).containsExactly(State.PREVIOUS, State.CURRENT);
    assertThat(activated.activatedAt()).isEqualTo(fixture.clock.instant());
    assertThat(vault().activate(id)).as("idempotent").isEqualTo(activated);
    for (int opened = 0; opened < 2; opened++) {
      assertThat(digest(id)).isNotEqualTo(old);
      assertThat(reveal(id)).isEqualTo("new");
      assertThat(verifies(id, old)).isTrue();
      assertThat(verifies(id, digest(id))).isTrue();
      fixture.reopen();
    }
    vault().retire(id, 1);
    assertThat(verifies(id, old)).isFalse();
    assertThat(verifies(id, digest(id))).isTrue();
  }

  @Test
  void activate_ofAnInactiveSecret_promotesAsWell() {
    SecretId id = create(text("web", "old")).id();
    rotate(id, "new");
    assertThat(states(vault().activate(id))).containsExactly(State.PREVIOUS, State.CURRENT);
    assertThat(reveal(id)).isEqualTo("new");
    rotate(id, "newer");
    vault().deactivate(id);
    assertThat(verifies(id, "00".repeat(32))).isFalse();
    vault().activate(id);
    assertThat(reveal(id)).isEqualTo("newer");
  }

  @Test
  void activate_ofAnExpiredSecret_promotesNothing() {
    SecretId id = create(text("web", "old").active().expiresAfter(Duration.ofSeconds(9))).id();
    SecretInfo rotated = rotate(id, "new");
    fixture.clock.advance(Duration.ofSeconds(9));
    assertThatThrownBy(() -> vault().activate(id)).isInstanceOf(SecretExpiredException.class);
    assertThat(vault().describe(id)).isEqualTo(rotated);
  }

  @Test
  void activate_retiresOlderPendingVersions_andErasesTheirValues() {
    SecretId id = create(text("web", "one").active()).id();
    rotate(id, "two");
    rotate(id, "three");
    assertThat(storedVersions(id)).containsExactly(1, 2, 3);
    SecretInfo activated = vault().activate(id);
    assertThat(states(activated)).containsExactly(State.PREVIOUS, State.RETIRED, State.CURRENT);
    assertThat(storedVersions(id)).containsExactly(1, 3);
    assertThat(reveal(id)).isEqualTo("three");
  }

  @Test
  void rollback_swapsTheCurrentAndThePreviousVersion_andUndoesItself() {
    SecretId id = create(text("web", "old").active()).id();
    String old = digest(id);
    rotate(id, "new");
    vault().activate(id);
    String young = digest(id);
    SecretInfo back = vault().rollback(id);
    assertThat(states(back)).containsExactly(State.CURRENT, State.PREVIOUS);
    assertThat(digest(id)).isEqualTo(old);
    assertThat(reveal(id)).isEqualTo("old");
    assertThat(verifies(id, young)).isTrue();
    SecretInfo forth = vault().rollback(id);
    assertThat(states(forth)).containsExactly(State.PREVIOUS, State.CURRENT);
    assertThat(digest(id)).isEqualTo(young);
    assertThat(verifies(id, old)).isTrue();
    assertThat(storedVersions(id)).containsExactly(1, 2);
  }

  @Test
  void rollback_goesToTheVersionThatWasCurrentBefore_whateverItsNumber() {
    SecretId id = create(text("web", "one").active()).id();
    rotate(id, "two");
    vault().activate(id);
    vault().rollback(id);
    rotate(id, "three");
    vault().activate(id);
    SecretInfo back = vault().rollback(id);
    assertThat(states(back)).containsExactly(State.CURRENT, State.PREVIOUS, State.PREVIOUS);
    assertThat(reveal(id)).isEqualTo("one");
    fixture.reopen();
    assertThat(states(vault().rollback(id))).as("undone").last().isEqualTo(State.CURRENT);
    assertThat(reveal(id)).isEqualTo("three");
    vault().retire(id, 1);
    vault().rollback(id);
    assertThat(reveal(id)).as("the one before that, as that is retired").isEqualTo("two");
  }

  @Test
  void versions_tellWhichRevisionMadeThemCurrent() {
    SecretId id = create(text("web", "one").active()).id();
    rotate(id, "two");
    vault().activate(id);
    vault().rollback(id);
    rotate(id, "three");
    vault().putIfChanged(text("web", "four"));
    SecretInfo info = fixture.reopen().describe(id);
    assertThat(info.revision()).isEqualTo(6);
    assertThat(info.versions()).extracting(Version::currentSince).containsExactly(4L, 3L, 0L, 6L);
  }

  @Test
  void expiredSecret_isNotRotatedNorRolledBack_butVersionsCanBeTakenAway() {
    SecretId id = create(text("web", "old").active().expiresAfter(Duration.ofSeconds(9))).id();
    rotate(id, "new");
    SecretInfo before = vault().activate(id);
    fixture.clock.advance(Duration.ofSeconds(9));
    assertThatThrownBy(() -> rotate(id, "newer")).isInstanceOf(SecretExpiredException.class);
    assertThatThrownBy(() -> vault().rollback(id)).isInstanceOf(SecretExpiredException.class);
    assertThat(vault().describe(id)).isEqualTo(before);
    assertThat(storedVersions(id)).containsExactly(1, 2);
    assertThat(states(vault().retire(id, 1))).containsExactly(State.RETIRED, State.CURRENT);
    assertThat(storedVersions(id)).containsExactly(2);
  }

  @Test
  void rollback_withoutAPreviousVersion_isRefusedAndChangesNothing() {
    SecretId id = create(text("web", "old").active()).id();
    SecretInfo rotated = rotate(id, "new");
    assertThatThrownBy(() -> vault().rollback(id))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("id: ");
    assertThat(vault().describe(id)).isEqualTo(rotated);
    vault().activate(id);
    vault().retire(id, 1);
    assertThatThrownBy(() -> vault().rollback(id))
        .as("to a retired version")
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(reveal(id)).isEqualTo("new");
  }

  @Test
  void retire_erasesTheValue_andDoesNothingTheSecondTime() {
    SecretId id = create(text("web", "one").active()).id();
    rotate(id, "two");
    vault().activate(id);
    rotate(id, "three");
    SecretInfo pendingRetired = vault().retire(id, 3);
    assertThat(states(pendingRetired))
        .containsExactly(State.PREVIOUS, State.CURRENT, State.RETIRED);
    assertThat(storedVersions(id)).containsExactly(1, 2);
    SecretInfo retired = vault().retire(id, 1);
    assertThat(storedVersions(id)).containsExactly(2);
    assertThat(vault().retire(id, 1)).isEqualTo(retired);
    assertThat(vault().retire(id, 3)).isEqualTo(retired);
    assertThat(vault().activate(id)).as("none is pending").isEqualTo(retired);
    assertThat(rotate(id, "four").versions().get(3).number()).isEqualTo(4);
  }

  @Test
  void retire_ofTheCurrentOrAnUnknownVersion_isRefusedAndChangesNothing() {
    SecretId id = create(text("web", "one").active()).id();
    rotate(id, "two");
    SecretInfo before = vault().activate(id);
    for (int version : List.of(2, 3, 0, -1, Integer.MAX_VALUE)) {
      assertThatThrownBy(() -> vault().retire(id, version))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("version: ");
    }
    assertThat(vault().describe(id)).isEqualTo(before);
    assertThat(storedVersions(id)).containsExactly(1, 2);
  }

  @Test
  void retire_ofAVersionRetiredLongAgo_doesNothing() {
    SecretId id = create(text("web", "value").active()).id();
    for (int number = 2; number <= 19; number++) {
      rotate(id, "value-" + number);
      vault().retire(id, number);
    }
    SecretInfo before = vault().describe(id);
    assertThat(before.versions()).hasSize(17).extracting(Version::number).doesNotContain(2, 3);
    assertThat(vault().retire(id, 2)).isEqualTo(before);
    assertThatThrownBy(() -> vault().retire(id, 20)).isInstanceOf(IllegalArgumentException.class);
    assertThat(Versions.newest(rotate(id, "another").versions()).number()).isEqualTo(20);
  }

  @Test
  void once_withSeveralVersions_leavesNoValueBehind() {
    SecretId id = create(text("link", "one").active().disclosure(Disclosure.ONCE)).id();
    rotate(id, "two");
    vault().activate(id);
    rotate(id, "three");
    assertThat(reveal(id)).isEqualTo("two");
    assertThat(storedVersions(id)).isEmpty();
    assertThat(states(vault().describe(id))).containsOnly(State.RETIRED).hasSize(3);
    assertThatThrownBy(() -> rotate(id, "four")).isInstanceOf(AlreadyRevealedException.class);
    assertThatThrownBy(() -> vault().rollback(id)).isInstanceOf(AlreadyRevealedException.class);
    assertThatThrownBy(() -> vault().activate(id)).isInstanceOf(AlreadyRevealedException.class);
    assertThat(vault().retire(id, 1)).isEqualTo(vault().describe(id));
  }

  @Test
  void delete_erasesTheValuesOfAllVersions() {
    SecretId id = create(text("web", "one").active()).id();
    rotate(id, "two");
    vault().activate(id);
    rotate(id, "three");
    assertThat(storedVersions(id)).hasSize(3);
    vault().delete(id);
    assertThat(storedVersions(id)).isEmpty();
  }

  @Test
  void sixteenLiveVersions_areTheMost() {
    SecretId id = create(text("web", "value").active()).id();
    for (int number = 2; number <= 16; number++) {
      rotate(id, "value-" + number);
    }
    SecretInfo full = vault().describe(id);
    assertThatThrownBy(() -> rotate(id, "another")).isInstanceOf(QuotaExceededException.class);
    assertThat(vault().describe(id)).isEqualTo(full);
    assertThat(storedVersions(id)).hasSize(16);
    vault().retire(id, 2);
    assertThat(Versions.newest(rotate(id, "another").versions()).number()).isEqualTo(17);
  }

  @Test
  void unknownSecret_isNotFound() {
    SecretId unknown = SecretId.of("0".repeat(26));
    assertThatThrownBy(() -> rotate(unknown, "v")).isInstanceOf(SecretNotFoundException.class);
    assertThatThrownBy(() -> vault().rollback(unknown)).isInstanceOf(SecretNotFoundException.class);
    assertThatThrownBy(() -> vault().retire(unknown, 1))
        .isInstanceOf(SecretNotFoundException.class);
  }

  @Test
  void racingRotations_activations_rollbacksAndRetirements_keepTheInvariants() {
    SecretId id = create(text("web", "value").active()).id();
    long seed = new Random().nextLong();
    AtomicInteger changes = new AtomicInteger();
    for (int round = 0; round < 5; round++) {
      int now = round;
      Racers.run(6, racer -> race(id, racer, new Random(seed + 6L * now + racer), changes));
      SecretInfo info = vault().describe(id);
      assertThat(states(info)).as("seed %d", seed).containsOnlyOnce(State.CURRENT);
      assertThat(storedVersions(id))
          .as("seed %d", seed)
          .isEqualTo(
              info.versions().stream()
                  .filter(Versions::isLive)
                  .map(Version::number)
                  .collect(Collectors.toCollection(TreeSet::new)));
      assertThat(info.versions()).extracting(Version::number).isSorted().doesNotHaveDuplicates();
    }
    assertThat(changes.get()).as("seed %d", seed).isGreaterThan(30);
  }

  private void race(SecretId id, int racer, Random random, AtomicInteger changes) {
    for (int step = 0; step < 12; step++) {
      if (racer < 2) {
        assertThat(digest(id)).hasSize(64);
        assertThat(reveal(id)).startsWith("value");
        continue;
      }
      try {
        change(id, random);
        changes.incrementAndGet();
      } catch (IllegalArgumentException | QuotaExceededException refused) {
        assertThat(refused).hasMessageMatching("(id|version|versions): .*");
      }
    }
  }

  private void change(SecretId id, Random random) {
    switch (random.nextInt(4)) {
      case 0 -> rotate(id, "value" + random.nextInt());
      case 1 -> vault().activate(id);
      case 2 -> vault().rollback(id);
      default -> {
        List<Version> versions = vault().describe(id).versions();
        vault().retire(id, versions.get(random.nextInt(versions.size())).number());
      }
    }
  }
}
