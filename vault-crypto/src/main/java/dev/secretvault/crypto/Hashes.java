package dev.secretvault.crypto;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.NoSuchProviderException;

/** Hash functions whose state can be copied. */
final class Hashes {

  private Hashes() {}

  static MessageDigest of(String hash) {
    try {
      try {
        // By name: cloning the digest of a native provider registered before it costs several times
        // the hash itself.
        return MessageDigest.getInstance(hash, "SUN");
      } catch (NoSuchProviderException e) {
        return MessageDigest.getInstance(hash);
      }
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java platform has no " + hash, e);
    }
  }

  /** Any number of threads may copy one state at once, as long as nobody updates it. */
  static MessageDigest copyOf(MessageDigest state) {
    try {
      return (MessageDigest) state.clone();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException(
          "the provider's " + state.getAlgorithm() + " cannot be cloned", e);
    }
  }
}
