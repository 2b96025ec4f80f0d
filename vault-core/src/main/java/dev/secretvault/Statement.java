package dev.secretvault;

import dev.secretvault.crypto.Digester;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All that a digest may cover, and the two ways to make bytes of it. */
record Statement(
    String userId,
    String secretId,
    @Nullable String salt,
    @Nullable Instant expiresAt,
    @Nullable Integer version,
    Map<String, String> context) {

  private static final byte[] NOTHING = {};

  /** The same of a URL. */
  Statement of(String url) {
    return new Statement(
        userId, secretId, salt, expiresAt, version, SignedUrls.context(url, context));
  }

  /** User ID, salt and expiration one behind the other, as services do it. */
  byte[] joined(Digester digester, boolean expirationFirst) {
    return digester.compute(Text.userIdBytes("userId", userId), suffix(expirationFirst));
  }

  private byte[] suffix(boolean expirationFirst) {
    if (salt == null && expiresAt == null) {
      return NOTHING;
    }
    String seconds = expiresAt == null ? "" : Long.toString(expiresAt.getEpochSecond());
    String text = salt == null ? "" : salt;
    return (expirationFirst ? seconds + text : text + seconds).getBytes(StandardCharsets.UTF_8);
  }

  /** All parts, each with its label and its length. */
  byte[] labelled(Digester digester) {
    LabelledBytes bytes =
        new LabelledBytes("secretvault/1/user-id")
            .field("secret_id", secretId)
            .field("user_id", userId)
            .optionalField("salt", salt)
            .optionalField("expiration", expiresAt == null ? null : expiresAt.getEpochSecond())
            .optionalField("version", version)
            .context(context);
    return digester.compute(bytes.toArray(), NOTHING);
  }
}
