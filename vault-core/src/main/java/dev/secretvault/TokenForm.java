package dev.secretvault;

import org.jspecify.annotations.Nullable;

/**
 * The names that the parts of a signed user ID have where it is handed over. They are those of the
 * services that ask for it; names in parentheses are ours, for parts that those have no name for.
 */
public enum TokenForm {
  /**
   * The user object of a web page's configuration: {@code organizationUserId}, {@code
   * organizationUserIdAuthAlgorithm}, {@code organizationUserIdAuthSid}, {@code
   * organizationUserIdAuthSalt}, {@code organizationUserIdAuthDigest}, {@code
   * organizationUserIdExp}, {@code organizationUserIdIv}, ({@code organizationUserIdAuthVersion}).
   */
  WEB_CONFIGURATION(
      "organizationUserId",
      "organizationUserIdAuthAlgorithm",
      "organizationUserIdAuthSid",
      "organizationUserIdAuthSalt",
      "organizationUserIdAuthDigest",
      "organizationUserIdExp",
      "organizationUserIdIv",
      "organizationUserIdAuthVersion"),
  /**
   * The parameter objects of mobile SDKs: {@code id}, {@code algorithm}, {@code secretId}, {@code
   * salt}, {@code digest}, {@code expiration}, {@code initializationVector}, ({@code version}).
   */
  MOBILE_SDK(
      "id",
      "algorithm",
      "secretId",
      "salt",
      "digest",
      "expiration",
      "initializationVector",
      "version"),
  /** As {@link #MOBILE_SDK}, but with {@code secretID}. */
  IOS_SDK(
      "id",
      "algorithm",
      "secretID",
      "salt",
      "digest",
      "expiration",
      "initializationVector",
      "version"),
  /** As {@link #MOBILE_SDK}, but with {@code iv}. */
  UNITY_SDK("id", "algorithm", "secretId", "salt", "digest", "expiration", "iv", "version"),
  /**
   * The JSON that SDKs send: {@code organization_user_id}, and {@code organization_user_id_}
   * followed by {@code algorithm}, {@code sid}, {@code salt}, {@code digest}, {@code exp}, {@code
   * iv}, ({@code version}).
   */
  WIRE_JSON(
      "organization_user_id",
      "organization_user_id_algorithm",
      "organization_user_id_sid",
      "organization_user_id_salt",
      "organization_user_id_digest",
      "organization_user_id_exp",
      "organization_user_id_iv",
      "organization_user_id_version"),
  /**
   * The query of a link: {@code organization_user_id}, {@code auth_algorithm}, {@code auth_sid},
   * {@code auth_salt}, {@code auth_digest}, ({@code auth_expiration}), ({@code auth_version}). Has
   * no place for an initialization vector.
   */
  LINK(
      "organization_user_id",
      "auth_algorithm",
      "auth_sid",
      "auth_salt",
      "auth_digest",
      "auth_expiration",
      null,
      "auth_version");

  /** The parts, in the order in which they are written. */
  enum Part {
    USER_ID,
    ALGORITHM,
    SECRET_ID,
    SALT,
    DIGEST,
    EXPIRATION,
    IV,
    VERSION
  }

  private final String userId;
  private final String algorithm;
  private final String secretId;
  private final String salt;
  private final String digest;
  private final String expiration;
  private final @Nullable String iv;
  private final String version;

  TokenForm(
      String userId,
      String algorithm,
      String secretId,
      String salt,
      String digest,
      String expiration,
      @Nullable String iv,
      String version) {
    this.userId = userId;
    this.algorithm = algorithm;
    this.secretId = secretId;
    this.salt = salt;
    this.digest = digest;
    this.expiration = expiration;
    this.iv = iv;
    this.version = version;
  }

  /** The name of a part; null if there is none in this form. */
  @Nullable String nameOf(Part part) {
    return switch (part) {
      case USER_ID -> userId;
      case ALGORITHM -> algorithm;
      case SECRET_ID -> secretId;
      case SALT -> salt;
      case DIGEST -> digest;
      case EXPIRATION -> expiration;
      case IV -> iv;
      case VERSION -> version;
    };
  }
}
