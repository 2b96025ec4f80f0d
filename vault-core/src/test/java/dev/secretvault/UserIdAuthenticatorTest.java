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
  private int created;

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

  static UserIdPolicy policy(UserIdPolicy policy, boolean salted, boolean expiring) {
    UserIdPolicy with = salted ? policy.salted() : policy;
    return expiring ? with.expiring() : with;
  }

  /** A new secret: one joins its parts in one way. */
  private SecretId of(String value) {
    String name = "secret " + created++;
    return VaultFixture.create(vault, SecretSpec.named(name).value(value.toCharArray()).active());
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
    UserIdPolicy policy = policy(DigestAlgorithm.ofWireName(algorithm).orElseThrow());
    UserIdAuthenticator users =
        vault.userIds(of(secret), policy(policy, salt != null, expiration != null).secretId("sid"));
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
        UserIdClaim.of("u").salt("s").expiresAt(Instant.ofEpochSecond(1_800_000_000));
    for (DigestAlgorithm algorithm : DigestAlgorithm.values()) {
      UserIdPolicy behind = policy(algorithm).salted().expiring();
      UserIdPolicy inFront = behind.expirationBeforeSalt();
      String before = vault.userIds(of("secret"), inFront).sign(claim).digest().hex();
      assertThat(before)
          .isNotEqualTo(vault.userIds(of("secret"), behind).sign(claim).digest().hex());
      if (algorithm.keyed()) {
        UserIdAuthenticator plain = vault.userIds(id, policy(algorithm));
        assertThat(before).isEqualTo(plain.sign("u1800000000s").digest().hex());
      }
    }
    assertThatThrownBy(() -> UserIdPolicy.bound().expirationBeforeSalt())
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void verify_expiration_countsFromItsSecondAndOnlyBehindTheDigest() {
    UserIdAuthenticator users = vault.userIds(id, UserIdPolicy.standard().expiring());
    UserIdToken token = users.sign(UserIdClaim.of(USER).expiresAt(in(10)));
    fixture.clock.set(in(10).minusNanos(1));
    assertThat(reason(users, token)).isEqualTo(Reason.GENUINE);
    fixture.clock.set(in(10));
    assertThat(reason(users, token)).isEqualTo(Reason.EXPIRED);
    UserIdToken forged = altered(token, "id", "another");
    assertThat(reason(users, forged)).isEqualTo(Reason.WRONG_DIGEST);
    UserIdToken prolonged = altered(token, "expiration", in(99).getEpochSecond());
    assertThat(reason(users, prolonged)).isEqualTo(Reason.WRONG_DIGEST);
    assertThat(reason(users, altered(token, "expiration", null))).isEqualTo(Reason.OTHER_PARTS);
  }

  @Test
  void verify_clockSetBack_bringsNoTokenBack() {
    UserIdAuthenticator users = vault.userIds(id, UserIdPolicy.standard().expiring());
    UserIdToken early = users.sign(UserIdClaim.of("early").expiresAt(in(5)));
    UserIdToken token = users.sign(UserIdClaim.of(USER).expiresAt(in(10)));
    UserIdToken late = users.sign(UserIdClaim.of("late").expiresAt(in(11)));
    String encrypted = users.encrypt(UserIdClaim.of(USER).expiresAt(in(10)));
    UserIdToken forged = altered(altered(late, "expiration", in(20).getEpochSecond()), "id", "x");
    fixture.clock.set(in(10));
    assertThat(reason(users, forged)).isEqualTo(Reason.WRONG_DIGEST);
    assertThat(reason(users, token)).isEqualTo(Reason.EXPIRED);
    fixture.clock.set(in(0));
    assertThat(reason(users, token)).isEqualTo(Reason.EXPIRED);
    assertThat(reason(users, early)).isEqualTo(Reason.EXPIRED);
    assertThat(users.decrypt(encrypted).reason()).isEqualTo(Reason.EXPIRED);
    SecretVault view = vault.restrictedTo(Set.of(Permission.DIGEST));
    UserIdAuthenticator other = view.userIds(id, UserIdPolicy.standard().expiring());
    assertThat(reason(other, token)).isEqualTo(Reason.EXPIRED);
    assertThat(reason(users, late)).as("what a token's end does not end").isEqualTo(Reason.GENUINE);
    SecretSpec brief = SecretSpec.named("brief").value("v".toCharArray()).expiresAt(in(9));
    assertThat(vault.hmac(VaultFixture.create(vault, brief.active()), "u").hex()).hasSize(64);
  }

  @Test
  void verify_clockSetBackBehindTheEndOfASecret_bringsNoTokenBack() {
    UserIdAuthenticator users = vault.userIds(id, UserIdPolicy.standard().expiring());
    SecretSpec brief = SecretSpec.named("brief").value("v".toCharArray()).expiresAt(in(10));
    SecretId ended = VaultFixture.create(vault, brief.active());
    UserIdToken token = users.sign(UserIdClaim.of(USER).expiresAt(in(10)));
    UserIdToken late = users.sign(UserIdClaim.of(USER).expiresAt(in(11)));
    fixture.clock.set(in(10));
    assertThatThrownBy(() -> vault.hmac(ended, "u")).isInstanceOf(SecretExpiredException.class);
    fixture.clock.set(in(0));
    assertThat(reason(users, token)).isEqualTo(Reason.EXPIRED);
    assertThat(reason(users, late)).isEqualTo(Reason.GENUINE);
  }

  /** What the clock did wrong for a moment is neither everybody's nor for ever. */
  @Test
  void verify_clockSetForwardForAMoment_endsTokensOfOneSecretUntilItChanges() {
    UserIdPolicy policy = UserIdPolicy.standard().expiring();
    UserIdAuthenticator users = vault.userIds(id, policy);
    UserIdAuthenticator others = vault.userIds(VaultFixture.create(vault, "other"), policy);
    UserIdClaim claim = UserIdClaim.of(USER).expiresAt(in(900));
    UserIdToken late = users.sign(claim.expiresAt(in(500_000_000)));
    fixture.clock.set(in(500_000_000));
    assertThat(reason(users, late)).isEqualTo(Reason.EXPIRED);
    fixture.clock.set(in(0));
    assertThat(reason(others, others.sign(claim))).isEqualTo(Reason.GENUINE);
    assertThat(others.decrypt(others.encrypt(claim)).genuine()).isTrue();
    VaultFixture.create(vault, "another one still");
    assertThat(reason(users, users.sign(claim))).isEqualTo(Reason.EXPIRED);
    assertThat(users.decrypt(users.encrypt(claim)).reason()).isEqualTo(Reason.EXPIRED);
    assertThat(reason(vault.userIds(id, policy), late)).isEqualTo(Reason.EXPIRED);
    vault.update(id, SecretUpdate.none().description("the clock is right again"));
    assertThat(reason(users, users.sign(claim))).isEqualTo(Reason.GENUINE);
    assertThat(users.decrypt(users.encrypt(claim)).genuine()).isTrue();
    assertThat(reason(users, late)).isEqualTo(Reason.GENUINE);
  }

  /** What was enforced of secrets counts as long as it is enforced. */
  @Test
  void verify_whatWasEnforcedOfSecrets_endsNoTokenLonger() {
    UserIdAuthenticator users = vault.userIds(id, UserIdPolicy.standard().expiring());
    SecretSpec brief = SecretSpec.named("brief").value("v".toCharArray()).expiresAt(in(10));
    SecretId ended = VaultFixture.create(vault, brief.active());
    UserIdToken token = users.sign(UserIdClaim.of(USER).expiresAt(in(10)));
    fixture.clock.set(in(10));
    assertThatThrownBy(() -> vault.hmac(ended, "u")).isInstanceOf(SecretExpiredException.class);
    fixture.clock.set(in(0));
    assertThat(reason(users, token)).isEqualTo(Reason.EXPIRED);
    vault.delete(ended);
    vault.sweep();
    assertThat(reason(users, token)).isEqualTo(Reason.GENUINE);
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

  /**
   * Every way to cut the text of a genuine token into other parts: the digest is right for each,
   * but none is believed of this user, and of others only where the policy says what IDs have to
   * be.
   */
  @ParameterizedTest
  @CsvSource({"false, false", "true, false", "false, true", "true, true"})
  void joinedParts_cutInAnotherWay_areRefused(boolean salted, boolean expiring) {
    for (boolean first : new boolean[] {false, true}) {
      UserIdPolicy policy = policy(UserIdPolicy.standard(), salted, expiring);
      UserIdAuthenticator users =
          vault.userIds(of("secret"), first ? policy.expirationBeforeSalt() : policy);
      String user = "user-1777";
      UserIdClaim claim = UserIdClaim.of(user);
      claim = salted ? claim.salt(first ? "ab12" : "12ab") : claim;
      claim = expiring ? claim.expiresAt(in(100)) : claim;
      UserIdToken token = users.sign(claim);
      assertThat(reason(users, token)).isEqualTo(Reason.GENUINE);
      String salt = salted ? token.salt() : "";
      String seconds = expiring ? Long.toString(in(100).getEpochSecond()) : "";
      String text = user + (first ? seconds + salt : salt + seconds);
      int others = 0;
      for (int i = 1; i <= text.length(); i++) {
        for (int j = i; j <= text.length(); j++) {
          for (boolean order : new boolean[] {false, true}) {
            String one = text.substring(i, j);
            String two = text.substring(j);
            UserIdToken cut =
                cutOrNull(token, text.substring(0, i), order ? one : two, order ? two : one);
            if (cut != null && users.verify(cut).genuine()) {
              if (cut.userId().equals(user)) {
                assertThat(cut.fields(TokenForm.LINK)).isEqualTo(token.fields(TokenForm.LINK));
              } else {
                others++;
              }
            }
          }
        }
      }
      // The control: the cutting is right, and what is demanded of user IDs is needed.
      assertThat(others > 0).isEqualTo(salted || expiring);
    }
  }

  private static UserIdToken cutOrNull(
      UserIdToken token, String user, String salt, String seconds) {
    try {
      return altered(altered(altered(token, "id", user), "salt", salt), "expiration", seconds);
    } catch (IllegalArgumentException noNumber) {
      return null;
    }
  }

  @Test
  void joinedParts_thatThePolicyDoesNotTake_areNotSigned() {
    UserIdClaim plain = UserIdClaim.of("user");
    UserIdClaim salted = plain.salt("s");
    UserIdClaim expiring = plain.expiresAt(in(9));
    UserIdClaim both = salted.expiresAt(in(9));
    UserIdPolicy standard = UserIdPolicy.standard();
    signsOnly(standard, plain, List.of(salted, expiring, both));
    signsOnly(standard.salted(), salted, List.of(plain, expiring, both));
    signsOnly(standard.expiring(), expiring, List.of(plain, salted, both));
    signsOnly(standard.salted().expiring(), both, List.of(plain, salted, expiring));
    signsOnly(standard.salted().expiring(), both, List.of(both.salt("s1"), both.salt("1")));
    signsOnly(standard.salted().expiring(), both.salt("1s"), List.of());
    UserIdPolicy first = standard.salted().expiring().expirationBeforeSalt();
    signsOnly(first, both.salt("s1"), List.of(both.salt("1s"), both.salt("1")));
    signsOnly(standard.salted(), salted.salt("1"), List.of());
    UserIdPolicy bound = UserIdPolicy.bound();
    for (UserIdClaim each : List.of(plain, salted, expiring, both, both.salt("1"))) {
      signsOnly(bound, each, List.of());
    }
    signsOnly(bound.expiring(), both.salt("1"), List.of(plain, salted));
    signsOnly(bound.salted(), both, List.of(plain, expiring));
    for (UserIdPolicy demanding : List.of(standard.salted(), standard.expiring())) {
      UserIdAuthenticator users = vault.userIds(of("secret"), demanding);
      assertThatIllegalArgumentException().isThrownBy(() -> users.sign("user"));
      assertThatIllegalArgumentException().isThrownBy(() -> users.candidates("user"));
    }
  }

  private void signsOnly(UserIdPolicy policy, UserIdClaim taken, List<UserIdClaim> refused) {
    UserIdAuthenticator users = vault.userIds(of("secret"), policy);
    assertThat(reason(users, users.sign(taken))).isEqualTo(Reason.GENUINE);
    for (UserIdClaim each : refused) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> users.sign(each))
          .withMessageMatching("(salt|expiresAt): .*");
    }
  }

  @Test
  void bound_partsMovedAsInAJoinedForm_areRefused() {
    UserIdAuthenticator users = vault.userIds(id, UserIdPolicy.bound());
    UserIdToken token = users.sign(UserIdClaim.of("user-1").salt("2x").expiresAt(in(9)));
    for (UserIdToken forged :
        List.of(
            altered(altered(token, "id", "user-12"), "salt", "x"),
            altered(altered(token, "salt", "2x" + in(9).getEpochSecond()), "expiration", null))) {
      assertThat(reason(users, forged)).isEqualTo(Reason.WRONG_DIGEST);
    }
    UserIdAuthenticator expiring = vault.userIds(id, UserIdPolicy.bound().expiring());
    assertThat(reason(expiring, users.sign("u"))).isEqualTo(Reason.OTHER_PARTS);
    assertThat(reason(expiring, token)).isEqualTo(Reason.GENUINE);
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
    UserIdAuthenticator users = vault.userIds(id, UserIdPolicy.standard().salted());
    UserIdToken token = users.sign(UserIdClaim.of(USER).salt("pepper"));
    Verification good = users.verify(token);
    Verification bad = users.verify(altered(token, "id", "x"));
    assertThat(good).hasToString("Verification[genuine]");
    assertThat(bad).hasToString("Verification[not genuine]");
    assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(bad::userId);
    assertThatExceptionOfType(NoSuchElementException.class).isThrownBy(bad::version);
    for (Object each : List.of(token, users, UserIdClaim.of(USER))) {
      assertThat(each.toString()).doesNotContain(USER, "pepper", token.digest().hex());
    }
  }
}
