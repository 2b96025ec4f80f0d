package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.SecretInfo.Version;
import dev.secretvault.SecretInfo.Version.State;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Versions are written as numbers with p for pending, c for current, v for previous, x; and @ with
 * the revision that made them current the last time, if one did.
 */
class VersionsTest {

  private static final Map<Character, State> STATES =
      Map.of('p', State.PENDING, 'c', State.CURRENT, 'v', State.PREVIOUS, 'x', State.RETIRED);

  private static final Instant NOW = VaultFixture.START;

  /** Of the secret, after a step. */
  private static final long REVISION = 99;

  private static List<Version> versions(String written) {
    List<Version> versions = new ArrayList<>();
    for (String version : written.split(" ", -1)) {
      int at = version.indexOf('@');
      int last = (at < 0 ? version.length() : at) - 1;
      versions.add(
          new Version(
              Integer.parseInt(version.substring(0, last)),
              STATES.get(version.charAt(last)),
              NOW.minusSeconds(9),
              at < 0 ? 0 : Long.parseLong(version.substring(at + 1))));
    }
    return versions;
  }

  private static String written(List<Version> versions) {
    return versions.stream()
        .map(
            version ->
                version.number()
                    + STATES.entrySet().stream()
                        .filter(letter -> letter.getValue() == version.state())
                        .map(letter -> letter.getKey().toString())
                        .collect(Collectors.joining())
                    + (version.currentSince() == 0 ? "" : "@" + version.currentSince()))
        .collect(Collectors.joining(" "));
  }

  /** So many versions of one state, from a number on. */
  private static String many(int from, int count, char state) {
    StringBuilder text = new StringBuilder();
    for (int number = from; number < from + count; number++) {
      text.append(number == from ? "" : " ").append(number).append(state);
    }
    return text.toString();
  }

  @ParameterizedTest
  @CsvSource({
    "1c, 1c 2p",
    "1c 2p, 1c 2p 3p",
    "1v 2c, 1v 2c 3p",
    "1c 2x, 1c 2x 3p",
    "3c 7x, 3c 7x 8p"
  })
  void rotation_addsAPendingVersionWithTheNextNumber(String before, String after) {
    List<Version> rotated = Versions.rotated(versions(before), NOW);
    assertThat(written(rotated)).isEqualTo(after);
    assertThat(Versions.newest(rotated).createdAt()).isEqualTo(NOW);
    assertThat(rotated.get(0).createdAt()).isEqualTo(NOW.minusSeconds(9));
  }

  @ParameterizedTest
  @CsvSource({
    "1c@1, 1c@1",
    "1v 2c 3x, 1v 2c 3x",
    "1c@1 2p, 1v@1 2c@99",
    "1c 2p 3p, 1v 2x 3c@99",
    "1v@1 2p 3c@4 4p 5x, 1v@1 2x 3v@4 4c@99 5x",
    "1c@8 2v@3 3p, 1v@8 2v@3 3c@99",
    "1v 2p 3c, 1v 2c@99 3v"
  })
  void activation_promotesTheNewestPendingVersionAndRetiresOlderOnes(String before, String after) {
    assertThat(written(Versions.promoted(versions(before), REVISION))).isEqualTo(after);
  }

  @ParameterizedTest
  @CsvSource({
    "1c@1, 1v@1 2c@99",
    "1v@1 2c@3, 1v@1 2v@3 3c@99",
    "1c@1 2p 3p, 1v@1 2p 3p 4c@99",
    "1c@1 2x 7x, 1v@1 2x 7x 8c@99"
  })
  void putting_addsACurrentVersion_andLeavesPendingOnesAlone(String before, String after) {
    List<Version> put = Versions.put(versions(before), NOW, REVISION);
    assertThat(written(put)).isEqualTo(after);
    assertThat(Versions.newest(put).createdAt()).isEqualTo(NOW);
    assertThat(put.get(0).createdAt()).isEqualTo(NOW.minusSeconds(9));
  }

  @ParameterizedTest
  @CsvSource({
    "1v@1 2c@3, 1c@99 2v@3",
    "1c@5 2v@3, 1v@5 2c@99",
    "1v@1 2v@3 3c@5, 1v@1 2c@99 3v@5",
    "1v@4 2v@3 3c@6, 1c@99 2v@3 3v@6",
    "1v@1 2c@9 3v@6, 1v@1 2v@9 3c@99",
    "1x@8 2v@3 3v@2 4c@9 5p, 1x@8 2c@99 3v@2 4v@9 5p"
  })
  void rollback_swapsTheCurrentVersionAndThePreviousOneThatWasCurrentLast(
      String before, String after) {
    assertThat(Versions.rolledBack(versions(before), REVISION).map(VersionsTest::written))
        .contains(after);
  }

