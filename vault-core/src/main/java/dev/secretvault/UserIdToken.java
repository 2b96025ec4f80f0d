package dev.secretvault;

import dev.secretvault.TokenForm.Part;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A user ID with its digest and all that is needed to verify it, but for the secret. Made by {@link
 * UserIdAuthenticator#sign(UserIdClaim)}, handed over in a {@link TokenForm}, and verified by
 * {@link UserIdAuthenticator#verify(UserIdToken)}. Immutable.
 *
 * <pre>{@code
 * Map<String, Object> fields = users.sign("user-42").fields(TokenForm.WEB_CONFIGURATION);
 * UserIdToken token = UserIdToken.parse(TokenForm.WEB_CONFIGURATION, fields);
 * boolean genuine = users.verify(token).genuine();
 * }</pre>
 */
public final class UserIdToken {

  private final String userId;
  private final String algorithm;
  private final String secretId;
  private final @Nullable String salt;
  private final @Nullable Instant expiresAt;
  private final @Nullable Integer version;
  private final Digest digest;

  UserIdToken(
      String userId,
      String algorithm,
      String secretId,
      @Nullable String salt,
      @Nullable Instant expiresAt,
      @Nullable Integer version,
      Digest digest) {
    this.userId = userId;
    this.algorithm = algorithm;
    this.secretId = secretId;
    this.salt = salt;
    this.expiresAt = expiresAt;
    this.version = version;
    this.digest = digest;
  }

  /**
   * Takes a token that came from outside. Fields of other names are passed over; an empty text
   * counts as none.
   *
   * @param form under which names its parts are
   * @param fields the parts: texts, and integers as numbers or in decimal digits
   * @return the token, of which nothing is verified yet
   * @throws IllegalArgumentException naming the field, if one is missing or is not what it has to
   *     be: a user ID of at most {@value SecretVault#MAX_USER_ID_BYTES} bytes, a known algorithm, a
   *     secret's id of at most 300 characters and a salt of at most 256 without control characters,
   *     an expiration in whole seconds, a digest in as many hexadecimal digits as the algorithm
   *     makes; or if there is an initialization vector, which no digest goes with
   */
  public static UserIdToken parse(TokenForm form, Map<String, ?> fields) {
    TokenFields in = new TokenFields(form, fields);
    in.requireAbsent(Part.IV, "not allowed where a digest is needed");
    String algorithm = in.algorithm();
    int bytes = UserIdPolicy.digestBytes(in.name(Part.ALGORITHM), algorithm);
    return new UserIdToken(
        in.userId(),
        algorithm,
        in.secretId(),
        in.salt(),
        in.expiresAt(),
        in.version(),
        new Digest(in.hex(Part.DIGEST, bytes, bytes)));
  }

  /**
   * {@return the token's parts under the names of a form, in a fixed order: texts, and the
   * expiration in seconds since 1970 as a {@code Long}}
   *
   * @param form where the token is handed over
   */
  public Map<String, Object> fields(TokenForm form) {
    Map<Part, @Nullable Object> parts = new EnumMap<>(Part.class);
    parts.put(Part.USER_ID, userId);
    parts.put(Part.ALGORITHM, algorithm);
    parts.put(Part.SECRET_ID, secretId);
    parts.put(Part.SALT, salt);
    parts.put(Part.DIGEST, digest.hex());
    parts.put(Part.EXPIRATION, expiresAt == null ? null : expiresAt.getEpochSecond());
    parts.put(Part.VERSION, version);
    return TokenFields.write(form, parts);
  }

  /** {@return whom it is for; believe it when the token is verified, not before} */
  public String userId() {
    return userId;
  }

  /** {@return how the digest was made, such as {@code hmac-sha256}} */
  public String algorithm() {
    return algorithm;
  }

  /** {@return the secret, by the id that verifiers know it by} */
  public String secretId() {
    return secretId;
  }

  /** {@return what makes digests of one user ID differ; null for nothing} */
  public @Nullable String salt() {
    return salt;
  }

  /** {@return from when on it is worth nothing, to the second; null for never} */
  public @Nullable Instant expiresAt() {
    return expiresAt;
  }

  /** {@return which version of the secret signed it; null if it does not say} */
  public @Nullable Integer version() {
    return version;
  }

  /** {@return the digest} */
  public Digest digest() {
    return digest;
  }

  /** The algorithm only. */
  @Override
  public String toString() {
    return "UserIdToken[" + algorithm + "]";
  }
}
