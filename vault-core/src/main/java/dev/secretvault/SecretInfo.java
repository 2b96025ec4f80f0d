package dev.secretvault;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of a secret, except its value. A snapshot: it does not follow later changes.
 *
 * @param id its identity, for good
 * @param name its name, unique in the namespace
 * @param description what it is for; empty if nothing was said
 * @param labels keys and values to find it by, unmodifiable
 * @param state what may be done with it
 * @param disclosure when its value may be revealed
 * @param versions its values by number, the oldest first, unmodifiable
 * @param createdAt when it was created, to the millisecond like all times here
 * @param activatedAt when it was last activated, be it that it became active or that a pending
 *     version became current; null if it never was active
 * @param expiresAt from when on it gives neither value nor digest; null for never
 * @param notBefore from when on it does; null for at once
 * @param revision how often it was written: 1 when created, one more with each change
 * @param passphraseProtected whether revealing it takes a passphrase besides the vault's keys
 */
public record SecretInfo(
    SecretId id,
    String name,
    String description,
    Map<String, String> labels,
    SecretState state,
    Disclosure disclosure,
    List<Version> versions,
    Instant createdAt,
    @Nullable Instant activatedAt,
    @Nullable Instant expiresAt,
    @Nullable Instant notBefore,
    long revision,
    boolean passphraseProtected) {

  /** Requires all parts but the optional times, and copies the collections. */
  public SecretInfo {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(description, "description");
    labels = Map.copyOf(labels);
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(disclosure, "disclosure");
    versions = List.copyOf(versions);
    Objects.requireNonNull(createdAt, "createdAt");
  }

  /**
   * One value that a secret has or had.
   *
   * @param number 1 for the first
   * @param state what it is used for
   * @param createdAt when it came to be
   * @param currentSince the secret's revision that made it current the last time; 0 if none did
   */
  public record Version(int number, State state, Instant createdAt, long currentSince) {
    /** What a version is used for. */
    public enum State {
      /** Not yet used: the next activation makes it current. */
      PENDING,
      /** Revealed, signs, and verifies. */
      CURRENT,
      /** Was current before; still verifies. */
      PREVIOUS,
      /** Its value is gone. */
      RETIRED
    }

    /** Requires all parts. */
    public Version {
      Objects.requireNonNull(state, "state");
      Objects.requireNonNull(createdAt, "createdAt");
    }
  }

  /** The version that is in use. */
  Version current() {
    return Versions.current(versions)
        .orElseThrow(() -> new IntegrityException("a secret has no current version", null));
  }

  /**
   * Refuses a use of the value.
   *
   * @throws SecretNotActiveException if the secret is inactive or not yet valid
   * @throws SecretExpiredException if its time is over
   * @throws AlreadyRevealedException if its value is gone
   */
  void requireUsable(VaultClock clock) {
    switch (state) {
      case INACTIVE -> throw SecretNotActiveException.inactive();
      case REVEALED -> throw new AlreadyRevealedException();
      case ACTIVE -> requireInTime(clock);
    }
  }

  private void requireInTime(VaultClock clock) {
    clock.requireNotOver(expiresAt);
    if (notBefore != null && clock.instant().isBefore(notBefore)) {
      throw SecretNotActiveException.notYetValid();
    }
  }

  /** Id, state and revision only, so that neither name nor labels reach a log by accident. */
  @Override
  public String toString() {
    return "SecretInfo[" + id + ", " + state + ", revision " + revision + "]";
  }
}
