package dev.secretvault;

import dev.secretvault.crypto.DigestAlgorithm;
import dev.secretvault.crypto.Digester;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How user IDs are signed with a secret, and what is accepted as signed. A verifier goes by its
 * policy alone: a token that says that it was made in another way is refused, so nobody can choose
 * a weaker one for it. Immutable: each method that is not static returns a changed copy.
 *
 * <p>{@link #bound} is for new designs, where both sides are yours. The others are what services
 * ask for; they put user ID, salt and expiration one behind the other with nothing between them. So
 * which of these there are must be certain: <b>without {@link #salted} they refuse a salt, and with
 * it they demand one,</b> and so it is with {@link #expiring}. Else the digest of the user {@code
 * user-12} would be that of the user {@code user-1} with the salt {@code 2}, and a token's
 * expiration could be passed off as its salt, and the token would never end. For the same reason
 * <b>one secret has one selection and order of these parts,</b> wherever it is used: an open vault
 * refuses another one, and other processes are not checked, so that is yours. And with them a
 * digest can be used for any purpose.
 */
public final class UserIdPolicy {

  private static final String BOUND_NAME = "sv1-hmac-sha256";

  private enum Rule {
    BOUND,
    SALTED,
    EXPIRING,
    EXPIRATION_FIRST,
    STAMPED,
    CBC
  }

  private static final UserIdPolicy STANDARD = joined(DigestAlgorithm.HMAC_SHA256);

  private final DigestAlgorithm algorithm;
  private final @Nullable String secretId;

  /** Never changed. */
  private final EnumSet<Rule> rules;

  private UserIdPolicy(DigestAlgorithm algorithm, @Nullable String secretId, EnumSet<Rule> rules) {
    this.algorithm = algorithm;
    this.secretId = secretId;
    this.rules = rules;
  }

  private static UserIdPolicy joined(DigestAlgorithm algorithm) {
    return new UserIdPolicy(algorithm, null, EnumSet.noneOf(Rule.class));
  }

  private UserIdPolicy with(Rule rule) {
    EnumSet<Rule> more = EnumSet.copyOf(rules);
    more.add(rule);
    return new UserIdPolicy(algorithm, secretId, more);
  }

  /**
   * {@return {@code hmac-sha256}: HMAC-SHA-256 of the user ID, which is {@link
   * SecretVault#hmac(SecretId, String)}}
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
    return joined(algorithm);
  }

  /**
   * A plain hash of user ID and secret, joined, for services that ask for it.
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
    return joined(algorithm);
  }

  /**
   * {@return {@code sv1-hmac-sha256}: HMAC-SHA-256 of all parts of the token and of the {@link
   * UserIdClaim#context context}, each with its label and its length, so that a digest can be moved
   * to no other user, time, secret or purpose; {@code docs/USER-IDS.md} has the bytes. Takes a salt
   * and an expiration, and demands neither}
   */
  public static UserIdPolicy bound() {
    return joined(DigestAlgorithm.HMAC_SHA256).with(Rule.BOUND);
  }

  /**
   * Demands a salt of each claim. Where the parts are joined it stands behind the user ID with
   * nothing between, so <b>no user ID may be the beginning of another one:</b> let nobody choose
   * theirs, and give out IDs of one length, such as UUIDs. That goes for all that are signed with
   * the secret, also without a salt.
   *
   * @return the changed copy
   */
  public UserIdPolicy salted() {
    return with(Rule.SALTED);
  }

  /**
   * Demands an expiration of each claim, also of one that is encrypted. Where the parts are joined,
   * <b>no user ID may be the beginning of another one,</b> as with {@link #salted}; and a salt must
   * not have a digit at the end where the expiration stands. No {@linkplain
   * UserIdAuthenticator#signUrl link} has a place for it then.
   *
   * @return the changed copy
   */
  public UserIdPolicy expiring() {
    return with(Rule.EXPIRING);
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
    return new UserIdPolicy(algorithm, newSecretId, rules);
  }

  /**
   * Puts the expiration in front of the salt instead of behind it. Behind it is what a third party
   * quotes for {@code hmac-sha256}; for the plain hashes nobody says.
   *
   * @return the changed copy
   * @throws IllegalStateException if the parts are not joined
   */
  public UserIdPolicy expirationBeforeSalt() {
    if (coversContext()) {
      throw new IllegalStateException("the parts of " + BOUND_NAME + " are not joined");
    }
    return with(Rule.EXPIRATION_FIRST);
  }

  /**
   * Has tokens say which version of the secret made them, so that a verifier tries that one alone.
   *
   * @return the changed copy
   */
  public UserIdPolicy stampVersions() {
    return with(Rule.STAMPED);
  }

  /**
   * Allows {@link UserIdAuthenticator#encryptUnauthenticated} and {@link
   * UserIdAuthenticator#decryptUnauthenticated}: {@code aes-256-cbc}, which some services take in
   * place of a digest.
   *
   * <p><b>It proves nothing.</b> It has neither digest nor tag: whoever can alter it turns bits of
   * the user ID over as they like, and whoever can ask often whether one decrypts can read it. It
   * has no expiration, whatever the policy demands: SDKs have a field for one, but nobody says what
   * it does, so it is refused. {@link UserIdAuthenticator#encrypt} has none of these flaws.
   *
   * <p>What services expect is documented in parts only. Here the key is the secret's value, of 32
   * bytes, or 64 hexadecimal digits of it; the plaintext is the user ID in UTF-8 and nothing else,
   * padded by PKCS #7; ciphertext and initialization vector are in hexadecimal digits. That is what
   * {@code openssl enc -aes-256-cbc} does.
   *
   * @return the changed copy
   */
  public UserIdPolicy allowUnsafeAes256Cbc() {
    return with(Rule.CBC);
  }

  /**
   * How many bytes the digests of an algorithm have.
   *
   * @param field what the algorithm's name is called
   * @throws IllegalArgumentException if there is no such algorithm
   */
  static int digestBytes(String field, String name) {
    Optional<DigestAlgorithm> algorithm =
        name.equals(BOUND_NAME)
            ? Optional.of(DigestAlgorithm.HMAC_SHA256)
            : DigestAlgorithm.ofWireName(name);
    return algorithm
        .map(DigestAlgorithm::digestBytes)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    field
                        + ": one of "
                        + Stream.concat(
                                Stream.of(BOUND_NAME),
                                Arrays.stream(DigestAlgorithm.values())
                                    .map(DigestAlgorithm::wireName))
                            .toList()
                        + " needed"));
  }

  /** What services know the way of signing by. */
  String algorithm() {
    return coversContext() ? BOUND_NAME : algorithm.wireName();
  }

  /** What makes digests with a secret's value, whichever bytes they are of. */
  DigestAlgorithm digestAlgorithm() {
    return algorithm;
  }

  byte[] digest(Digester digester, Statement statement) {
    return coversContext()
        ? statement.labelled(digester)
        : statement.joined(digester, rules.contains(Rule.EXPIRATION_FIRST));
  }

  /** What stands one behind the other in a digest, in words; null for a user ID alone. */
  @Nullable String joinedParts() {
    boolean salted = rules.contains(Rule.SALTED);
    if (coversContext() || !(salted || isExpiring())) {
      return null;
    }
    if (salted && isExpiring()) {
      return rules.contains(Rule.EXPIRATION_FIRST)
          ? "user ID, expiration and salt"
          : "user ID, salt and expiration";
    }
    return salted ? "user ID and salt" : "user ID and expiration";
  }

  boolean coversContext() {
    return rules.contains(Rule.BOUND);
  }

  /** Refuses a context that the digest would not cover. */
  void requireCovered(Map<String, String> context) {
    if (!context.isEmpty() && !coversContext()) {
      throw new IllegalArgumentException(
          "context: " + algorithm() + " covers none; UserIdPolicy.bound does");
    }
  }

  /**
   * What is wrong with the parts that not all claims have, by the name of the part; null for
   * nothing. What is refused here is neither signed nor believed.
   */
  @Nullable String objection(@Nullable String salt, @Nullable Instant expiresAt) {
    if (rules.contains(Rule.SALTED) && salt == null) {
      return "salt: the policy demands one";
    }
    if (isExpiring() && expiresAt == null) {
      return "expiresAt: the policy demands one";
    }
    if (coversContext()) {
      return null;
    }
    if (salt != null && !rules.contains(Rule.SALTED)) {
      return "salt: the policy takes none; UserIdPolicy.salted does";
    }
    if (expiresAt != null && !isExpiring()) {
      return "expiresAt: the policy takes none; UserIdPolicy.expiring does";
    }
    return salt != null && expiresAt != null && isDigit(besideExpiration(salt))
        ? "salt: no digit allowed beside the expiration, which it would run into"
        : null;
  }

  private char besideExpiration(String salt) {
    return salt.charAt(rules.contains(Rule.EXPIRATION_FIRST) ? 0 : salt.length() - 1);
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  boolean isExpiring() {
    return rules.contains(Rule.EXPIRING);
  }

  String secretIdOf(SecretId id) {
    return secretId == null ? id.text() : secretId;
  }

  boolean stampsVersions() {
    return rules.contains(Rule.STAMPED);
  }

  boolean allowsCbc() {
    return rules.contains(Rule.CBC);
  }

  /** The algorithm only. */
  @Override
  public String toString() {
    return "UserIdPolicy[" + algorithm() + "]";
  }
}
