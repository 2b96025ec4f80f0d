package dev.secretvault;

import dev.secretvault.Preparation.Keys;
import dev.secretvault.Preparation.VersionKey;
import dev.secretvault.TokenForm.Part;
import dev.secretvault.Verification.Reason;
import dev.secretvault.crypto.CryptoException;
import dev.secretvault.crypto.UnauthenticatedCipher;
import dev.secretvault.crypto.UserIdCipher;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** User IDs encrypted with one secret. */
final class UserIdEncryption {

  /** Stands for no expiration; no claim has it. */
  private static final long NEVER = 0;

  private static final String UNAUTHENTICATED = "aes-256-cbc";

  private static final int MAX_TOKEN_BYTES =
      UserIdCipher.OVERHEAD_BYTES + Long.BYTES + SecretVault.MAX_USER_ID_BYTES;
  private static final int MAX_TOKEN = (4 * MAX_TOKEN_BYTES + 2) / 3;

  private final UserIdPolicy policy;
  private final String secretId;
  private final Predicate<Instant> tokenEnds;
  private final PreparedSecret<UserIdCipher> ciphers;
  private final PreparedSecret<Optional<UnauthenticatedCipher>> unauthenticated;

  UserIdEncryption(SecretUse use, SecretId id, UserIdPolicy policy, Predicate<Instant> tokenEnds) {
    this.policy = policy;
    this.tokenEnds = tokenEnds;
    secretId = policy.secretIdOf(id);
    ciphers = new PreparedSecret<>(use, id, Preparation.ENCRYPTION);
    unauthenticated = new PreparedSecret<>(use, id, Preparation.UNAUTHENTICATED_ENCRYPTION);
  }

  String encrypt(UserIdClaim claim) {
    if (claim.salt() != null) {
      throw new IllegalArgumentException("salt: an encrypted user ID has none");
    }
    byte[] userId = Text.userIdBytes("userId", claim.userId());
    Instant expiresAt = claim.expiresAt();
    if (expiresAt == null && policy.isExpiring()) {
      throw new IllegalArgumentException("expiresAt: the policy demands one");
    }
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
    if (seconds == NEVER && policy.isExpiring()) {
      return Verification.refused(Reason.OTHER_PARTS);
    }
    if (seconds != NEVER && tokenEnds.test(Instant.ofEpochSecond(seconds))) {
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

  Map<String, Object> encryptUnauthenticated(String userId, TokenForm form) {
    byte[] plaintext = Text.userIdBytes("userId", userId);
    UnauthenticatedCipher cipher =
        unauthenticated.now().current().made().orElseThrow(UserIdEncryption::noKey);
    byte[] iv = UnauthenticatedCipher.randomIv();
    Map<Part, Object> parts = new EnumMap<>(Part.class);
    parts.put(Part.USER_ID, HexFormat.of().formatHex(cipher.encrypt(iv, plaintext)));
    parts.put(Part.ALGORITHM, UNAUTHENTICATED);
    parts.put(Part.SECRET_ID, secretId);
    parts.put(Part.IV, HexFormat.of().formatHex(iv));
    return TokenFields.write(form, parts);
  }

  Optional<String> decryptUnauthenticated(TokenForm form, Map<String, ?> fields) {
    TokenFields in = new TokenFields(form, fields);
    for (Part part : new Part[] {Part.DIGEST, Part.SALT, Part.EXPIRATION, Part.VERSION}) {
      in.requireAbsent(part, "not allowed where an initialization vector is needed");
    }
    if (!in.algorithm().equals(UNAUTHENTICATED)) {
      throw new IllegalArgumentException(
          in.name(Part.ALGORITHM) + ": " + UNAUTHENTICATED + " needed");
    }
    int block = UnauthenticatedCipher.BLOCK_BYTES;
    byte[] ciphertext = in.hex(Part.USER_ID, block, SecretVault.MAX_USER_ID_BYTES + block);
    if (ciphertext.length % block != 0) {
      throw new IllegalArgumentException(
          in.name(Part.USER_ID) + ": whole blocks of " + 2 * block + " hexadecimal digits needed");
    }
    byte[] iv = in.hex(Part.IV, block, block);
    return in.secretId().equals(secretId) ? decrypted(iv, ciphertext) : Optional.empty();
  }

  /**
   * By the versions whose value is a key: one that is none, made before or since, harms no other.
   */
  private Optional<String> decrypted(byte[] iv, byte[] ciphertext) {
    Optional<List<UnauthenticatedCipher>> usable =
        SecretUse.ifUsable(unauthenticated::now)
            .map(keys -> keys.all().stream().flatMap(key -> key.made().stream()).toList());
    if (usable.isPresent() && usable.get().isEmpty()) {
      throw noKey();
    }
    return usable.stream()
        .flatMap(List::stream)
        .flatMap(cipher -> cipher.decrypt(iv, ciphertext).stream())
        .flatMap(plaintext -> asUserId(plaintext).stream())
        .findFirst();
  }

  private static IllegalArgumentException noKey() {
    return new IllegalArgumentException(
        "value: " + UNAUTHENTICATED + " needs 32 bytes, or 64 hexadecimal digits");
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
