package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.secretvault.crypto.DigestAlgorithm;
import java.math.BigInteger;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class UserIdTokenTest {

  private static final String HEX =
      "19c2034c62b102e30b99a73f13caab2a0bbdd833c82d1224b44760ee749f57d3";

  private VaultFixture fixture;
  private UserIdAuthenticator users;
  private UserIdAuthenticator unauthenticated;

  @BeforeEach
  void open() {
    fixture = VaultFixture.inMemory();
    SecretId id = VaultFixture.create(fixture.vault, "secret");
    users = fixture.vault.userIds(id, UserIdPolicy.bound().secretId("sid").stampVersions());
    SecretId key = VaultFixture.create(fixture.vault, "k".repeat(32));
    unauthenticated =
        fixture.vault.userIds(key, UserIdPolicy.bound().secretId("s").allowUnsafeAes256Cbc());
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  /** All names, in the order of {@link TokenForm.Part}. */
  @ParameterizedTest
  @CsvSource({
    "WEB_CONFIGURATION, organizationUserId, organizationUserIdAuthAlgorithm,"
        + " organizationUserIdAuthSid, organizationUserIdAuthSalt, organizationUserIdAuthDigest,"
        + " organizationUserIdExp, organizationUserIdAuthVersion",
    "MOBILE_SDK, id, algorithm, secretId, salt, digest, expiration, version",
    "IOS_SDK, id, algorithm, secretID, salt, digest, expiration, version",
    "UNITY_SDK, id, algorithm, secretId, salt, digest, expiration, version",
    "WIRE_JSON, organization_user_id, organization_user_id_algorithm, organization_user_id_sid,"
        + " organization_user_id_salt, organization_user_id_digest, organization_user_id_exp,"
        + " organization_user_id_version",
    "LINK, organization_user_id, auth_algorithm, auth_sid, auth_salt, auth_digest,"
        + " auth_expiration, auth_version"
  })
  void fields_haveTheNamesOfTheForm(
      TokenForm form,
      String user,
      String algorithm,
      String secret,
      String salt,
      String digest,
      String expiration,
      String version) {
    UserIdToken token =
        users.sign(
            UserIdClaim.of("user-42")
                .salt("pepper")
                .expiresAt(Instant.ofEpochSecond(1_800_000_000)));
    Map<String, Object> fields = token.fields(form);
    assertThat(fields.keySet())
        .containsExactly(user, algorithm, secret, salt, digest, expiration, version);
    assertThat(fields.values())
        .containsExactly(
            "user-42", "sv1-hmac-sha256", "sid", "pepper", token.digest().hex(), 1_800_000_000L, 1);
    assertThat(users.verify(UserIdToken.parse(form, fields)).genuine()).isTrue();
    assertThat(users.sign("u").fields(form).keySet())
        .containsExactly(user, algorithm, secret, digest, version);
  }

  @ParameterizedTest
  @CsvSource({
    "WEB_CONFIGURATION, organizationUserIdIv",
    "MOBILE_SDK, initializationVector",
    "IOS_SDK, initializationVector",
    "UNITY_SDK, iv",
    "WIRE_JSON, organization_user_id_iv"
  })
  void parse_digestAndInitializationVector_isRefusedByBoth(TokenForm form, String iv) {
    Map<String, Object> fields = new HashMap<>(users.sign("u").fields(form));
    fields.put("elsewhere", "ignored");
    fields.put(iv, "");
    assertThat(UserIdToken.parse(form, fields).userId()).isEqualTo("u");
    fields.put(iv, "00".repeat(16));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> UserIdToken.parse(form, fields))
        .withMessageStartingWith(iv + ": ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> unauthenticated.decryptUnauthenticated(form, fields))
        .withMessageStartingWith(form.nameOf(TokenForm.Part.DIGEST) + ": ");
  }

  private static Map<String, Object> good() {
    Map<String, Object> fields = new HashMap<>();
    fields.put("id", "user@domain.com");
    fields.put("algorithm", "hmac-sha256");
    fields.put("secretId", "sid");
    fields.put("digest", HEX);
    return fields;
  }

  private static void refused(String field, Object value, String message) {
    Map<String, Object> fields = good();
    fields.put(field, value);
    assertThatIllegalArgumentException()
        .as("%s", value)
        .isThrownBy(() -> UserIdToken.parse(TokenForm.MOBILE_SDK, fields))
        .withMessageStartingWith(field + ": ")
        .withMessageContaining(message);
  }

  @Test
  void parse_malformedField_isRefusedByItsNameAndLimit() {
    assertThat(UserIdToken.parse(TokenForm.MOBILE_SDK, good()).digest().hex()).isEqualTo(HEX);
    for (String field : List.of("id", "algorithm", "secretId", "digest")) {
      refused(field, null, "missing");
      refused(field, "", "missing");
      refused(field, 42, "text");
    }
    refused("id", "x".repeat(4_097), "4096");
    refused("id", "\u00fc".repeat(2_049), "4098");
    refused("id", "\ud800", "surrogate");
    for (String unknown :
        List.of("hash-md6", "HMAC-SHA256", "hmac_sha256", "none", "aes-256-cbc")) {
      refused("algorithm", unknown, "hmac-sha256");
    }
    refused("secretId", "x".repeat(301), "300");
    refused("secretId", "a\u0000b", "control");
    refused("salt", 1, "text");
    refused("salt", "x".repeat(257), "256");
    for (String control : List.of("a\n", "\u0000", "a\u0080b", "\u007f", "\u009f")) {
      refused("salt", control, "control");
    }
    refused("salt", "\udc00", "surrogate");
    String odd = HEX.substring(1);
    for (String digest :
        List.of(odd, HEX + "0", HEX + "00", odd + "g", " " + odd, odd + "\u0661")) {
      refused("digest", digest, "64 hexadecimal digits");
    }
    for (Object no :
        List.of(
            0,
            -1,
            1.0,
            1.7e9,
            253_402_300_800L,
            "1.0",
            "1700000000.0",
            "01",
            "+1",
            " 1",
            "1e9",
            "x",
            "\u0661",
            "9".repeat(18),
            "9".repeat(4_000),
            BigInteger.ONE.shiftLeft(64),
            true)) {
      refused("expiration", no, "253402300799");
    }
    refused("version", 0, "integer");
    refused("version", 1L << 31, "2147483647");
  }

  @Test
  void parse_integersInAnyShape_areTheSame() {
    for (Object seconds :
        List.of(1_700_000_000, 1_700_000_000L, "1700000000", BigInteger.valueOf(1_700_000_000))) {
      Map<String, Object> fields = good();
      fields.put("expiration", seconds);
      fields.put("version", (short) 7);
      UserIdToken token = UserIdToken.parse(TokenForm.MOBILE_SDK, fields);
      assertThat(token.expiresAt()).isEqualTo(Instant.ofEpochSecond(1_700_000_000));
      assertThat(token.version()).isEqualTo(7);
    }
  }

  @ParameterizedTest
  @EnumSource
  void parse_digest_hasToBeAsLongAsTheAlgorithmMakesIt(DigestAlgorithm algorithm) {
    UserIdPolicy policy = UserIdAuthenticatorTest.policy(algorithm);
    int length = fixture.vault.userIds("secret", policy).sign("u").digest().hex().length();
    for (int digits = 0; digits <= 66; digits++) {
      Map<String, Object> fields = good();
      fields.put("algorithm", algorithm.wireName());
      fields.put("digest", "a".repeat(digits));
      if (digits == length) {
        assertThat(UserIdToken.parse(TokenForm.MOBILE_SDK, fields).digest().bytes())
            .hasSize(length / 2);
      } else {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> UserIdToken.parse(TokenForm.MOBILE_SDK, fields))
            .withMessageStartingWith("digest: ");
      }
    }
  }

  @Test
  void claim_malformedPart_isRefusedByItsNameAndLimit() {
    UserIdClaim claim = UserIdClaim.of("u");
    refused("userId", "4096", () -> UserIdClaim.of("x".repeat(4_097)));
    refused("userId", "", () -> UserIdClaim.of(""));
    refused("salt", "256", () -> claim.salt("x".repeat(257)));
    refused("salt", "256", () -> claim.salt(""));
    refused("salt", "control", () -> claim.salt("a\u0080"));
    refused("expiresAt", "253402300799", () -> claim.expiresAt(Instant.MAX));
    refused("expiresAt", "253402300799", () -> claim.expiresAt(Instant.EPOCH));
    refused("context key", "100", () -> claim.context("", "v"));
    refused("context key", "100", () -> claim.context("x".repeat(101), "v"));
    refused("context key", "url", () -> claim.context("url", "v"));
    refused("context value", "2048", () -> claim.context("k", "x".repeat(2_049)));
    refused("context value", "control", () -> claim.context("k", "\n"));
    refused("context", "already", () -> claim.context("k", "1").context("k", "1"));
    UserIdClaim full = claim;
    for (int i = 0; i < UserIdClaim.MAX_CONTEXT; i++) {
      full = full.context("k" + i, "");
    }
    UserIdClaim crowded = full;
    refused("context", "16", () -> crowded.context("more", ""));
    assertThat(claim.context()).isEmpty();
    refused("secretId", "300", () -> UserIdPolicy.standard().secretId(""));
    refused("secretId", "control", () -> UserIdPolicy.standard().secretId("\t"));
  }

  private static void refused(String field, String message, Runnable call) {
    assertThatIllegalArgumentException()
        .isThrownBy(call::run)
        .withMessageStartingWith(field + ": ")
        .withMessageContaining(message);
  }

  @Test
  void randomSalts_differAndAreLetters() {
    UserIdClaim claim = UserIdClaim.of("u");
    String salt = claim.randomSalt().salt();
    assertThat(salt).matches("[a-z]{28}").isNotEqualTo(claim.randomSalt().salt());
    assertThat(claim.expiresAt(Instant.ofEpochSecond(7, 999_999_999)).expiresAt())
        .isEqualTo(Instant.ofEpochSecond(7));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 15, 17})
  void unauthenticated_wrongInitializationVector_isRefused(int bytes) {
    Map<String, Object> fields =
        Map.of(
            "id",
            "00".repeat(32),
            "algorithm",
            "aes-256-cbc",
            "secretId",
            "s",
            "initializationVector",
            "0a".repeat(bytes));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> unauthenticated.decryptUnauthenticated(TokenForm.MOBILE_SDK, fields))
        .withMessageStartingWith("initializationVector: ");
  }

  @Test
  void unauthenticated_malformedField_isRefusedByItsName() {
    Map<String, Object> good =
        Map.of(
            "id",
            "00".repeat(32),
            "algorithm",
            "aes-256-cbc",
            "secretId",
            "s",
            "initializationVector",
            "00".repeat(16));
    assertThat(unauthenticated.decryptUnauthenticated(TokenForm.MOBILE_SDK, good)).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> unauthenticated.encryptUnauthenticated("u", TokenForm.LINK))
        .withMessageStartingWith("form: ");
    for (Map.Entry<String, Object> bad :
        List.<Map.Entry<String, Object>>of(
            Map.entry("id", "00".repeat(31)),
            Map.entry("id", "user-42"),
            Map.entry("id", "00".repeat(4_128)),
            Map.entry("algorithm", "hmac-sha256"),
            Map.entry("salt", "s"),
            Map.entry("digest", HEX),
            Map.entry("expiration", 1_700_000_000),
            Map.entry("secretId", ""))) {
      Map<String, Object> fields = new HashMap<>(good);
      fields.put(bad.getKey(), bad.getValue());
      assertThatIllegalArgumentException()
          .as(bad.getKey())
          .isThrownBy(() -> unauthenticated.decryptUnauthenticated(TokenForm.MOBILE_SDK, fields))
          .withMessageStartingWith(bad.getKey() + ": ");
    }
  }
}
