package dev.secretvault;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/**
 * There were too many calls of this kind lately. Wait. Nothing was changed, and this call does not
 * count.
 */
public final class RateLimitExceededException extends VaultException {

  private static final long serialVersionUID = 1L;

  /** See {@link #limit()}. */
  private final int limit;

  /** See {@link #resetAt()}. */
  private final Instant resetAt;

  /** See {@link #retryAfter()}. */
  private final Duration retryAfter;

  RateLimitExceededException(int limit, Instant resetAt, Duration retryAfter) {
    super(
        "rate-limit-exceeded",
        "at most " + limit + " calls of this kind are allowed: try again in " + retryAfter,
        null);
    this.limit = limit;
    this.resetAt = Objects.requireNonNull(resetAt, "resetAt");
    this.retryAfter = Objects.requireNonNull(retryAfter, "retryAfter");
  }

  /** {@return how many calls are allowed within the window} */
  public int limit() {
    return limit;
  }

  /** {@return how many calls are left now: none} */
  public int remaining() {
    return 0;
  }

  /** {@return when all of them are to be had again, if none is made before} */
  public Instant resetAt() {
    return resetAt;
  }

  /** {@return how long to wait for the next one, by the vault's clock} */
  public Duration retryAfter() {
    return retryAfter;
  }

  /** True: after {@link #retryAfter()}. */
  @Override
  public boolean retryable() {
    return true;
  }
}
