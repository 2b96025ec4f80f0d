package dev.secretvault.crypto;

import java.security.MessageDigest;

/**
 * A {@link DigestAlgorithm} prepared for one key. Immutable and safe for use by any number of
 * threads at once, without locks or thread-locals.
 */
public sealed interface Digester permits Hmac, UnkeyedHash {

  /**
   * Makes the digest of a user ID.
   *
   * @param userId any bytes, also none
   * @param suffix any bytes, often none
   * @return the digest, a new array
   */
  byte[] compute(byte[] userId, byte[] suffix);

  /**
   * Says whether {@code candidate} is the digest of a user ID, in time that does not depend on
   * where the two differ.
   *
   * @param userId any bytes, also none
   * @param suffix any bytes, often none
   * @param candidate what to compare with
   * @return false as well if it has another length
   */
  default boolean verify(byte[] userId, byte[] suffix, byte[] candidate) {
    return MessageDigest.isEqual(compute(userId, suffix), candidate);
  }
}
