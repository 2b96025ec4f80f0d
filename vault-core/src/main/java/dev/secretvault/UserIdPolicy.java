package dev.secretvault;

import dev.secretvault.crypto.DigestAlgorithm;
import org.jspecify.annotations.Nullable;

/**
 * How user IDs are signed with a secret, and what is accepted as signed. A verifier goes by its
 * policy alone: a token that says that it was made in another way is refused, so nobody can choose
 * a weaker one for it. Immutable: each method that is not static returns a changed copy.
 *
 * <p>{@link #bound} is for new designs, where both sides are yours. The others are what services
 * ask for; they put user ID, salt and expiration one behind the other with nothing between them. So
 * <b>the user {@code ab} with the salt {@code c} has the digest of the user {@code a} with the salt
 * {@code bc}</b>, digits at the end of a salt could as well begin the expiration, and a digest can
 * be used for any purpose. With them, give out user IDs that nobody chooses freely, such as UUIDs.
 */
public final class UserIdPolicy {

  private static final UserIdPolicy STANDARD =
      new UserIdPolicy(new UserIdScheme.Joined(DigestAlgorithm.HMAC_SHA256, false), null, false);

  private final UserIdScheme scheme;
  private final @Nullable String secretId;
  private final boolean stampsVersions;
  private final boolean allowsCbc;

  private UserIdPolicy(UserIdScheme scheme, @Nullable String secretId, boolean stampsVersions) {
    this(scheme, secretId, stampsVersions, false);
  }

  private UserIdPolicy(
      UserIdScheme scheme, @Nullable String secretId, boolean stampsVersions, boolean allowsCbc) {
    this.scheme = scheme;
    this.secretId = secretId;
    this.stampsVersions = stampsVersions;
    this.allowsCbc = allowsCbc;
  }

  /**
   * {@return {@code hmac-sha256}: HMAC-SHA-256 of user ID, salt and expiration in decimal digits,
   * joined; without the last two it is {@link SecretVault#hmac(SecretId, String)}}
   */
  public static UserIdPolicy standard() {
    return STANDARD;
  }

  /**
   * The standard policy with another HMAC.
   *
   * @param algorithm an HMAC
   * @return the policy
   * @throws IllegalArgumentException if it is a plain hash: see {@link #unsafe}
   */
  public static UserIdPolicy of(DigestAlgorithm algorithm) {
    if (!algorithm.keyed()) {
      throw new IllegalArgumentException(
          "algorithm: " + algorithm.wireName() + " is not an HMAC: UserIdPolicy.unsafe says why");
    }
    return new UserIdPolicy(new UserIdScheme.Joined(algorithm, false), null, false);
  }

  /**
   * A plain hash of user ID, secret, salt and expiration, joined, for services that ask for it.
   *
   * <ul>
   *   <li><b>It can be extended.</b> Whoever has one digest without a salt can compute, without the
   *       secret, that of the same user with a salt that they choose, and with an expiration. It
   *       helps only against a verifier that takes control characters in salts; this one does not,
   *       but services may.
   *   <li><b>Collisions.</b> With MD5 and SHA-1, two user IDs can be made that have one digest
   *       under any secret.
   *   <li><b>Nothing separates the parts,</b> as above; the secret is among them.
   *   <li>Where the expiration stands is documented nowhere: {@link #expirationBeforeSalt}.
   * </ul>
   *
   * @param algorithm a plain hash
   * @return the policy
   * @throws IllegalArgumentException if it is an HMAC: see {@link #of}
   */
  public static UserIdPolicy unsafe(DigestAlgorithm algorithm) {
    if (algorithm.keyed()) {
      throw new IllegalArgumentException(
          "algorithm: " + algorithm.wireName() + " is an HMAC: UserIdPolicy.of takes it");
    }
    return new UserIdPolicy(new UserIdScheme.Joined(algorithm, false), null, false);
  }

  /**
   * {@return {@code sv1-hmac-sha256}: HMAC-SHA-256 of all parts of the token and of the {@link
   * UserIdClaim#context context}, each with its label and its length, so that a digest can be moved
   * to no other user, time, secret or purpose; {@code docs/USER-IDS.md} has the bytes}
   */
  public static UserIdPolicy bound() {
    return new UserIdPolicy(new UserIdScheme.Bound(), null, false);
  }

  /**
   * Has tokens name the secret by the id that a service gave it.
   *
   * @param newSecretId 1 to 300 code points, no control characters; without this it is the {@link
   *     SecretId}
   * @return the changed copy
   * @throws IllegalArgumentException if it is not allowed
   */
  public UserIdPolicy secretId(String newSecretId) {
    Text.check("secretId", newSecretId, 1, TokenFields.MAX_SECRET_ID);
    return new UserIdPolicy(scheme, newSecretId, stampsVersions, allowsCbc);
  }

  /**
   * Puts the expiration in front of the salt instead of behind it. Behind it is what a third party
   * quotes for {@code hmac-sha256}; for the plain hashes nobody says.
   *
   * @return the changed copy
   * @throws IllegalStateException if the parts are not joined
   */
  public UserIdPolicy expirationBeforeSalt() {
    return new UserIdPolicy(scheme.expirationBeforeSalt(), secretId, stampsVersions, allowsCbc);
  }

  /**
   * Has tokens say which version of the secret made them, so that a verifier tries that one alone.
   *
   * @return the changed copy
   */
  public UserIdPolicy stampVersions() {
    return new UserIdPolicy(scheme, secretId, true, allowsCbc);
  }

  /**
   * Allows {@link UserIdAuthenticator#encryptUnauthenticated} and {@link
   * UserIdAuthenticator#decryptUnauthenticated}, which say what is wrong with them.
   *
   * @return the changed copy
   */
  public UserIdPolicy allowUnsafeAes256Cbc() {
    return new UserIdPolicy(scheme, secretId, stampsVersions, true);
  }

  UserIdScheme scheme() {
    return scheme;
  }

  String secretIdOf(SecretId id) {
    return secretId == null ? id.text() : secretId;
  }

  boolean stampsVersions() {
    return stampsVersions;
  }

  boolean allowsCbc() {
    return allowsCbc;
  }

  /** The algorithm only. */
  @Override
  public String toString() {
    return "UserIdPolicy[" + scheme.algorithm() + "]";
  }
}
