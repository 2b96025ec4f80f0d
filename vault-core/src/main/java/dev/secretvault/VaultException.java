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
 *
 * <p>The {@linkplain #code codes}:
 *
 * <ul>
 *   <li>{@code access-denied}: {@link AccessDeniedException}
 *   <li>{@code already-revealed}: {@link AlreadyRevealedException}
 *   <li>{@code duplicate-name}: {@link DuplicateNameException}
 *   <li>{@code integrity}: {@link IntegrityException}
 *   <li>{@code key-in-use}: {@link KeyInUseException}
 *   <li>{@code master-key-unavailable}: {@link MasterKeyUnavailableException}
 *   <li>{@code not-revealable}: {@link NotRevealableException}
 *   <li>{@code passphrase-locked}: {@link PassphraseLockedException}
 *   <li>{@code quota-exceeded}: {@link QuotaExceededException}
 *   <li>{@code rate-limit-exceeded}: {@link RateLimitExceededException}
 *   <li>{@code secret-expired}: {@link SecretExpiredException}
 *   <li>{@code secret-not-active}: {@link SecretNotActiveException}
 *   <li>{@code secret-not-found}: {@link SecretNotFoundException}
 *   <li>{@code stale-revision}: {@link StaleRevisionException}
 *   <li>{@code store-failed}: {@link StoreFailedException}
 *   <li>{@code unsupported-format}: {@link UnsupportedFormatException}
 *   <li>{@code vault-not-found}: {@link VaultNotFoundException}
 *   <li>{@code wrong-master-key}: {@link WrongMasterKeyException}
 *   <li>{@code wrong-passphrase}: {@link WrongPassphraseException}
 * </ul>
 *
 * <p>{@linkplain #retryable Retryable} are locked passphrases and reached rates, at a time that
 * they say; and sometimes, as they say, secrets that are not active, stale revisions and failures
 * of the store.
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
