package dev.secretvault;

import dev.secretvault.HighWaterMark.Known;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreListener;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The time as a vault takes it. Clocks are wrong at times, and set back. Each rule goes by what
 * gives out less: an expiry has come when the clock says so, or once said so to somebody; all else,
 * such as not-before, goes by the clock as it is, which may have been set forward by mistake.
 */
final class VaultClock implements InstantSource, StoreListener {

  private final InstantSource clock;
  private final HighWaterMark mark;

  VaultClock(InstantSource clock, HighWaterMark mark) {
    this.clock = clock;
    this.mark = mark;
  }

  /** What the clock says. */
  @Override
  public Instant instant() {
    return clock.instant();
  }

  /**
   * Up to when expiries have come.
   *
   * @param now what the clock said
   * @param mark what was enforced, whatever the clock says
   */
  record Latest(Instant now, Known mark) {

    Instant moment() {
      return isMarked() && now.isBefore(ofMark()) ? ofMark() : now;
    }

    /** Whether an expiry has come. */
    boolean reaches(@Nullable Instant expiresAt) {
      return expiresAt != null && !moment().isBefore(expiresAt);
    }

    /** Whether only the mark says that an expiry has come. */
    boolean holdsBack(@Nullable Instant expiresAt) {
      return reaches(expiresAt) && now.isBefore(expiresAt);
    }

    /** Whether the mark reaches an expiry, so that it may be that of what was refused. */
    boolean marks(Instant expiresAt) {
      return isMarked() && !ofMark().isBefore(expiresAt);
    }

    private boolean isMarked() {
      return mark.millis() != HighWaterMark.NONE;
    }

    private Instant ofMark() {
      return Instant.ofEpochMilli(mark.millis());
    }
  }

  /** By the mark as it is stored: what is kept of it may have been released meanwhile. */
  Latest latest() {
    mark.forget();
    return new Latest(clock.instant(), mark.known());
  }

  /**
   * Whether a life seems to be over; if so, {@link #latest} decides. Reads the clock only if it
   * ends: that costs a tenth of a digest.
   */
  private boolean seemsOver(@Nullable Instant expiresAt) {
    return expiresAt != null
        && (!clock.instant().isBefore(expiresAt)
            || mark.known().millis() >= expiresAt.toEpochMilli());
  }

  /** The latest, if an expiry has come: of what is written down as ended before that is told. */
  Optional<Latest> reaching(Instant expiresAt) {
    return seemsOver(expiresAt)
        ? Optional.of(latest()).filter(latest -> latest.reaches(expiresAt))
        : Optional.empty();
  }

  /**
   * Whether the time of a token is over: by the clock, by what was enforced of secrets, or because
   * a token that ends no earlier was found to be over by the clock. The last is known in memory
   * alone: verifying writes nothing, and if the end of a token were enforced of secrets, a clock
   * that was set forward for a moment could end them all.
   *
   * @param ended the latest end, in milliseconds since 1970, of the tokens of the same secret that
   *     the clock said were over
   */
  boolean endsToken(Instant expiresAt, AtomicLong ended) {
    long end = expiresAt.toEpochMilli();
    if (!clock.instant().isBefore(expiresAt)) {
      ended.accumulateAndGet(end, Math::max);
      return true;
    }
    return mark.known().millis() >= end || ended.get() >= end;
  }

  /**
   * Refuses what takes a life that is not over.
   *
   * @throws SecretExpiredException if it is; it stays so, durably, for all vaults on the store
   */
  void requireNotOver(@Nullable Instant expiresAt) {
    if (expiresAt != null && seemsOver(expiresAt)) {
      Latest ignored = latestBefore(expiresAt);
    }
  }

  /** The latest, if it does not reach an expiry; if it does, as {@link #requireNotOver}. */
  private Latest latestBefore(@Nullable Instant expiresAt) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Latest latest = latest();
      if (expiresAt == null || !latest.reaches(expiresAt)) {
        return latest;
      }
      if (mark.raise(latest.mark, expiresAt.toEpochMilli())) {
        throw new SecretExpiredException();
      }
    }
    throw new StaleRevisionException();
  }

  /**
   * What a commit has to name that gives a secret another expiry: with it, nobody has refused the
   * secret as expired, nor what ends when it shall end.
   *
   * @param before when it ends otherwise; null if it does not, or is not there yet
   * @throws SecretExpiredException as {@link #requireNotOver} does
   * @throws IllegalArgumentException if the new expiry has come
   */
  Optional<Change> requirementFor(@Nullable Instant before, @Nullable Instant after) {
    if (Objects.equals(before, after)) {
      return Optional.empty();
    }
    Latest latest = latestBefore(before);
    SecretSpec.requireFuture(after, latest.now);
    if (latest.reaches(after)) {
      throw new IllegalArgumentException(
          "expiresAt: must be later than what was refused as expired, until all of that is"
              + " removed");
    }
    return Optional.of(requirement(latest));
  }

  /** What a commit has to name that is right only as long as the mark stays as it was. */
  Change requirement(Latest latest) {
    return mark.requirement(latest.mark);
  }

  /**
   * Whether a commit of {@link #requirementFor} failed for that reason; if so, it may be tried
   * again.
   */
  boolean hasMoved(RecordKey conflict) {
    boolean moved = conflict.equals(mark.key());
    if (moved) {
      mark.forget();
    }
    return moved;
  }

  /** Lets the clock alone decide again: no secret is left that ends by then. */
  void release(Latest nothingLeft) {
    mark.clear(nothingLeft.mark);
  }

  /** Whether there may be something that the clock alone would not end. */
  boolean isMarked() {
    return mark.known().revision() > 0;
  }

  @Override
  public void changed(Set<RecordKey> keys) {
    if (keys.contains(mark.key())) {
      mark.forget();
    }
  }

  @Override
  public void missed() {
    mark.forget();
  }
}
