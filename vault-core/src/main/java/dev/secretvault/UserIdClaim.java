package dev.secretvault;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a digest shall say: this user, and perhaps until when and for what. Immutable: each method
 * returns a changed copy.
 *
 * <p>{@code UserIdClaim.of("user-42").expiresAt(soon).context("action", "unsubscribe")}
 */
public final class UserIdClaim {

  /** The most entries of context. */
  public static final int MAX_CONTEXT = 16;

  /** The longest value in a context, in code points. */
  public static final int MAX_CONTEXT_VALUE = 2_048;

  private static final int MAX_CONTEXT_KEY = 100;
  private static final int SALT_LETTERS = 28;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final String userId;
  private final @Nullable String salt;
  private final @Nullable Instant expiresAt;
  private final Map<String, String> context;

  private UserIdClaim(
      String userId,
      @Nullable String salt,
      @Nullable Instant expiresAt,
      Map<String, String> context) {
    this.userId = userId;
    this.salt = salt;
    this.expiresAt = expiresAt;
    this.context = context;
  }

  /**
   * Begins a claim.
   *
   * @param userId 1 to {@value SecretVault#MAX_USER_ID_BYTES} bytes in UTF-8
   * @return the claim
   * @throws IllegalArgumentException if the user ID is empty, too long, or holds an unpaired
   *     surrogate
   */
  public static UserIdClaim of(String userId) {
    Text.userIdBytes("userId", userId);
    return new UserIdClaim(userId, null, null, Map.of());
  }

  /**
   * Has the digest differ from others of the same user.
   *
   * @param newSalt 1 to 256 code points, no control characters: a forged extension of a plain hash
   *     cannot do without them
   * @return the changed copy
   * @throws IllegalArgumentException if it is not allowed
   */
  public UserIdClaim salt(String newSalt) {
    Text.check("salt", Objects.requireNonNull(newSalt, "salt"), 1, TokenFields.MAX_SALT);
    return new UserIdClaim(userId, newSalt, expiresAt, context);
  }

  /**
   * {@return a copy with a new salt of 28 random letters, which are more than 128 bits; no digit
   * among them could run into an expiration}
   */
  public UserIdClaim randomSalt() {
    StringBuilder letters = new StringBuilder(SALT_LETTERS);
    RANDOM.ints(SALT_LETTERS, 'a', 'z' + 1).forEach(letters::appendCodePoint);
    return salt(letters.toString());
  }

  /**
   * Says until when.
   *
   * @param moment from when on the digest is worth nothing; a fraction of a second is dropped
   * @return the changed copy
   * @throws IllegalArgumentException if it is not between 1970 and the end of the year 9999
   */
  public UserIdClaim expiresAt(Instant moment) {
    long seconds = moment.getEpochSecond();
    if (seconds < 1 || seconds > TokenFields.MAX_EXPIRATION) {
      throw new IllegalArgumentException(
          "expiresAt: 1 to " + TokenFields.MAX_EXPIRATION + " seconds since 1970 allowed");
    }
    return new UserIdClaim(userId, salt, Instant.ofEpochSecond(seconds), context);
  }

  /**
   * Says for what: the digest is worth nothing where the verifier expects anything else. The
   * context is not handed over with the token, as the verifier has to know it by itself. Only
   * {@link UserIdPolicy#bound} and encrypted user IDs cover one.
   *
   * @param key such as {@code action} or {@code audience}, 1 to 100 code points, no control
   *     characters; not {@code url}, which {@link UserIdAuthenticator#signUrl} adds
   * @param value at most {@value #MAX_CONTEXT_VALUE} code points, no control characters
   * @return the changed copy
   * @throws IllegalArgumentException if one of them is not allowed, the key is there, or there
   *     would be more than {@value #MAX_CONTEXT}
   */
  public UserIdClaim context(String key, String value) {
    Map<String, String> more = new TreeMap<>(context);
    if (more.put(key, value) != null) {
      throw new IllegalArgumentException("context: a key is there already");
    }
    return new UserIdClaim(userId, salt, expiresAt, checkContext(more));
  }

  /** Checks a context, and puts it into the order of its keys. */
  static Map<String, String> checkContext(Map<String, String> context) {
    if (context.isEmpty()) {
      return Map.of();
    }
    if (context.size() > MAX_CONTEXT) {
      throw new IllegalArgumentException(
          "context: at most " + MAX_CONTEXT + " entries allowed, but there are " + context.size());
    }
    context.forEach(
        (key, value) -> {
          Text.check("context key", key, 1, MAX_CONTEXT_KEY);
          if (key.equals(SignedUrls.URL)) {
            throw new IllegalArgumentException("context key: url is that of a signed URL");
          }
          Text.check("context value", value, 0, MAX_CONTEXT_VALUE);
        });
    return Collections.unmodifiableSortedMap(new TreeMap<>(context));
  }

  /** {@return whom it is about} */
  public String userId() {
    return userId;
  }

  /** {@return what makes digests of one user ID differ; null for nothing} */
  public @Nullable String salt() {
    return salt;
  }

  /** {@return from when on it holds no more, to the second; null for never} */
  public @Nullable Instant expiresAt() {
    return expiresAt;
  }

  /** {@return what it is for, by key, unmodifiable} */
  public Map<String, String> context() {
    return context;
  }

  /** Says nothing of the user. */
  @Override
  public String toString() {
    return "UserIdClaim[hidden]";
  }
}
