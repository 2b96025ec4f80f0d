package dev.secretvault;

import dev.secretvault.crypto.DigestAlgorithm;
import dev.secretvault.crypto.Digester;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Which bytes a digest is made of. */
sealed interface UserIdScheme {

  String BOUND = "sv1-hmac-sha256";

  /** What services know the scheme by. */
  String algorithm();

  /** What makes the digest of the bytes that the parts come to. */
  DigestAlgorithm digestAlgorithm();

  /** The digest of what is stated. */
  byte[] digest(Digester digester, Statement statement);

  /** Whether the digest covers a context. */
  boolean coversContext();

  /** The scheme with the expiration in front of the salt. */
  UserIdScheme expirationBeforeSalt();

  /** All that a digest may cover. */
  record Statement(
      String userId,
      String secretId,
      @Nullable String salt,
      @Nullable Instant expiresAt,
      @Nullable Integer version,
      Map<String, String> context) {

    /** The same of a URL. */
    Statement of(String url) {
      return new Statement(
          userId, secretId, salt, expiresAt, version, SignedUrls.context(url, context));
    }
  }

  /**
   * How many bytes the digests of an algorithm have.
   *
   * @param field what the algorithm's name is called
   * @throws IllegalArgumentException if there is no such algorithm
   */
  static int digestBytes(String field, String algorithm) {
    return switch (algorithm) {
      case BOUND, "hmac-sha256", "hash-sha256" -> 32;
      case "hmac-sha1", "hash-sha1" -> 20;
      case "hash-md5" -> 16;
      default -> {
        List<String> known =
            Stream.concat(
                    Stream.of(BOUND),
                    Arrays.stream(DigestAlgorithm.values()).map(DigestAlgorithm::wireName))
                .toList();
        throw new IllegalArgumentException(field + ": one of " + known + " needed");
      }
    };
  }

  /** The parts one behind the other, as services do it. */
  record Joined(DigestAlgorithm with, boolean expirationFirst) implements UserIdScheme {

    private static final byte[] NOTHING = {};

    @Override
    public String algorithm() {
      return with.wireName();
    }

    @Override
    public DigestAlgorithm digestAlgorithm() {
      return with;
    }

    @Override
    public byte[] digest(Digester digester, Statement statement) {
      return digester.compute(Text.userIdBytes("userId", statement.userId()), suffix(statement));
    }

    private byte[] suffix(Statement statement) {
      String salt = statement.salt();
      Instant expiresAt = statement.expiresAt();
      if (salt == null && expiresAt == null) {
        return NOTHING;
      }
      String seconds = expiresAt == null ? "" : Long.toString(expiresAt.getEpochSecond());
      String text = salt == null ? "" : salt;
      return (expirationFirst ? seconds + text : text + seconds).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean coversContext() {
      return false;
    }

    @Override
    public UserIdScheme expirationBeforeSalt() {
      return new Joined(with, true);
    }
  }

  /** The parts with their labels and lengths. */
  record Bound() implements UserIdScheme {

    private static final byte[] NOTHING = {};

    @Override
    public String algorithm() {
      return BOUND;
    }

    @Override
    public DigestAlgorithm digestAlgorithm() {
      return DigestAlgorithm.HMAC_SHA256;
    }

    @Override
    public byte[] digest(Digester digester, Statement statement) {
      Instant expiresAt = statement.expiresAt();
      LabelledBytes bytes =
          new LabelledBytes("secretvault/1/user-id")
              .field("secret_id", statement.secretId())
              .field("user_id", statement.userId())
              .optionalField("salt", statement.salt())
              .optionalField("expiration", expiresAt == null ? null : expiresAt.getEpochSecond())
              .optionalField("version", statement.version())
              .context(statement.context());
      return digester.compute(bytes.toArray(), NOTHING);
    }

    @Override
    public boolean coversContext() {
      return true;
    }

    @Override
    public UserIdScheme expirationBeforeSalt() {
      throw new IllegalStateException("the parts of " + BOUND + " are not joined");
    }
  }
}
