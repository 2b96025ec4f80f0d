package dev.secretvault;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A vault could not do what it was asked to. Each subclass answers one question: what can the
 * caller do now?
 *
 * <p>No message carries a value, a name, a key, a ciphertext or a user ID, so all of them may be
 * logged. Arguments that could never be right are not reported by this class but as {@link
 * IllegalArgumentException}, and the use of something closed as {@link IllegalStateException}.
 */
public abstract sealed class VaultException extends RuntimeException
    permits AccessDeniedException,
        AlreadyRevealedException,
        DuplicateNameException,
        IntegrityException,
        KeyInUseException,
        MasterKeyUnavailableException,
        NotRevealableException,
        PassphraseLockedException,
        QuotaExceededException,
        RateLimitExceededException,
        SecretExpiredException,
        SecretNotActiveException,
        SecretNotFoundException,
        StaleRevisionException,
        StoreFailedException,
        UnsupportedFormatException,
        VaultNotFoundException,
        WrongMasterKeyException,
        WrongPassphraseException {

  private static final long serialVersionUID = 1L;

  /** See {@link #code()}. */
  private final String code;

  VaultException(String code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = Objects.requireNonNull(code, "code");
  }

  /**
   * {@return a name of the condition for programs, such as {@code secret-not-found}} It never
   * changes.
   */
  public final String code() {
    return code;
  }

  /** {@return whether the same call may succeed later without anybody having mended anything} */
  public boolean retryable() {
    return false;
  }
}
