package dev.secretvault;

import dev.secretvault.SecretInfo.Version;
import dev.secretvault.SecretInfo.Version.State;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The rules of the versions of a secret. Each method takes the versions by number, the oldest
 * first, and returns what becomes of them; at most one is current. A method that makes one current
 * takes the revision that the secret will have then.
 */
final class Versions {

  /** The most versions whose values are kept. */
  static final int MAX_LIVE = 16;

  /** So many retired ones are remembered; the numbers of older ones are not used again either. */
  private static final int MAX_RETIRED = 16;

  private Versions() {}

  static Optional<Version> current(List<Version> versions) {
    return versions.stream().filter(version -> version.state() == State.CURRENT).findFirst();
  }

  static boolean isCurrent(List<Version> versions, int number) {
    return current(versions).filter(version -> version.number() == number).isPresent();
  }

  static boolean isLive(Version version) {
    return version.state() != State.RETIRED;
  }

  static boolean isLive(List<Version> versions, int number) {
    return versions.stream().anyMatch(version -> version.number() == number && isLive(version));
  }

  static Version newest(List<Version> versions) {
    return versions.get(versions.size() - 1);
  }

  /** With one more, pending. */
  static List<Version> rotated(List<Version> versions, Instant now) {
    if (versions.stream().filter(Versions::isLive).count() >= MAX_LIVE) {
      throw new QuotaExceededException(
          "versions: at most " + MAX_LIVE + " are kept of a secret: retire some first", null);
    }
    List<Version> rotated = new ArrayList<>(versions);
    rotated.add(new Version(newest(versions).number() + 1, State.PENDING, now, 0));
    return pruned(rotated);
  }

  /** With one more, current; pending ones stay so. */
  static List<Version> put(List<Version> versions, Instant now, long revision) {
    List<Version> rotated = rotated(versions, now);
    return withCurrent(rotated, newest(rotated), revision);
  }

  /**
   * With the newest pending one current, and older pending ones retired; as they are if none is.
   */
  static List<Version> promoted(List<Version> versions, long revision) {
    return versions.stream()
        .filter(version -> version.state() == State.PENDING)
        .reduce((older, newer) -> newer)
        .map(
            newest ->
                mapped(
                    withCurrent(versions, newest, revision),
                    version ->
                        version.state() == State.PENDING ? as(version, State.RETIRED) : version))
        .orElse(versions);
  }

  /**
   * With the previous one current that was so last, and the current one previous; empty if there is
   * none.
   */
  static Optional<List<Version>> rolledBack(List<Version> versions, long revision) {
    return versions.stream()
        .filter(version -> version.state() == State.PREVIOUS)
        .max(Comparator.comparingLong(Version::currentSince))
        .map(last -> withCurrent(versions, last, revision));
  }

  private static List<Version> withCurrent(List<Version> versions, Version next, long revision) {
    return mapped(
        versions,
        version -> {
          if (version.equals(next)) {
            return new Version(next.number(), State.CURRENT, next.createdAt(), revision);
          }
          return version.state() == State.CURRENT ? as(version, State.PREVIOUS) : version;
        });
  }

  /** With one retired, or as they are if that was done so long ago that it is forgotten. */
  static List<Version> retired(List<Version> versions, int number) {
    return mapped(
        versions, version -> version.number() == number ? as(version, State.RETIRED) : version);
  }

  /** With all of them retired. */
  static List<Version> allRetired(List<Version> versions) {
    return mapped(versions, version -> as(version, State.RETIRED));
  }

  private static Version as(Version version, State state) {
    return new Version(version.number(), state, version.createdAt(), version.currentSince());
  }

  private static List<Version> mapped(List<Version> versions, UnaryOperator<Version> step) {
    return pruned(versions.stream().map(step).toList());
  }

  /**
   * Without the oldest retired ones, but never without the newest version, which has the number.
   */
  private static List<Version> pruned(List<Version> versions) {
    long excess = versions.stream().filter(version -> !isLive(version)).count() - MAX_RETIRED;
    List<Version> kept = new ArrayList<>();
    for (Version version : versions) {
      if (!isLive(version) && excess > 0) {
        excess--;
      } else {
        kept.add(version);
      }
    }
    return kept;
  }
}
