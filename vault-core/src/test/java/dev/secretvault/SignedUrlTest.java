package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.secretvault.Verification.Reason;
import dev.secretvault.crypto.DigestAlgorithm;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignedUrlTest {

  private static final String LINK =
      "https://example.org/v1/consents/execute?key=k&action=event.create";

  private VaultFixture fixture;
  private UserIdAuthenticator bound;
  private UserIdAuthenticator service;
  private UserIdClaim claim;

  @BeforeEach
  void open() {
    fixture = VaultFixture.inMemory();
    SecretId id = VaultFixture.create(fixture.vault, "secret");
    bound = fixture.vault.userIds(id, UserIdPolicy.bound().secretId("sid"));
    service =
        fixture.vault.userIds(
            id, UserIdPolicy.unsafe(DigestAlgorithm.HASH_MD5).salted().secretId("secret-id"));
    claim = UserIdClaim.of("user@domain.com").expiresAt(VaultFixture.START.plusSeconds(60));
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private static Reason reason(UserIdAuthenticator users, String url) {
    return users.verifyUrl(URI.create(url)).reason();
  }

  /** The link that a service publishes, whose digest it has computed. */
  @Test
  void consentLink_published_isMadeAndVerified() {
    URI signed = service.signUrl(URI.create(LINK), UserIdClaim.of("user@domain.com").salt("salt"));
    assertThat(signed)
        .hasToString(
            LINK
                + "&organization_user_id=user%40domain.com&auth_algorithm=hash-md5"
                + "&auth_sid=secret-id&auth_salt=salt"
                + "&auth_digest=e067d565e248267d5c3dd2f82409f5e3");
    assertThat(service.verifyUrl(signed).userId()).isEqualTo("user@domain.com");
    String theirs =
        "https://api.example.org/v1/consents/execute?key=k&auth_algorithm=hash-md5"
            + "&auth_sid=secret-id&auth_digest=E067D565e248267d5c3dd2f82409f5e3&auth_salt=salt"
            + "&organization_user_id=user@domain.com&action=event.create&event=%7B%7D";
    assertThat(reason(service, theirs)).isEqualTo(Reason.GENUINE);
    assertThat(reason(service, theirs.replace("action=event.create", "action=event.update")))
        .as("what such a digest does not cover")
        .isEqualTo(Reason.GENUINE);
    assertThat(reason(service, theirs.replace("user@", "eve@"))).isEqualTo(Reason.WRONG_DIGEST);
    assertThat(reason(service, theirs.replace("=salt", "=salz"))).isEqualTo(Reason.WRONG_DIGEST);
    assertThat(reason(service, theirs.replace("hash-md5", "hash-sha256")))
        .isEqualTo(Reason.MALFORMED);
    assertThat(reason(service, theirs.replace("secret-id", "other")))
        .isEqualTo(Reason.OTHER_SECRET);
    assertThat(reason(service, theirs + "&auth_salt=salt")).isEqualTo(Reason.MALFORMED);
  }

  @Test
  void consentLink_expiration_hasNoPlace() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> service.signUrl(URI.create(LINK), claim))
        .withMessageStartingWith("expiresAt: ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bound.signUrl(URI.create(LINK), UserIdClaim.of("u")))
        .withMessageStartingWith("expiresAt: ");
  }

  @Test
  void signedUrl_everyCharacter_isCovered() {
    String signed = bound.signUrl(URI.create(LINK), claim.salt("a salt")).toString();
    assertThat(signed).startsWith(LINK + "&").doesNotContain("+");
    assertThat(bound.verifyUrl(URI.create(signed)).userId()).isEqualTo("user@domain.com");
    int refused = 0;
    for (int i = 0; i < signed.length(); i++) {
      for (String character : List.of("", "x", "0", "&", "A", other(signed.charAt(i)))) {
        String altered = signed.substring(0, i) + character + signed.substring(i + 1);
        URI url = uriOrNull(altered);
        if (url != null && !isSameDigestIn(altered, signed)) {
          assertThat(bound.verifyUrl(url).genuine()).as("%s", altered).isFalse();
          refused++;
        }
      }
    }
    assertThat(refused).isGreaterThan(2 * signed.length());
    assertThat(reason(bound, signed + "&x=y")).isEqualTo(Reason.MALFORMED);
    assertThat(reason(bound, signed + "#part")).isEqualTo(Reason.MALFORMED);
    assertThat(reason(bound, signed.replace("https:", "http:"))).isEqualTo(Reason.WRONG_DIGEST);
    fixture.clock.advance(Duration.ofSeconds(60));
    assertThat(reason(bound, signed)).isEqualTo(Reason.EXPIRED);
  }

  private static String other(char c) {
    char upper = Character.toUpperCase(c);
    return String.valueOf(c == upper ? Character.toLowerCase(c) : upper);
  }

  /** Only the digest may have digits of either case. */
  private static boolean isSameDigestIn(String altered, String signed) {
    int digest = signed.lastIndexOf('=') + 1;
    return altered.equalsIgnoreCase(signed)
        && altered.substring(0, digest).equals(signed.substring(0, digest));
  }

  private static URI uriOrNull(String text) {
    try {
      return new URI(text);
    } catch (URISyntaxException e) {
      return null;
    }
  }

  @Test
  void signedUrl_digest_isThatOfNothingElse() {
    URI signed = bound.signUrl(URI.create(LINK), claim);
    String query = signed.getRawQuery();
    String other = "https://example.org/v1/delete?" + query;
    assertThat(reason(bound, other)).isEqualTo(Reason.WRONG_DIGEST);
    String hex = query.substring(query.lastIndexOf('=') + 1);
    assertThat(bound.sign(claim).digest().hex()).isNotEqualTo(hex);
    URI forAction = bound.signUrl(URI.create(LINK), claim.context("action", "delete"));
    assertThat(bound.verifyUrl(forAction).reason()).isEqualTo(Reason.WRONG_DIGEST);
    assertThat(bound.verifyUrl(forAction, Map.of("action", "delete")).genuine()).isTrue();
    assertThat(bound.verifyUrl(forAction, Map.of("action", "keep")).reason())
        .isEqualTo(Reason.WRONG_DIGEST);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://example.org/",
        "https://example.org/?",
        "http://192.168.0.1:443/a.b/..c/...",
        "https://a-1.example.org.:80/;/~!$()*,=:@",
        "https://example.org/'/?a",
        "https://example.org/?a&",
        "https://example.org:8443/%C3%BC?q=a+b&q=c%26d",
        "https://xn--tda.example.org:65535/%E2%82%AC?x=a%CC%88"
      })
  void signUrl_anyUrl_verifies(String text) {
    URI url;
    try {
      url = new URI(text);
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
    UserIdClaim odd =
        UserIdClaim.of("\u00fc&=%+ #\ud83d\ude00?").expiresAt(VaultFixture.START.plusSeconds(9));
    URI signed = bound.signUrl(url, odd);
    assertThat(signed.toString()).matches("\\p{ASCII}*");
    assertThat(bound.verifyUrl(signed).userId()).isEqualTo(odd.userId());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/relative",
        "example.org/",
        "https:/path",
        "app://host/path",
        "HTTPS://example.org/",
        "https://Example.org/",
        "https://\u00fc.example.org/",
        "https://example.org",
        "https://example.org?q",
        "https://example.org:/",
        "https://example.org:443/",
        "http://example.org:80/",
        "https://example.org:08443/",
        "https://example.org/a/../b",
        "https://example.org/a/.",
        "https://example.org/./b?q",
        "https://example.org/%2E%2e?q",
        "https://example.org/.%2e/",
        "https://example.org/?q='",
        "https://192.168.0.01/",
        "https://192.168.1/",
        "https://0x7f000001/",
        "https://[::1]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://example.org/?q=%FF",
        "https://example.org/?q=%FF&auth_sid=other",
        "https://example.org/?auth_sid=a&auth_sid=b",
        "https://example.org/?auth_digest=00&auth%5fdigest=00",
        "mailto:someone@example.org",
        "https://user@example.org/",
        "https://example.org/#part",
        "https://xn--a/",
        "https://a.xn--0/",
        "https://xn--.org/",
        "https://example.org:65536/",
        "https://example.org:99999/",
        "https://example.org/\u00e9",
        "https://example.org/e\u0301",
        "https://example.org/?q=\u212b",
        "https://example.org/?auth_digest=00",
        "https://example.org/?auth%5Fsid=other",
        "https://example.org/?organization_user_id"
      })
  void signUrl_notToBeSigned_isRefused(String url) {
    for (UserIdAuthenticator users : List.of(bound, service)) {
      UserIdClaim each = users == bound ? claim : UserIdClaim.of("u").salt("s");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> users.signUrl(URI.create(url), each))
          .withMessageStartingWith("url: ");
    }
  }

  /** Texts that become one when ASCII is made of them, and one of which none can be made. */
  @ParameterizedTest
  @CsvSource({"/%C3%A9, /e\u0301", "/%C3%A9, /\u00e9", "/%C3%85, /\u212b", "/, /\ud800"})
  void urlOutsideAscii_isNoOtherLinkAndNoError(String ascii, String other)
      throws URISyntaxException {
    String origin = "https://example.org";
    URI signed = bound.signUrl(URI.create(origin + ascii), claim);
    assertThat(bound.verifyUrl(signed).genuine()).isTrue();
    String link = signed.toString().replaceFirst(origin + ascii, origin + other);
    assertThat(bound.verifyUrl(new URI(link)).reason()).isEqualTo(Reason.MALFORMED);
    URI inQuery = new URI(origin + "/?q=" + other.substring(1));
    assertThat(bound.verifyUrl(inQuery).reason()).isEqualTo(Reason.MALFORMED);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bound.signUrl(inQuery, claim))
        .withMessageStartingWith("url: ");
  }

  @Test
  void signUrl_tooLong_isRefused() {
    URI url = URI.create("https://example.org/?x=" + "x".repeat(SignedUrls.MAX_URL - 100));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bound.signUrl(url, claim))
        .withMessageStartingWith("url: ")
        .withMessageContaining("8192");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://example.org/",
        "https://example.org/?auth_digest=",
        "mailto:someone@example.org",
        "https://example.org/?organization_user_id=%FF&auth_algorithm=hash-md5&auth_sid=secret-id"
            + "&auth_digest=e067d565e248267d5c3dd2f82409f5e3",
        "https://example.org/?organization_user_id=u&auth_algorithm=hash-md5&auth_sid=secret-id"
            + "&auth_salt=%0A&auth_digest=e067d565e248267d5c3dd2f82409f5e3",
        "https://example.org/?organization_user_id=u&organization_user_id=v&auth_algorithm=hash-md5"
            + "&auth_sid=secret-id&auth_digest=e067d565e248267d5c3dd2f82409f5e3",
        "https://example.org/?organization_user_id=u&auth_algorithm=hash-md5&auth_sid=secret-id"
            + "&auth_digest=e067d565e248267d5c3dd2f82409f5e"
      })
  void verifyUrl_malformed_isNotGenuine(String url) {
    assertThat(reason(service, url)).isEqualTo(Reason.MALFORMED);
    assertThat(reason(bound, url)).isEqualTo(Reason.MALFORMED);
    String long1 = "https://example.org/?" + "x".repeat(SignedUrls.MAX_URL);
    assertThat(reason(bound, long1)).isEqualTo(Reason.MALFORMED);
  }

  /** What stands in front of the question mark, or where there is none, is no parameter. */
  @Test
  void verifyUrl_partsOutsideTheQuery_areNone() {
    UserIdClaim each = UserIdClaim.of("u").salt("s");
    String signed = service.signUrl(URI.create("https://example.org/&a=b"), each).toString();
    assertThat(reason(service, signed)).isEqualTo(Reason.GENUINE);
    assertThat(reason(service, signed.replace("?", "&"))).isEqualTo(Reason.MALFORMED);
    URI path = URI.create("https://example.org/&auth_sid=other&auth_digest=00");
    assertThat(bound.verifyUrl(bound.signUrl(path, claim)).genuine()).isTrue();
  }

  /** A service's link has no name for it, so nobody else would heed it. */
  @Test
  void consentLink_withExpiration_isRefused() {
    UserIdPolicy policy = UserIdPolicy.of(DigestAlgorithm.HMAC_SHA1).secretId("sid");
    VaultFixture.create(fixture.vault, "other");
    for (UserIdPolicy each : List.of(policy, policy.expiring())) {
      UserIdAuthenticator users = fixture.vault.userIds("other", each);
      String hex = fixture.vault.userIds("other", policy.expiring()).sign(claim).digest().hex();
      String link =
          "https://example.org/?organization_user_id=user%40domain.com&auth_algorithm=hmac-sha1"
              + "&auth_sid=sid&auth_digest="
              + hex;
      String expiration = "&auth_expiration=" + claim.expiresAt().getEpochSecond();
      assertThat(reason(users, link + expiration)).isEqualTo(Reason.MALFORMED);
      assertThat(reason(users, link + "&auth%5fexpiration=1")).isEqualTo(Reason.MALFORMED);
      assertThat(users.verifyUrl(URI.create(link)).genuine()).isFalse();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> users.signUrl(URI.create(LINK), claim))
          .withMessageStartingWith("expiresAt: ");
    }
  }
}
