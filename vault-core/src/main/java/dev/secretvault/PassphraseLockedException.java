package dev.secretvault;

import java.time.Duration;
import java.util.Objects;

/**
 * There were too many wrong passphrases for this secret, from this caller or from all together;
 * while that is so, even the right one is refused, and none is looked at. Wait.
 */
public final class PassphraseLockedException extends VaultException {

  private static final long serialVersionUID = 1L;

  /** See {@link #retryAfter()}. */
  private final Duration retryAfter;

  PassphraseLockedException(Duration retryAfter) {
    super(
        "passphrase-locked",
        "there were too many wrong passphrases: try again in "
            + Math.max(1, retryAfter.toSeconds())
            + " seconds",
        null);
    this.retryAfter = Objects.requireNonNull(retryAfter, "retryAfter");
  }

  /** {@return how long to wait, by the vault's clock} */
  public Duration retryAfter() {
    return retryAfter;
  }

  /** True: after {@link #retryAfter()}. */
  @Override
  public boolean retryable() {
    return true;
  }
}
