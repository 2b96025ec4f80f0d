package dev.secretvault.crypto;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A key or sealed bytes could not be used. The message says what to do about it, and holds no key,
 * plaintext or ciphertext.
 */
public final class CryptoException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** What went wrong, by what the caller can do about it. */
  public enum Reason {
    /**
     * The master key is intact but not one that unlocks this vault, or the passphrase is wrong.
     * Give the right one.
     */
    WRONG_KEY,
    /**
     * The master key cannot be had: no such file, a file that others can read, an unset variable, a
     * key service that does not answer, not enough memory for a passphrase. Mend that.
     */
    KEY_UNAVAILABLE,
    /**
     * The bytes were damaged, altered, or moved here from elsewhere. Restore a backup, look for the
     * cause.
     */
    DAMAGED,
    /**
     * The bytes name an epoch that this keyring has no keys of. Look whether the keyring was
     * changed elsewhere; if not, they are damaged.
     */
    UNKNOWN_EPOCH,
    /** The bytes were written by a newer release. Upgrade. */
    NEWER_FORMAT,
    /** What was to be removed is the last of its kind. Add another one first. */
    STILL_NEEDED,
    /** There are as many as there may be. Remove some first. */
    LIMIT_REACHED
  }

  /** See {@link #reason()}. */
  private final Reason reason;

  CryptoException(Reason reason, String message) {
    this(reason, message, null);
  }

  CryptoException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = Objects.requireNonNull(reason, "reason");
  }

  /** {@return what went wrong} */
  public Reason reason() {
    return reason;
  }
}
