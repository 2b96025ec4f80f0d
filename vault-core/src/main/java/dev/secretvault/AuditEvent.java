package dev.secretvault;

import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something that was done, as an {@linkplain AuditTrail audit trail} has it.
 *
 * @param sequence its number in the trail: one more than that of the event before it
 * @param at when it was done, by the vault's clock, to the millisecond
 * @param kind what was done
 * @param secret to which secret; null if it was done to none
 * @param version to which version of it; of an event about an epoch, the epoch; 0 if to none
 * @param actor who did it, as the application {@linkplain SecretVault#actingAs said}; null if it
 *     did not
 */
public record AuditEvent(
    long sequence,
    Instant at,
    Kind kind,
    @Nullable SecretId secret,
    int version,
    @Nullable String actor) {

  /** Requires what cannot be null. */
  public AuditEvent {
    Objects.requireNonNull(at, "at");
    Objects.requireNonNull(kind, "kind");
  }

  /** What was done. */
  public enum Kind {
    /** A secret was created. */
    CREATED,
    /** What is said of a secret was changed. */
    UPDATED,
    /** A secret was given a version, pending. */
    ROTATED,
    /**
     * A secret was given a version that is current at once, by {@link SecretVault#putIfChanged}.
     */
    REPLACED,
    /** A secret was made active, or its pending version current. */
    ACTIVATED,
    /** A secret was made inactive. */
    DEACTIVATED,
    /** The version that was current before was made current again. */
    ROLLED_BACK,
    /** A version was retired. */
    RETIRED,
    /** A secret was deleted. */
    DELETED,
    /**
     * A value was revealed: always written of {@link Disclosure#ONCE} and of one-time secrets, of
     * others only if {@link AuditPolicy#withReveals} says so.
     */
    REVEALED,
    /** A secret was removed, or a one-time secret ended, because its time was over. */
    EXPIRED,
    /**
     * A passphrase was tried. If no {@link #PASSPHRASE_ACCEPTED} of that secret follows, it was
     * wrong, or the process ended before it was known.
     */
    PASSPHRASE_TRIED,
    /** A passphrase that was tried was right. */
    PASSPHRASE_ACCEPTED,
    /** A passphrase that was tried was wrong, and too many were: nobody may try for a while. */
    PASSPHRASE_LOCKED,
    /** Another master key unlocks the vault. */
    UNLOCK_ADDED,
    /** A master key unlocks the vault no more. */
    UNLOCK_REMOVED,
    /** A master key was replaced by another one. */
    MASTER_KEY_CHANGED,
    /** New data keys are used from now on. */
    EPOCH_BEGUN,
    /** The data keys of an epoch were let go. */
    EPOCH_RETIRED,
    /** A record that did not open was deleted. */
    RECORD_DISCARDED,
    /** A one-time secret was shared. */
    SHARED,
    /**
     * A one-time secret was looked at by its link; only if {@link AuditPolicy#withReveals} says so.
     */
    PEEKED,
    /** The generated value of a one-time secret was shown to whoever has its receipt. */
    SHOWN,
    /** A one-time secret was burned unseen. */
    BURNED,
    /** The value of a one-time secret was found to be gone, though nobody took it. */
    ORPHANED
  }

  /** Without the actor, so that no account's name reaches a log by accident. */
  @Override
  public String toString() {
    return "AuditEvent["
        + sequence
        + ", "
        + at
        + ", "
        + kind
        + (secret == null ? "" : ", " + secret)
        + (version == 0 ? "" : ", " + version)
        + "]";
  }
}
