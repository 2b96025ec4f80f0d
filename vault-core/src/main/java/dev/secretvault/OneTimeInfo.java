package dev.secretvault;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What whoever has the link may know of a one-time secret before opening it. A snapshot.
 *
 * @param state what has become of it
 * @param createdAt when it was shared
 * @param expiresAt from when on the link opens it no more
 * @param endedAt when it was revealed or burned, or when it expired; null while it is new, and if
 *     it is orphaned
 * @param timeLeft how long the link still opens it; zero if it does not
 * @param passphraseProtected whether it takes a passphrase besides the link
 */
public record OneTimeInfo(
    OneTimeState state,
    Instant createdAt,
    Instant expiresAt,
    @Nullable Instant endedAt,
    Duration timeLeft,
    boolean passphraseProtected) {

  /** Requires all parts. */
  public OneTimeInfo {
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(createdAt, "createdAt");
    Objects.requireNonNull(expiresAt, "expiresAt");
    Objects.requireNonNull(timeLeft, "timeLeft");
  }
}
