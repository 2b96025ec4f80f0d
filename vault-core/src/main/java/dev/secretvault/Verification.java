package dev.secretvault;

import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Whether a token is genuine. Tell those who sent it no more than that: {@link #reason} is for the
 * operator's log, and {@link #toString} does not show it.
 */
public final class Verification {

  /** Why a token is believed, or is not. */
  public enum Reason {
    /** It is genuine. */
    GENUINE,
    /** It is no token at all. */
    MALFORMED,
    /** It was made in another way than the policy asks for. */
    OTHER_ALGORITHM,
    /** It has a salt or an expiration that the policy refuses, or lacks one that it demands. */
    OTHER_PARTS,
    /** It names another secret. */
    OTHER_SECRET,
    /** It names a version of the secret that does not verify: a retired, a pending or none. */
    UNKNOWN_VERSION,
    /** Its digest, or its seal, is not that of what it says. */
    WRONG_DIGEST,
    /** It is genuine, but its time is over, or was when this vault was asked of another one. */
    EXPIRED,
    /** The secret is not there, not active, expired, or makes no digests. */
    SECRET_UNUSABLE
  }

  private final Reason reason;
  private final @Nullable String userId;
  private final int version;

  private Verification(Reason reason, @Nullable String userId, int version) {
    this.reason = reason;
    this.userId = userId;
    this.version = version;
  }

  static Verification refused(Reason reason) {
    return new Verification(reason, null, 0);
  }

  static Verification genuine(String userId, int version) {
    return new Verification(Reason.GENUINE, Objects.requireNonNull(userId), version);
  }

  /** {@return whether the token can be believed} */
  public boolean genuine() {
    return reason == Reason.GENUINE;
  }

  /** {@return why, or why not; for the operator alone} */
  public Reason reason() {
    return reason;
  }

  /**
   * {@return whom the token is for}
   *
   * @throws NoSuchElementException if it is not genuine
   */
  public String userId() {
    if (userId == null) {
      throw new NoSuchElementException("the token is not genuine");
    }
    return userId;
  }

  /**
   * {@return the version of the secret that it was made with; one that is not the current one tells
   * that it should be replaced}
   *
   * @throws NoSuchElementException if it is not genuine
   */
  public int version() {
    userId();
    return version;
  }

  /** Whether it is genuine, and nothing else. */
  @Override
  public String toString() {
    return genuine() ? "Verification[genuine]" : "Verification[not genuine]";
  }
}
