package dev.secretvault;

import java.util.HexFormat;
import java.util.Objects;

/**
 * A user ID, and what is kept as its digest.
 *
 * @param userId the user ID
 * @param digest in hexadecimal digits
 */
public record UserIdDigest(String userId, String digest) {

  /** Requires both. */
  public UserIdDigest {
    Objects.requireNonNull(userId, "userId");
    Objects.requireNonNull(digest, "digest");
  }

  /** Whether this is the digest. */
  boolean is(Digest candidate) {
    try {
      return candidate.equalsInConstantTime(HexFormat.of().parseHex(digest));
    } catch (IllegalArgumentException malformed) {
      return false;
    }
  }

  /** Says nothing of the user. */
  @Override
  public String toString() {
    return "UserIdDigest[hidden]";
  }
}
