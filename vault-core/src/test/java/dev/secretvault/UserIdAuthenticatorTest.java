package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.Verification.Reason;
import dev.secretvault.crypto.DigestAlgorithm;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class UserIdAuthenticatorTest {

  private static final String USER = "user@domain.com";

  private VaultFixture fixture;
  private SecretVault vault;
  private SecretId id;

  @BeforeEach
  void open() {
    fixture = VaultFixture.inMemory();
    vault = fixture.vault;
    id = VaultFixture.create(vault, "secret");
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  static UserIdPolicy policy(DigestAlgorithm algorithm) {
    return algorithm.keyed() ? UserIdPolicy.of(algorithm) : UserIdPolicy.unsafe(algorithm);
  }

  private static Instant in(long seconds) {
    return Instant.ofEpochSecond(VaultFixture.START.getEpochSecond() + seconds);
  }

  private Reason reason(UserIdAuthenticator users, UserIdToken token) {
    Verification verification = users.verify(token);
    assertThat(verification.genuine()).isEqualTo(verification.reason() == Reason.GENUINE);
    return verification.reason();
  }

  /** The token as it would be with another value in one field; null takes the field away. */
  private static UserIdToken altered(UserIdToken token, String field, Object value) {
    Map<String, Object> fields = new HashMap<>(token.fields(TokenForm.MOBILE_SDK));
    fields.compute(field, (key, before) -> value);
    return UserIdToken.parse(TokenForm.MOBILE_SDK, fields);
  }

  /** The documented claim, under the secret "secret"; the first digest is a published one. */
  @ParameterizedTest
  @CsvSource({
    "hash-md5, salt, , e067d565e248267d5c3dd2f82409f5e3",
    "hash-md5, salt, 1700000000, 43a26ccb51c64c19c9d329ce68564d20",
    "hash-sha1, , , cd7caae7103cecd7c5a2ac796517b1f5fa9a8036",
    "hash-sha256, salt, 1700000000,"
        + " 91531f19004a243c1597da76ef3c7c465790c83d0b0ae2f913612ec5d686b0d3",
    "hmac-sha1, salt, 1700000000, 0ce91d8a021c3dbd9437204725ae2f56e6399b4f",
    "hmac-sha256, , 1700000000, f731e2c3b3eceda378a6a58a1f70f72b6816de4db31cf1fac550787be382cdf0",
    "hmac-sha256, salt, 1700000000,"
        + " e515772a0e81bc00070e6f0b09678751e134882bbd21be3eb4bfa9678329b170"
  })
  void sign_knownVectors_agreesAndVerifies(
      String algorithm, String salt, Long expiration, String digest) {
    agrees(algorithm, "secret", USER, salt, expiration, digest);
  }

  @Test
  void sign_sharedVectors_agreesAndVerifies() {
    List<Map<String, String>> vectors = SharedVectors.read("userIdDigests");
    for (Map<String, String> vector : vectors) {
      String expiration = vector.get("expiration");
      agrees(
          vector.get("algorithm"),
          vector.get("secret"),
          vector.get("userId"),
          vector.get("salt"),
          expiration == null ? null : Long.valueOf(expiration),
          vector.get("digest"));
    }
    assertThat(vectors).hasSize(16);
    assertThat(vectors.stream().filter(vector -> vector.get("status").equals("published")))
        .hasSize(1);
  }

  private void agrees(
      String algorithm, String secret, String user, String salt, Long expiration, String digest) {
    fixture.clock.set(Instant.ofEpochSecond(1_699_999_999));
    assertThat(secret).isEqualTo("secret");
    UserIdAuthenticator users =
        vault.userIds(id, policy(DigestAlgorithm.ofWireName(algorithm)).secretId("sid"));
    UserIdClaim claim = UserIdClaim.of(user);
    claim = salt == null ? claim : claim.salt(salt);
    claim = expiration == null ? claim : claim.expiresAt(Instant.ofEpochSecond(expiration));
    UserIdToken token = users.sign(claim);
    assertThat(token.digest().hex()).isEqualTo(digest);
    assertThat(users.verify(token).userId()).isEqualTo(user);
    UserIdToken upper = altered(token, "digest", digest.toUpperCase(Locale.ROOT));
    assertThat(reason(users, upper)).isEqualTo(Reason.GENUINE);
  }

  /** RFC 4231; the data of cases 3 and 4 is no text, so no user ID. */
  @Test
  void hmac_rfc4231_agrees() {
    int text = 0;
    for (Map<String, String> vector : SharedVectors.read("rfc4231HmacSha256")) {
      byte[] data = HexFormat.of().parseHex(vector.get("data"));
      String userId = new String(data, StandardCharsets.UTF_8);
      if (!Arrays.equals(data, userId.getBytes(StandardCharsets.UTF_8))) {
        continue;
      }
      text++;
      byte[] key = HexFormat.of().parseHex(vector.get("key"));
      String name = "rfc-" + vector.get("case");
      SecretId rfc = VaultFixture.create(vault, SecretSpec.named(name).value(key).active());
      assertThat(vault.hmac(rfc, userId).hex()).startsWith(vector.get("digest"));
      assertThat(vault.userIds(rfc).sign(userId).digest().hex()).startsWith(vector.get("digest"));
    }
    assertThat(text).isEqualTo(5);
  }

  @Test
  void sign_plainUserId_isTheDigestOfTheVault() {
    UserIdToken token = vault.userIds("secret").sign(USER);
    assertThat(token.digest().hex()).isEqualTo(vault.hmac(id, USER).hex());
    assertThat(token.algorithm()).isEqualTo("hmac-sha256");
    assertThat(token.secretId()).isEqualTo(id.text());
    assertThat(token.version()).isNull();
    assertThat(token.salt()).isNull();
    assertThat(token.expiresAt()).isNull();
  }

  @ParameterizedTest
  @EnumSource
  void verify_tokenOfAnotherAlgorithm_isRefusedThoughItsDigestIsRight(DigestAlgorithm accepted) {
    UserIdAuthenticator verifier = vault.userIds(id, policy(accepted));
    for (DigestAlgorithm other : DigestAlgorithm.values()) {
      UserIdToken token = vault.userIds(id, policy(other)).sign(USER);
      assertThat(reason(verifier, token))
          .isEqualTo(other == accepted ? Reason.GENUINE : Reason.OTHER_ALGORITHM);
    }
    assertThat(reason(verifier, vault.userIds(id, UserIdPolicy.bound()).sign(USER)))
        .isEqualTo(Reason.OTHER_ALGORITHM);
  }

  @Test
  void policy_plainHash_isOnlyThereWhereItIsCalledUnsafe() {
    for (DigestAlgorithm algorithm : DigestAlgorithm.values()) {
      if (algorithm.keyed()) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> UserIdPolicy.unsafe(algorithm))
            .withMessageStartingWith("algorithm: ");
      } else {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> UserIdPolicy.of(algorithm))
            .withMessageStartingWith("algorithm: ")
            .withMessageContaining("unsafe");
      }
    }
    assertThat(UserIdPolicy.standard().toString()).isEqualTo("UserIdPolicy[hmac-sha256]");
  }

  @Test
  void expirationBeforeSalt_changesWhatIsHashed() {
    UserIdClaim claim =
        UserIdClaim.of("u").salt("17").expiresAt(Instant.ofEpochSecond(1_800_000_000));
    UserIdClaim swapped =
        UserIdClaim.of("u").salt("1800000000").expiresAt(Instant.ofEpochSecond(17));
    for (DigestAlgorithm algorithm : DigestAlgorithm.values()) {
      UserIdPolicy behind = policy(algorithm);
      UserIdPolicy before = behind.expirationBeforeSalt();
      String hex = vault.userIds(id, before).sign(claim).digest().hex();
      assertThat(hex).isEqualTo(vault.userIds(id, behind).sign(swapped).digest().hex());
      assertThat(hex).isNotEqualTo(vault.userIds(id, behind).sign(claim).digest().hex());
    }
    assertThatThrownBy(() -> UserIdPolicy.bound().expirationBeforeSalt())
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void verify_expiration_countsFromItsSecondAndOnlyBehindTheDigest() {
    UserIdAuthenticator users = vault.userIds(id);
    UserIdToken token = users.sign(UserIdClaim.of(USER).expiresAt(in(10)));
    fixture.clock.set(in(10).minusNanos(1));
    assertThat(reason(users, token)).isEqualTo(Reason.GENUINE);
    fixture.clock.set(in(10));
    assertThat(reason(users, token)).isEqualTo(Reason.EXPIRED);
    UserIdToken forged = altered(token, "id", "another");
    assertThat(reason(users, forged)).isEqualTo(Reason.WRONG_DIGEST);
    UserIdToken prolonged = altered(token, "expiration", in(99).getEpochSecond());
    assertThat(reason(users, prolonged)).isEqualTo(Reason.WRONG_DIGEST);
    assertThat(reason(users, altered(token, "expiration", null))).isEqualTo(Reason.WRONG_DIGEST);
  }

  @Test
  void verify_otherSecretOrId_isRefused() {
    SecretId other = VaultFixture.create(vault, "other");
    UserIdToken token = vault.userIds(other).sign(USER);
    assertThat(reason(vault.userIds(id), token)).isEqualTo(Reason.OTHER_SECRET);
    UserIdToken renamed = altered(token, "secretId", id.text());
    assertThat(reason(vault.userIds(id), renamed)).isEqualTo(Reason.WRONG_DIGEST);
  }

  @Test
  void verify_everyWrongBit_isRefused() {
    UserIdAuthenticator users = vault.userIds(id);
    UserIdToken token = users.sign(USER);
    String hex = token.digest().hex();
    for (int i = 0; i < hex.length(); i++) {
      char wrong = hex.charAt(i) == '0' ? '1' : '0';
      String digest = hex.substring(0, i) + wrong + hex.substring(i + 1);
      assertThat(reason(users, altered(token, "digest", digest))).isEqualTo(Reason.WRONG_DIGEST);
    }
  }

  @Test
  void handle_obeysTheSecretAtOnce() {
    UserIdAuthenticator users = vault.userIds("secret");
    UserIdToken first = users.sign(USER);
    vault.deactivate(id);
    assertThatThrownBy(() -> users.sign(USER)).isInstanceOf(SecretNotActiveException.class);
    assertThatThrownBy(() -> users.candidates(USER)).isInstanceOf(SecretNotActiveException.class);
    assertThat(reason(users, first)).isEqualTo(Reason.SECRET_UNUSABLE);
    vault.activate(id);
    assertThat(reason(users, first)).isEqualTo(Reason.GENUINE);

    vault.rotate(id, NewValue.of("second".toCharArray())).close();
    assertThat(users.sign(USER).digest().hex()).isEqualTo(first.digest().hex());
    assertThat(users.candidates(USER)).hasSize(1);
    vault.activate(id);
    UserIdToken second = users.sign(USER);
    assertThat(second.digest().hex()).isNotEqualTo(first.digest().hex());
    assertThat(users.verify(first).version()).isEqualTo(1);
    assertThat(users.verify(second).version()).isEqualTo(2);
    assertThat(users.candidates(USER).stream().map(Digest::hex))
        .containsExactly(second.digest().hex(), first.digest().hex());
    vault.retire(id, 1);
    assertThat(reason(users, first)).isEqualTo(Reason.WRONG_DIGEST);

    vault.update(id, SecretUpdate.none().name("renamed"));
    VaultFixture.create(vault, "secret");
    assertThat(reason(users, second)).isEqualTo(Reason.GENUINE);
    fixture.clock.set(in(100));
    vault.update(id, SecretUpdate.none().expiresAt(in(200)));
    assertThat(reason(users, second)).isEqualTo(Reason.GENUINE);
    fixture.clock.set(in(200));
    assertThat(reason(users, second)).isEqualTo(Reason.SECRET_UNUSABLE);
    assertThatThrownBy(() -> users.sign(USER)).isInstanceOf(SecretExpiredException.class);
    vault.delete(id);
    assertThat(reason(users, second)).isEqualTo(Reason.SECRET_UNUSABLE);
    assertThatThrownBy(() -> users.sign(USER)).isInstanceOf(SecretNotFoundException.class);
  }

  @Test
  void handle_obeysAnotherVaultOnTheStore() {
    UserIdAuthenticator users = vault.userIds(id);
    UserIdToken token = users.sign(USER);
    try (SecretVault other = fixture.open()) {
      other.deactivate(id);
      assertThat(reason(users, token)).isEqualTo(Reason.SECRET_UNUSABLE);
      other.activate(id);
      assertThat(reason(users, token)).isEqualTo(Reason.GENUINE);
    }
  }

  @Test
  void handle_belongsToItsView() {
    SecretVault view = vault.restrictedTo(Set.of(Permission.DIGEST));
    UserIdAuthenticator users = view.userIds("secret");
    UserIdToken token = users.sign(USER);
    SecretVault without = vault.restrictedTo(Set.of(Permission.REVEAL, Permission.LIST));
    assertThatThrownBy(() -> without.userIds("secret")).isInstanceOf(AccessDeniedException.class);
    view.close();
    assertThatThrownBy(() -> users.sign(USER)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> users.verify(token)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> users.candidates(USER)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> users.encrypt(USER)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> users.decrypt("x")).isInstanceOf(IllegalStateException.class);
    assertThat(vault.userIds(id).verify(token).genuine()).isTrue();
  }

  @Test
  void handle_isCountedWhereCallsAre() {
    try (SecretVault limited =
        SecretVault.builder()
            .store(new InMemorySecretStore())
            .masterKey(MasterKey.fromBytes(fixture.masterKey))
            .limits(VaultLimits.defaults().rate(Permission.DIGEST, 3, Duration.ofMinutes(1)))
            .clock(fixture.clock)
            .open()) {
      UserIdAuthenticator users = limited.userIds(VaultFixture.create(limited, "secret"));
      UserIdToken token = users.sign(USER);
      assertThat(users.verify(token).genuine()).isTrue();
      assertThatThrownBy(() -> users.verify(token)).isInstanceOf(RateLimitExceededException.class);
      assertThatThrownBy(() -> users.sign(USER)).isInstanceOf(RateLimitExceededException.class);
    }
  }

  @Test
  void userIds_ofAnUnusableSecret_failsAtOnce() {
    vault.deactivate(id);
    assertThatThrownBy(() -> vault.userIds(id)).isInstanceOf(SecretNotActiveException.class);
    assertThatThrownBy(() -> vault.userIds("none")).isInstanceOf(SecretNotFoundException.class);
    SecretId locked =
        VaultFixture.create(
            vault,
            SecretSpec.named("locked")
                .value("v".toCharArray())
                .passphrase("a passphrase".toCharArray())
                .active());
    assertThatThrownBy(() -> vault.userIds(locked)).isInstanceOf(NotRevealableException.class);
  }

  @Test
  void stampedVersion_picksTheKeyAndNothingElse() {
    UserIdAuthenticator users = vault.userIds(id, UserIdPolicy.standard().stampVersions());
    UserIdToken first = users.sign(USER);
    assertThat(first.version()).isEqualTo(1);
    vault.rotate(id, NewValue.of("second".toCharArray())).close();
    vault.activate(id);
    assertThat(users.sign(USER).version()).isEqualTo(2);
    assertThat(reason(users, first)).isEqualTo(Reason.GENUINE);
    assertThat(reason(users, altered(first, "version", 2))).isEqualTo(Reason.WRONG_DIGEST);
    assertThat(reason(users, altered(first, "version", 3))).isEqualTo(Reason.UNKNOWN_VERSION);
    assertThat(reason(users, altered(first, "version", null))).isEqualTo(Reason.GENUINE);
    vault.rotate(id, NewValue.of("third".toCharArray())).close();
    assertThat(reason(users, altered(first, "version", 3))).isEqualTo(Reason.UNKNOWN_VERSION);
    vault.retire(id, 1);
    assertThat(reason(users, first)).isEqualTo(Reason.UNKNOWN_VERSION);
  }

  @Test
  void joinedParts_areAmbiguous_andBoundOnesAreNot() {
    UserIdClaim one = UserIdClaim.of("user").salt("1salt");
    UserIdClaim two = UserIdClaim.of("user1").salt("salt");
    for (DigestAlgorithm algorithm :
        List.of(DigestAlgorithm.HMAC_SHA1, DigestAlgorithm.HMAC_SHA256)) {
      UserIdAuthenticator joined = vault.userIds(id, policy(algorithm));
      assertThat(joined.sign(one).digest().hex()).isEqualTo(joined.sign(two).digest().hex());
    }
    UserIdAuthenticator bound = vault.userIds(id, UserIdPolicy.bound());
    assertThat(bound.sign(one).digest().hex()).isNotEqualTo(bound.sign(two).digest().hex());
  }

  @Test
  void bound_claimsThatDifferAnywhere_haveDifferentDigests() {
    UserIdPolicy policy = UserIdPolicy.bound();
    UserIdAuthenticator users = vault.userIds(id, policy);
    List<UserIdClaim> claims = new ArrayList<>();
    for (String user : List.of("a", "ab", "salt", "b")) {
      UserIdClaim claim = UserIdClaim.of(user);
      claims.add(claim);
      claims.add(claim.salt("b"));
      claims.add(claim.salt("1"));
      claims.add(claim.salt("expiration").context("1", ""));
      claims.add(claim.expiresAt(Instant.ofEpochSecond(1)));
      claims.add(claim.context("salt", "b"));
      claims.add(claim.context("context", "b"));
      claims.add(claim.context("b", "context"));
      claims.add(claim.context("a", "b").context("c", "d"));
      claims.add(claim.context("a", "bc").context("d", ""));
      claims.add(claim.context("ab", "c").context("d", ""));
    }
    List<String> digests = new ArrayList<>();
    claims.forEach(claim -> digests.add(users.sign(claim).digest().hex()));
    UserIdAuthenticator elsewhere = vault.userIds(id, policy.secretId("elsewhere"));
    digests.add(elsewhere.sign("a").digest().hex());
    digests.add(vault.userIds(id, policy.stampVersions()).sign("a").digest().hex());
    digests.add(vault.userIds(id).sign("a").digest().hex());
    assertThat(digests).doesNotHaveDuplicates();
  }

  @Test
  void bound_context_hasToBeTheVerifiers() {
    UserIdAuthenticator users = vault.userIds(id, UserIdPolicy.bound());
    UserIdToken token =
        users.sign(UserIdClaim.of(USER).context("b", "2").context("a", "1").expiresAt(in(9)));
    assertThat(users.verify(token, Map.of("a", "1", "b", "2")).userId()).isEqualTo(USER);
    for (Map<String, String> other :
        List.of(
            Map.<String, String>of(),
            Map.of("a", "1"),
            Map.of("a", "1", "b", "3"),
            Map.of("a", "2", "b", "1"),
            Map.of("a", "1", "b", "2", "c", ""))) {
      assertThat(users.verify(token, other).reason()).isEqualTo(Reason.WRONG_DIGEST);
    }
    UserIdAuthenticator standard = vault.userIds(id);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> standard.sign(UserIdClaim.of(USER).context("a", "1")))
        .withMessageStartingWith("context: ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> standard.verify(token, Map.of("a", "1")))
        .withMessageStartingWith("context: ");
  }

  /**
   * Whoever may choose a user ID could else have a claim signed that the application never made.
   */
  @Test
  void bound_bytes_areThoseOfNoUserId() {
    UserIdAuthenticator users = vault.userIds(id, UserIdPolicy.bound());
    byte[] bytes =
        new LabelledBytes("secretvault/1/user-id")
            .field("secret_id", id.text())
            .field("user_id", "admin")
            .toArray();
    String digest = users.sign("admin").digest().hex();
    String rest = new String(bytes, 1, bytes.length - 1, StandardCharsets.UTF_8);
    for (String first : List.of("", "\u00ff", "\ufffd", "?")) {
      assertThat(vault.hmac(id, first + rest).hex()).isNotEqualTo(digest);
    }
    assertThat(bytes[0]).isEqualTo((byte) 0xff);
    assertThat(rest.getBytes(StandardCharsets.UTF_8)).hasSize(bytes.length - 1);
  }

  @Test
  void results_sayNothingToTheOutside() {
    UserIdAuthenticator users = vault.userIds(id);
    UserIdToken token = users.sign(UserIdClaim.of(USER).salt("pepper"));
    Verification good = users.verify(token);
    Verification bad = users.verify(altered(token, "id", "x"));
    assertThat(good).hasToString("Verification[genuine]");
    assertThat(bad).hasToString("Verification[not genuine]");
    assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(bad::userId);
    assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(bad::version);
    for (Object each : List.of(token, users, UserIdClaim.of(USER), new UserIdDigest(USER, "ab"))) {
      assertThat(each.toString()).doesNotContain(USER, "pepper", token.digest().hex(), "ab]");
    }
  }
}