  @ParameterizedTest
  @CsvSource({
    "1v@1 2c@3, 1v@99 2c@100",
    "1v@4 2v@3 3c@6, 1v@99 2v@3 3c@100",
    "1x 2v@3 3c@5 4p, 1x 2v@99 3c@100 4p"
  })
  void rollback_twice_undoesItself(String before, String after) {
    List<Version> back = Versions.rolledBack(versions(before), REVISION).orElseThrow();
    assertThat(Versions.rolledBack(back, REVISION + 1).map(VersionsTest::written)).contains(after);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1c", "1c 2p", "1x@7 2c@9", "1x 2x 3c 4p"})
  void rollback_withoutAPreviousVersion_isEmpty(String before) {
    assertThat(Versions.rolledBack(versions(before), REVISION)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"1v 2c, 1, 1x 2c", "1c 2p, 2, 1c 2x", "1x 2c, 1, 1x 2c", "1v 2v 3c, 2, 1v 2x 3c"})
  void retirement_retiresTheNumberedVersionAlone(String before, int number, String after) {
    assertThat(written(Versions.retired(versions(before), number))).isEqualTo(after);
  }

  @Test
  void allRetired_leavesNoneLive() {
    assertThat(written(Versions.allRetired(versions("1x 2v 3c 4p")))).isEqualTo("1x 2x 3x 4x");
  }

  @Test
  void currentAndLive_areTold() {
    List<Version> versions = versions("1x 2v 3c 4p");
    assertThat(Versions.current(versions)).contains(versions.get(2));
    assertThat(Versions.current(versions("1x"))).isEmpty();
    assertThat(versions)
        .filteredOn(Versions::isLive)
        .containsExactlyElementsOf(versions("2v 3c 4p"));
    assertThat(Versions.isLive(versions, 1)).isFalse();
    assertThat(Versions.isLive(versions, 2)).isTrue();
    assertThat(Versions.isLive(versions, 5)).isFalse();
    assertThat(Versions.newest(versions)).isEqualTo(versions.get(3));
  }

  @Test
  void sixteenLiveVersions_areKept_andTheSeventeenthIsRefused() {
    List<Version> versions = versions("1c");
    for (int number = 2; number <= 16; number++) {
      versions = Versions.rotated(versions, NOW);
    }
    List<Version> full = versions;
    assertThat(full).hasSize(16).allMatch(Versions::isLive);
    assertThatThrownBy(() -> Versions.rotated(full, NOW))
        .isInstanceOf(QuotaExceededException.class)
        .hasMessageContaining("16");
    assertThat(written(Versions.rotated(Versions.retired(full, 9), NOW)))
        .startsWith("1c ")
        .contains(" 9x ")
        .endsWith(" 16p 17p");
  }

  @Test
  void retiredVersions_areForgottenBeyondSixteen_theOldestFirst() {
    String sixteen = many(1, 16, 'x') + " 17v 18c";
    assertThat(written(Versions.promoted(versions(sixteen), REVISION))).isEqualTo(sixteen);
    assertThat(written(Versions.retired(versions(sixteen), 17)))
        .isEqualTo(many(2, 16, 'x') + " 18c");
    assertThat(written(Versions.rotated(versions(many(1, 18, 'x') + " 19c"), NOW)))
        .isEqualTo(many(3, 16, 'x') + " 19c 20p");
  }

  @Test
  void liveVersions_areNeverForgotten_howeverOld() {
    assertThat(written(Versions.retired(versions("1v " + many(2, 17, 'x') + " 19c"), 5)))
        .isEqualTo("1v " + many(3, 16, 'x') + " 19c");
  }

  @Test
  void theNewestVersion_isNeverForgotten_soItsNumberIsNotUsedAgain() {
    List<Version> versions = versions("1c " + many(2, 16, 'x') + " 18p");
    List<Version> retired = Versions.retired(versions, 18);
    assertThat(written(retired)).isEqualTo("1c " + many(3, 16, 'x'));
    assertThat(Versions.newest(Versions.rotated(retired, NOW)).number()).isEqualTo(19);
    assertThat(written(Versions.allRetired(versions("1c " + many(2, 18, 'p')))))
        .isEqualTo(many(4, 16, 'x'));
  }

  @Test
  void anySteps_leaveOneCurrentInOrderWithFreshNumbers() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    List<Version> versions = versions("1c");
    Set<Integer> used = new HashSet<>(Set.of(1));
    for (int step = 0; step < 20_000; step++) {
      List<Version> before = versions;
      int revision = step + 2;
      List<UnaryOperator<List<Version>>> steps =
          List.of(
              was ->
                  was.stream().filter(Versions::isLive).count() < 16
                      ? Versions.rotated(was, NOW)
                      : was,
              was ->
                  was.stream().filter(Versions::isLive).count() < 16
                      ? Versions.put(was, NOW, revision)
                      : was,
              was -> Versions.promoted(was, revision),
              was -> Versions.rolledBack(was, revision).orElse(was),
              was -> retireOneOf(was, random));
      versions = steps.get(random.nextInt(steps.size())).apply(before);
      assertThat(versions)
          .as("seed %d, step %d", seed, step)
          .isSortedAccordingTo(VersionsTest::byNumber);
      assertThat(states(versions, State.CURRENT)).as("seed %d, step %d", seed, step).isEqualTo(1);
      assertThat(versions.size() - states(versions, State.RETIRED)).isLessThanOrEqualTo(16);
      assertThat(states(versions, State.RETIRED)).isLessThanOrEqualTo(16);
      int newest = Versions.newest(versions).number();
      if (newest != Versions.newest(before).number()) {
        assertThat(used.add(newest)).as("seed %d, step %d: used again", seed, step).isTrue();
      }
    }
    assertThat(used).hasSizeGreaterThan(100);
  }

  private static List<Version> retireOneOf(List<Version> versions, Random random) {
    Version one = versions.get(random.nextInt(versions.size()));
    return one.state() == State.CURRENT ? versions : Versions.retired(versions, one.number());
  }

  private static int byNumber(Version one, Version other) {
    return Integer.compare(one.number(), other.number());
  }

  private static long states(List<Version> versions, State state) {
    return versions.stream().filter(version -> version.state() == state).count();
  }
}
