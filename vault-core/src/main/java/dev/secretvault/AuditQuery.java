package dev.secretvault;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which events of an audit trail to list. Immutable: each method returns a changed copy.
 *
 * <p>{@code AuditQuery.all().kind(AuditEvent.Kind.DELETED).since(yesterday).limit(20)}
 */
public final class AuditQuery {

  /** The most events in one page. */
  public static final int MAX_LIMIT = 100;

  private static final AuditQuery ALL =
      new AuditQuery(MAX_LIMIT, 0, null, null, Instant.MIN, Instant.MAX);

  private final int limit;
  private final long after;
  private final AuditEvent.@Nullable Kind kind;
  private final @Nullable SecretId secret;
  private final Instant since;
  private final Instant before;

  private AuditQuery(
      int limit,
      long after,
      AuditEvent.@Nullable Kind kind,
      @Nullable SecretId secret,
      Instant since,
      Instant before) {
    this.limit = limit;
    this.after = after;
    this.kind = kind;
    this.secret = secret;
    this.since = since;
    this.before = before;
  }

  /** {@return all events, in pages of {@value #MAX_LIMIT}} */
  public static AuditQuery all() {
    return ALL;
  }

  /**
   * Sets the most events in a page.
   *
   * @param newLimit 1 to {@value #MAX_LIMIT}
   * @return the changed copy
   * @throws IllegalArgumentException if it is out of range
   */
  public AuditQuery limit(int newLimit) {
    if (newLimit < 1 || newLimit > MAX_LIMIT) {
      throw new IllegalArgumentException(
          "limit: 1 to " + MAX_LIMIT + " allowed, but was " + newLimit);
    }
    return new AuditQuery(newLimit, after, kind, secret, since, before);
  }

  /**
   * Goes on behind an event.
   *
   * @param cursor what a page's {@link Page#next} was, or the {@linkplain AuditEvent#sequence
   *     number} of any event, in decimal
   * @return the changed copy
   * @throws IllegalArgumentException if it cannot be one
   */
  public AuditQuery after(String cursor) {
    long sequence = -1;
    try {
      sequence = Long.parseLong(cursor);
    } catch (NumberFormatException notOne) {
      // Refused below.
    }
    if (sequence < 0) {
      throw new IllegalArgumentException("cursor: is not one that a page ended with");
    }
    return new AuditQuery(limit, sequence, kind, secret, since, before);
  }

  /**
   * Wants events of one kind only.
   *
   * @param wanted the kind
   * @return the changed copy
   */
  public AuditQuery kind(AuditEvent.Kind wanted) {
    return new AuditQuery(
        limit, after, Objects.requireNonNull(wanted, "kind"), secret, since, before);
  }

  /**
   * Wants events of one secret only, which may be deleted by now.
   *
   * @param wanted the secret
   * @return the changed copy
   */
  public AuditQuery secret(SecretId wanted) {
    return new AuditQuery(
        limit, after, kind, Objects.requireNonNull(wanted, "secret"), since, before);
  }

  /**
   * Wants events only that are not older.
   *
   * @param earliest when the first of them may have been
   * @return the changed copy
   */
  public AuditQuery since(Instant earliest) {
    return new AuditQuery(
        limit, after, kind, secret, Objects.requireNonNull(earliest, "since"), before);
  }

  /**
   * Wants events only that are older.
   *
   * @param end before which the last of them must have been
   * @return the changed copy
   */
  public AuditQuery before(Instant end) {
    return new AuditQuery(limit, after, kind, secret, since, Objects.requireNonNull(end, "before"));
  }

  int limit() {
    return limit;
  }

  long after() {
    return after;
  }

  boolean accepts(AuditEvent event) {
    return (kind == null || kind == event.kind())
        && (secret == null || secret.equals(event.secret()))
        && !event.at().isBefore(since)
        && event.at().isBefore(before);
  }
}
