package dev.secretvault;

import dev.secretvault.HighWaterMark.Known;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreListener;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
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
   * @param mark the part of it that does not depend on the clock
   */
  record Latest(Instant moment, Known mark) {

    /** Whether an expiry has come. */
    boolean reaches(@Nullable Instant expiresAt) {
      return expiresAt != null && !moment.isBefore(expiresAt);
    }
  }

  Latest latest() {
    Instant now = clock.instant();
    Known stored = mark.known();
    boolean setBack = stored.millis() != HighWaterMark.NONE && now.isBefore(moment(stored));
    return new Latest(setBack ? moment(stored) : now, stored);
  }

  private static Instant moment(Known mark) {
    return Instant.ofEpochMilli(mark.millis());
  }

  /** Whether a life is over. Reads the clock only if it ends: that costs a tenth of a digest. */
  boolean isOver(@Nullable Instant expiresAt) {
    return expiresAt != null
        && (!clock.instant().isBefore(expiresAt)
            || mark.known().millis() >= expiresAt.toEpochMilli());
  }

  /**
   * Refuses what takes a life that is not over.
   *
   * @throws SecretExpiredException if it is; it stays so, durably, for all vaults on the store
   */
  void requireNotOver(@Nullable Instant expiresAt) {
    if (expiresAt != null && isOver(expiresAt)) {
      mark.raise(expiresAt.toEpochMilli());
      throw new SecretExpiredException();
    }
  }

  /**
   * What a commit has to name that gives a secret this expiry.
   *
   * @throws IllegalArgumentException if it has come
   */
  Optional<Change> requirementFor(@Nullable Instant expiresAt) {
    if (expiresAt == null) {
      return Optional.empty();
    }
    if (latest().reaches(expiresAt)) {
      mark.forget(); // It may have been released, which was reported before that was kept.
    }
    Latest latest = latest();
    SecretSpec.requireFuture(expiresAt, latest.moment);
    return Optional.of(mark.requirement(latest.mark));
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
