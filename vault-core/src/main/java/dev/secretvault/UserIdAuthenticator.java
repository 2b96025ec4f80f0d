package dev.secretvault;

import dev.secretvault.Preparation.Keys;
import dev.secretvault.Preparation.VersionKey;
import dev.secretvault.Verification.Reason;
import dev.secretvault.crypto.Digester;
import java.net.URI;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Signs user IDs with one secret and verifies them, under one {@link UserIdPolicy}. Keeps the
 * secret prepared, so a digest costs no look-up; and yet obeys at once when the secret is
 * deactivated, expires, is rotated or deleted.
 *
 * <pre>{@code
 * UserIdAuthenticator users = vault.userIds("user-id-web");
 * UserIdToken token = users.sign("user-42");
 * boolean genuine = users.verify(token).genuine();
 * }</pre>
 *
 * <p>Belongs to the secret, whatever that is called later, and to the vault or view that it was
 * made of: it takes the permission {@link Permission#DIGEST} there, is counted there, and ends with
 * it. Safe for use by any number of threads at once.
 *
 * <p><b>Errors.</b> Signing and encrypting throw as {@link SecretVault#hmac(SecretId, String)} does
 * if the secret may not be used now. Verifying and decrypting say {@link Reason#SECRET_UNUSABLE}
 * instead. All of them throw what {@link SecretVault} says that every method may throw.
 */
public final class UserIdAuthenticator {

  private final SecretVault vault;
  private final SecretId id;
  private final UserIdPolicy policy;
  private final String secretId;
  private final Predicate<Instant> tokenEnds;
  private final PreparedSecret<Digester> digesters;
  private final UserIdEncryption encryption;

  UserIdAuthenticator(SecretVault vault, SecretUse use, SecretId id, UserIdPolicy policy) {
    this.vault = vault;
    this.id = id;
    this.policy = policy;
    tokenEnds = use.tokenEnds(id);
    secretId = policy.secretIdOf(id);
    digesters = new PreparedSecret<>(use, id, Preparation.digests(policy.digestAlgorithm()));
    digesters.now();
    use.joined().require(id, policy);
    encryption = new UserIdEncryption(use, id, policy, tokenEnds);
  }

  /** {@return the secret} */
  public SecretId id() {
    return id;
  }

  /**
   * Signs a user ID, without salt, expiration and context.
   *
   * @param userId 1 to {@value SecretVault#MAX_USER_ID_BYTES} bytes in UTF-8
   * @return the user ID with its digest
   * @throws IllegalArgumentException if the user ID is empty, too long, or holds an unpaired
   *     surrogate; or if the policy demands more than it
   */
  public UserIdToken sign(String userId) {
    return sign(userId, null, null, Map.of());
  }

  /**
   * Signs a claim.
   *
   * @param claim what the digest shall say
   * @return the claim, but for its context, with its digest
   * @throws IllegalArgumentException if the claim has a context, a salt or an expiration that the
   *     policy does not take, or lacks one that it demands
   */
  public UserIdToken sign(UserIdClaim claim) {
    policy.requireCovered(claim.context());
    return sign(claim.userId(), claim.salt(), claim.expiresAt(), claim.context());
  }

  private UserIdToken sign(
      String userId,
      @Nullable String salt,
      @Nullable Instant expiresAt,
      Map<String, String> context) {
    requireParts(salt, expiresAt);
    VersionKey<Digester> key = signer();
    Statement statement = new Statement(userId, secretId, salt, expiresAt, stampOf(key), context);
    return token(statement, policy.digest(key.made(), statement));
  }

  private void requireParts(@Nullable String salt, @Nullable Instant expiresAt) {
    String objection = policy.objection(salt, expiresAt);
    if (objection != null) {
      throw new IllegalArgumentException(objection);
    }
  }

  private VersionKey<Digester> signer() {
    vault.admitted(Permission.DIGEST);
    return digesters.now().current();
  }

  private @Nullable Integer stampOf(VersionKey<Digester> key) {
    return policy.stampsVersions() ? (Integer) key.version() : null;
  }

  private UserIdToken token(Statement statement, byte[] digest) {
    return new UserIdToken(
        statement.userId(),
        policy.algorithm(),
        secretId,
        statement.salt(),
        statement.expiresAt(),
        statement.version(),
        new Digest(digest));
  }

  /**
   * Verifies a token: it has to be made as the policy says, with this secret, and its time must not
   * be over. How far a wrong digest is right has no influence on the time this takes.
   *
   * @param token what somebody sent
   * @return whether it is genuine
   */
  public Verification verify(UserIdToken token) {
    return verify(token, Map.of());
  }

  /**
   * Verifies a token that was made for something.
   *
   * @param token what somebody sent
   * @param context what it has to be for, as the verifier knows it
   * @return whether it is genuine
   * @throws IllegalArgumentException if the policy is not {@link UserIdPolicy#bound}, or the
   *     context is none that a claim can have
   */
  public Verification verify(UserIdToken token, Map<String, String> context) {
    policy.requireCovered(context);
    Map<String, String> expected = UserIdClaim.checkContext(context);
    vault.admitted(Permission.DIGEST);
    return verdict(token, expected);
  }

  private Verification verdict(UserIdToken token, Map<String, String> context) {
    if (!token.algorithm().equals(policy.algorithm())) {
      return Verification.refused(Reason.OTHER_ALGORITHM);
    }
    if (!token.secretId().equals(secretId)) {
      return Verification.refused(Reason.OTHER_SECRET);
    }
    if (policy.objection(token.salt(), token.expiresAt()) != null) {
      return Verification.refused(Reason.OTHER_PARTS);
    }
    Optional<Keys<Digester>> keys = SecretUse.ifUsable(digesters::now);
    if (keys.isEmpty()) {
      return Verification.refused(Reason.SECRET_UNUSABLE);
    }
    Integer version = token.version();
    List<VersionKey<Digester>> candidates =
        version == null ? keys.get().all() : keys.get().of(version).stream().toList();
    if (candidates.isEmpty()) {
      return Verification.refused(Reason.UNKNOWN_VERSION);
    }
    Statement statement =
        new Statement(token.userId(), secretId, token.salt(), token.expiresAt(), version, context);
    int signer = 0;
    for (VersionKey<Digester> key : candidates) {
      if (token.digest().equalsInConstantTime(policy.digest(key.made(), statement))) {
        signer = key.version();
      }
    }
    if (signer == 0) {
      return Verification.refused(Reason.WRONG_DIGEST);
    }
    Instant expiresAt = token.expiresAt();
    return expiresAt != null && tokenEnds.test(expiresAt)
        ? Verification.refused(Reason.EXPIRED)
        : Verification.genuine(token.userId(), signer);
  }

  /**
   * The digests of a user ID under each version that verifies: to look a user up by, while some are
   * still known by the digest of the version before.
   *
   * @param userId 1 to {@value SecretVault#MAX_USER_ID_BYTES} bytes in UTF-8
   * @return the digests, that of the current version first
   * @throws IllegalArgumentException as {@link #sign(String)} throws it
   */
  public List<Digest> candidates(String userId) {
    return candidates(userId, null, null, Map.of());
  }

  /**
   * The digests of a claim under each version that verifies, as {@link #candidates(String)} gives
   * those of a user ID.
   *
   * @param claim what the digests shall say
   * @return the digests, that of the current version first
   * @throws IllegalArgumentException as {@link #sign(UserIdClaim)} throws it
   */
  public List<Digest> candidates(UserIdClaim claim) {
    policy.requireCovered(claim.context());
    return candidates(claim.userId(), claim.salt(), claim.expiresAt(), claim.context());
  }

  private List<Digest> candidates(
      String userId,
      @Nullable String salt,
      @Nullable Instant expiresAt,
      Map<String, String> context) {
    requireParts(salt, expiresAt);
    vault.admitted(Permission.DIGEST);
    return digesters.now().all().stream()
        .map(
            key ->
                policy.digest(
                    key.made(),
                    new Statement(userId, secretId, salt, expiresAt, stampOf(key), context)))
        .map(Digest::new)
        .toList();
  }

  /**
   * Signs a link: adds the parts of a token to its query, under the names of {@link
   * TokenForm#LINK}. For consent links services document these names; that proof links have the
   * same ones is likely, but unconfirmed.
   *
   * <p>With {@link UserIdPolicy#bound} the digest covers the whole URL as well, and an expiration
   * is required: the link opens nothing else, and not for ever. With any other policy it is a link
   * as services know it, <b>whose digest covers the user ID and the salt alone</b>: it can be moved
   * to another link of the same user, and never expires.
   *
   * @param url of {@code http} or {@code https}, without user and fragment, as browsers write it,
   *     as they would send another one than was signed: all but ASCII percent-encoded, scheme and
   *     host in lower case, the host a name or an IPv4 address, no default port, a path of at least
   *     {@code /} without dot segments, and no apostrophe in the query; at most {@value
   *     SignedUrls#MAX_URL} characters, when it is signed. A browser that makes {@code https} of
   *     {@code http}, as many do, sends another one, too: with {@link UserIdPolicy#bound}, sign
   *     {@code http} only for programs that do not
   * @param claim whom the link is for
   * @return the link
   * @throws IllegalArgumentException if the URL or the claim is not one that can be signed
   */
  public URI signUrl(URI url, UserIdClaim claim) {
    policy.requireCovered(claim.context());
    if (policy.coversContext() == (claim.expiresAt() == null)) {
      throw new IllegalArgumentException(
          policy.coversContext()
              ? "expiresAt: needed in a signed URL"
              : "expiresAt: a link of " + policy.algorithm() + " has no place for it");
    }
    requireParts(claim.salt(), claim.expiresAt());
    VersionKey<Digester> key = signer();
    Statement statement =
        new Statement(
            claim.userId(),
            secretId,
            claim.salt(),
            claim.expiresAt(),
            stampOf(key),
            claim.context());
    String unsigned = SignedUrls.unsigned(url, policy.algorithm(), statement);
    byte[] digest =
        policy.digest(key.made(), policy.coversContext() ? statement.of(unsigned) : statement);
    return SignedUrls.signed(unsigned, new Digest(digest));
  }

  /**
   * Verifies a link that {@link #signUrl} made, or somebody else under the same policy.
   *
   * @param url what somebody sent, as they sent it: with {@link UserIdPolicy#bound}, scheme and
   *     host are covered as well, so behind a proxy put the public ones back
   * @return whether it is genuine; {@link Reason#MALFORMED} if it has not exactly one of each part,
   *     one is not what {@link UserIdToken#parse} takes, or it has a fragment, a character that is
   *     not ASCII, or more than {@value SignedUrls#MAX_URL} of them
   */
  public Verification verifyUrl(URI url) {
    return verifyUrl(url, Map.of());
  }

  /**
   * Verifies a link that was made for something.
   *
   * @param url what somebody sent
   * @param context what it has to be for, as the verifier knows it
   * @return whether it is genuine
   * @throws IllegalArgumentException if the policy is not {@link UserIdPolicy#bound}, or the
   *     context is none that a claim can have
   */
  public Verification verifyUrl(URI url, Map<String, String> context) {
    policy.requireCovered(context);
    Map<String, String> expected = UserIdClaim.checkContext(context);
    vault.admitted(Permission.DIGEST);
    Optional<SignedUrls.Parsed> parsed = SignedUrls.parse(url, policy.coversContext());
    if (parsed.isEmpty()) {
      return Verification.refused(Reason.MALFORMED);
    }
    return verdict(
        parsed.get().token(),
        policy.coversContext() ? SignedUrls.context(parsed.get().unsigned(), expected) : expected);
  }

  /**
   * Encrypts a user ID with AES-256-GCM, so that whoever carries it can neither read nor alter it.
   *
   * @param userId 1 to {@value SecretVault#MAX_USER_ID_BYTES} bytes in UTF-8
   * @return a token in URL-safe Base64, another one each time; as long as the user ID is, plus a
   *     constant
   * @throws IllegalArgumentException if the user ID is empty, too long, or holds an unpaired
   *     surrogate
   */
  public String encrypt(String userId) {
    return encrypt(UserIdClaim.of(userId));
  }

  /**
   * Encrypts a claim, as {@link #encrypt(String)} does. Whoever decrypts it has to know its
   * context.
   *
   * @param claim what the token shall say; without salt, as tokens differ anyway
   * @return the token
   * @throws IllegalArgumentException if the claim has a salt
   */
  public String encrypt(UserIdClaim claim) {
    vault.admitted(Permission.DIGEST);
    return encryption.encrypt(claim);
  }

  /**
   * Decrypts what {@link #encrypt(String)} made with a version of the secret that verifies.
   *
   * @param token what somebody sent
   * @return whether it is genuine, and the user ID
   */
  public Verification decrypt(String token) {
    return decrypt(token, Map.of());
  }

  /**
   * Decrypts a token that was made for something.
   *
   * @param token what somebody sent
   * @param context what it has to be for, as the verifier knows it
   * @return whether it is genuine, and the user ID
   * @throws IllegalArgumentException if the context is none that a claim can have
   */
  public Verification decrypt(String token, Map<String, String> context) {
    Objects.requireNonNull(token, "token");
    Map<String, String> expected = UserIdClaim.checkContext(context);
    vault.admitted(Permission.DIGEST);
    return encryption.decrypt(token, expected);
  }

  /**
   * Encrypts a user ID with AES-256-CBC, for services that ask for it and nothing else. <b>It
   * proves nothing:</b> see {@link UserIdPolicy#allowUnsafeAes256Cbc}.
   *
   * @param userId 1 to {@value SecretVault#MAX_USER_ID_BYTES} bytes in UTF-8
   * @param form where it is handed over
   * @return the parts under the names of the form, other ones each time
   * @throws IllegalStateException if the policy does not allow it
   * @throws IllegalArgumentException if the user ID is empty, too long, or holds an unpaired
   *     surrogate; the secret's value is neither 32 bytes nor 64 hexadecimal digits; or the form is
   *     {@link TokenForm#LINK}, which has no place for it
   */
  public Map<String, Object> encryptUnauthenticated(String userId, TokenForm form) {
    requireCbcAllowed();
    return encryption.encryptUnauthenticated(userId, form);
  }

  /**
   * Decrypts what was encrypted with AES-256-CBC under a version of the secret that verifies.
   * <b>The answer proves nothing,</b> and whether there is one must not be told to those who sent
   * it: who can ask often enough reads the user ID.
   *
   * @param form under which names its parts are
   * @param fields what somebody sent; fields of other names are passed over, an empty text counts
   *     as none
   * @return what may be a user ID; empty if it cannot be one, or the secret may not be used now
   * @throws IllegalStateException if the policy does not allow it
   * @throws IllegalArgumentException naming the field, if one is missing or is not what it has to
   *     be; if there is a digest, a salt or an expiration, none of which goes with it; or if no
   *     version's value is 32 bytes or 64 hexadecimal digits
   */
  public Optional<String> decryptUnauthenticated(TokenForm form, Map<String, ?> fields) {
    requireCbcAllowed();
    return encryption.decryptUnauthenticated(form, fields);
  }

  private void requireCbcAllowed() {
    if (!policy.allowsCbc()) {
      throw new IllegalStateException(
          "the policy does not allow aes-256-cbc: UserIdPolicy.allowUnsafeAes256Cbc does");
    }
    vault.admitted(Permission.DIGEST);
  }

  /**
   * Signs any number of user IDs on all cores. Holds some thousands of them at a time, however many
   * there are. Each counts as a call where {@link VaultLimits} has a rate of them.
   *
   * @param userIds the user IDs, closed afterwards; if one cannot be signed, this throws after the
   *     tokens before it were handed over
   * @param sink takes the tokens, in the order of the user IDs, in the calling thread
   * @return how many there were
   * @throws CancellationException if the calling thread is interrupted, after at most some thousand
   *     user IDs more; it stays interrupted
   */
  public long signAll(Stream<String> userIds, Consumer<UserIdToken> sink) {
    return InOrder.map(userIds, this::sign, sink);
  }

  /**
   * Makes the digests that were made with earlier versions of the secret anew with the current one,
   * on all cores: to be run after a rotation, on all that is kept under such digests, and before
   * the earlier version is {@linkplain SecretVault#retire retired}.
   *
   * <p>Can be broken off and taken up again: results come in the order of the rows, so whoever
   * counts them with what they write can skip as many. A bad row stops nothing. Doing it again
   * harms nothing, as the digest of the current version is renewed to itself. Each row counts as a
   * call where {@link VaultLimits} has a rate of them.
   *
   * @param <T> what a row is
   * @param rows what is kept, closed afterwards
   * @param userId gives the user ID of a row; like the next one, called in any thread, and if it
   *     throws, the row is a bad one
   * @param digest gives its digest in hexadecimal digits, of a user ID alone
   * @param sink takes each row with its new digest, in their order, in the calling thread; empty if
   *     the old one is missing, malformed, or not that of the user ID under any version that
   *     verifies
   * @return how many there were
   * @throws CancellationException as {@link #signAll} throws it
   * @throws IllegalArgumentException if the policy demands more than a user ID
   */
  public <T> long redigest(
      Stream<T> rows,
      Function<? super T, @Nullable String> userId,
      Function<? super T, @Nullable String> digest,
      BiConsumer<? super T, Optional<Digest>> sink) {
    requireParts(null, null);
    return InOrder.map(
        rows,
        row -> new Renewed<>(row, renewed(read(row, userId), read(row, digest))),
        each -> sink.accept(each.row(), each.digest()));
  }

  private record Renewed<T>(T row, Optional<Digest> digest) {}

  private static <T> @Nullable String read(T row, Function<? super T, @Nullable String> part) {
    try {
      return part.apply(row);
    } catch (RuntimeException badRow) {
      return null;
    }
  }

  private Optional<Digest> renewed(@Nullable String userId, @Nullable String digest) {
    byte[] old;
    try {
      Text.userIdBytes("userId", userId == null ? "" : userId);
      old = HexFormat.of().parseHex(digest == null ? "" : digest);
    } catch (IllegalArgumentException malformed) {
      return Optional.empty();
    }
    List<Digest> candidates = candidates(Objects.requireNonNull(userId));
    boolean known = false;
    for (Digest candidate : candidates) {
      known |= candidate.equalsInConstantTime(old);
    }
    return known ? Optional.of(candidates.get(0)) : Optional.empty();
  }

  /** The secret's id, and how it signs. */
  @Override
  public String toString() {
    return "UserIdAuthenticator[" + id + ", " + policy.algorithm() + "]";
  }
}
