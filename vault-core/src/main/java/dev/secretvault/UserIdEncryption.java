package dev.secretvault;

import dev.secretvault.Preparation.Keys;
import dev.secretvault.Preparation.VersionKey;
import dev.secretvault.Verification.Reason;
import dev.secretvault.crypto.CryptoException;
import dev.secretvault.crypto.UnauthenticatedCipher;
import dev.secretvault.crypto.UserIdCipher;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** User IDs encrypted with one secret. */
final class UserIdEncryption {

  /** Stands for no expiration; no claim has it. */
  private static final long NEVER = 0;

  private static final int MAX_TOKEN_BYTES =
      UserIdCipher.OVERHEAD_BYTES + Long.BYTES + SecretVault.MAX_USER_ID_BYTES;
  private static final int MAX_TOKEN = (4 * MAX_TOKEN_BYTES + 2) / 3;

  private final SecretUse use;
  private final String secretId;
  private final PreparedSecret<UserIdCipher> ciphers;
  private final PreparedSecret<UnauthenticatedCipher> unauthenticated;

  UserIdEncryption(SecretUse use, SecretId id, String secretId) {
    this.use = use;
    this.secretId = secretId;
    ciphers = new PreparedSecret<>(use, id, Preparation.ENCRYPTION);
    unauthenticated = new PreparedSecret<>(use, id, Preparation.UNAUTHENTICATED_ENCRYPTION);
  }

  String encrypt(UserIdClaim claim) {
    if (claim.salt() != null) {
      throw new IllegalArgumentException("salt: an encrypted user ID has none");
    }
    byte[] userId = Text.userIdBytes("userId", claim.userId());
    Instant expiresAt = claim.expiresAt();
    byte[] plaintext =
        ByteBuffer.allocate(Long.BYTES + userId.length)
            .putLong(expiresAt == null ? NEVER : expiresAt.getEpochSecond())
            .put(userId)
            .array();
    byte[] encrypted =
        ciphers.now().current().made().encrypt(plaintext, associatedData(claim.context()));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(encrypted);
  }

  private byte[] associatedData(Map<String, String> context) {
    return new LabelledBytes("secretvault/1/encrypted-user-id")
        .field("secret_id", secretId)
        .context(context)
        .toArray();
  }

  Verification decrypt(String token, Map<String, String> context) {
    byte[] encrypted = decode(token);
    if (encrypted == null) {
      return Verification.refused(Reason.MALFORMED);
    }
    Optional<Keys<UserIdCipher>> keys = SecretUse.ifUsable(ciphers::now);
    if (keys.isEmpty()) {
      return Verification.refused(Reason.SECRET_UNUSABLE);
    }
    Optional<VersionKey<UserIdCipher>> key = keys.get().of(UserIdCipher.numberOf(encrypted));
    if (key.isEmpty()) {
      return Verification.refused(Reason.UNKNOWN_VERSION);
    }
    ByteBuffer plaintext;
    try {
      plaintext = ByteBuffer.wrap(key.get().made().decrypt(encrypted, associatedData(context)));
    } catch (CryptoException e) {
      return Verification.refused(Reason.WRONG_DIGEST);
    }
    long seconds = plaintext.getLong();
    if (seconds != NEVER
        && UserIdAuthenticator.isOver(Instant.ofEpochSecond(seconds), use.clock())) {
      return Verification.refused(Reason.EXPIRED);
    }
    return Verification.genuine(
        StandardCharsets.UTF_8.decode(plaintext).toString(), key.get().version());
  }

  /** The bytes of a token, of which each has one text only; null if it is none. */
  private static byte @Nullable [] decode(String token) {
    if (token.length() > MAX_TOKEN) {
      return null;
    }
    try {
      byte[] encrypted = Base64.getUrlDecoder().decode(token);
      UserIdCipher.numberOf(encrypted);
      boolean canonical =
          encrypted.length >= UserIdCipher.OVERHEAD_BYTES + Long.BYTES
              && Base64.getUrlEncoder().withoutPadding().encodeToString(encrypted).equals(token);
      return canonical ? encrypted : null;
    } catch (IllegalArgumentException | CryptoException malformed) {
      return null;
    }
  }

  UnauthenticatedUserId encryptUnauthenticated(String userId) {
    byte[] plaintext = Text.userIdBytes("userId", userId);
    byte[] iv = UnauthenticatedCipher.randomIv();
    byte[] ciphertext = unauthenticated.now().current().made().encrypt(iv, plaintext);
    return new UnauthenticatedUserId(secretId, iv, ciphertext);
  }

  Optional<String> decryptUnauthenticated(UnauthenticatedUserId encrypted) {
    if (!encrypted.secretId().equals(secretId)) {
      return Optional.empty();
    }
    return SecretUse.ifUsable(unauthenticated::now).stream()
        .flatMap(keys -> keys.all().stream())
        .map(key -> key.made().decrypt(encrypted.iv(), encrypted.ciphertext()))
        .flatMap(Optional::stream)
        .flatMap(plaintext -> asUserId(plaintext).stream())
        .findFirst();
  }

  private static Optional<String> asUserId(byte[] plaintext) {
    try {
      return plaintext.length == 0
          ? Optional.empty()
          : Optional.of(new String(Text.decode(plaintext)));
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }
}
