package dev.secretvault;

import java.time.Duration;

/**
 * What an {@linkplain SecretVault#audit audit trail} keeps. Immutable: each method returns a
 * changed copy.
 *
 * <p>{@code AuditPolicy.keep(100_000).forAtMost(Duration.ofDays(365))}
 */
public final class AuditPolicy {

  /** The most events that {@link #keep} can be told to keep. */
  public static final long HIGHEST_EVENTS = 10_000_000;

  private static final Duration SHORTEST = Duration.ofMinutes(1);
  private static final Duration LONGEST = Duration.ofDays(36_500);

  private final long events;
  private final Duration age;
  private final boolean reveals;

  AuditPolicy(long events, Duration age, boolean reveals) {
    this.events = events;
    this.age = age;
    this.reveals = reveals;
  }

  /**
   * Keeps the newest events of each namespace, up to 100 years. Where one commit does several
   * things at once, there may be as many more until the next one.
   *
   * @param events how many, 1 to {@value #HIGHEST_EVENTS}
   * @return the policy
   * @throws IllegalArgumentException if it is out of range
   */
  public static AuditPolicy keep(long events) {
    if (events < 1 || events > HIGHEST_EVENTS) {
      throw new IllegalArgumentException(
          "events: 1 to " + HIGHEST_EVENTS + " allowed, but was " + events);
    }
    return new AuditPolicy(events, LONGEST, false);
  }

  /**
   * Drops events that are older than this, when the next one is written.
   *
   * @param newAge a minute to 36,500 days
   * @return the changed copy
   * @throws IllegalArgumentException if it is out of range
   */
  public AuditPolicy forAtMost(Duration newAge) {
    if (newAge.compareTo(SHORTEST) < 0 || newAge.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException("age: a minute to 36,500 days allowed");
    }
    return new AuditPolicy(events, newAge, reveals);
  }

  /**
   * Writes an event for each reveal, durably before the value is returned, and for each look at a
   * {@linkplain SecretVault#oneTime one-time secret} by its link. Each then costs a commit that it
   * does not cost otherwise; reveals of {@link Disclosure#ONCE} and of one-time secrets are written
   * in any case.
   *
   * @return the changed copy
   */
  public AuditPolicy withReveals() {
    return new AuditPolicy(events, age, true);
  }

  long events() {
    return events;
  }

  Duration age() {
    return age;
  }

  boolean reveals() {
    return reveals;
  }
}
