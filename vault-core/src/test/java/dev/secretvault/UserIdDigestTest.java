package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.SplittableRandom;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UserIdDigestTest {

  private static final String DIGEST =
      "19c2034c62b102e30b99a73f13caab2a0bbdd833c82d1224b44760ee749f57d3";

  private VaultFixture fixture;
  private SecretVault vault;
  private SecretId id;

  @BeforeEach
  void open() {
    fixture = VaultFixture.inMemory();
    vault = fixture.vault;
    id = create("secret", "secret".getBytes(StandardCharsets.UTF_8));
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private SecretId create(String name, byte[] value) {
    try (CreatedSecret created = vault.create(SecretSpec.named(name).value(value).active())) {
      return created.info().id();
    }
  }

  @Test
  void hmac_knownVector_inEachForm() {
    Digest digest = vault.hmac("secret", "user@domain.com");
    assertThat(digest.hex()).isEqualTo(DIGEST);
    byte[] bytes = HexFormat.of().parseHex(DIGEST);
    assertThat(digest.bytes()).isEqualTo(bytes);
    assertThat(digest.base64Url())
        .isEqualTo(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
    digest.bytes()[0]++;
    assertThat(digest.bytes()).as("a copy each time").isEqualTo(bytes);
  }

  /** RFC 4231, test cases 1, 2, 6 and 7: those whose data is text. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          0b | 20 | Hi There | b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7
          4a656665 | 1 | what do ya want for nothing? | 5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843
          aa | 131 | Test Using Larger Than Block-Size Key - Hash Key First | 60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54
          aa | 131 | This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm. | 9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2
          """)
  void hmac_rfc4231(String key, int times, String data, String digest) {
    SecretId rfc = create("rfc", HexFormat.of().parseHex(key.repeat(times)));
    assertThat(vault.hmac(rfc, data).hex()).isEqualTo(digest);
  }

  @Test
  void hmac_randomIdsOfAllPlanes_agreeWithJca() throws GeneralSecurityException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec("secret".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    for (int i = 0; i < 10_000; i++) {
      StringBuilder userId = new StringBuilder();
      for (int length = random.nextInt(1, 60); length > 0; length--) {
        int codePoint = random.nextInt(Character.MAX_CODE_POINT + 1);
        boolean surrogate = codePoint >= 0xd800 && codePoint < 0xe000;
        userId.appendCodePoint(surrogate ? '?' : codePoint);
      }
      byte[] expected = mac.doFinal(userId.toString().getBytes(StandardCharsets.UTF_8));
      String hex = vault.hmac(id, userId.toString()).hex();
      assertThat(hex).isEqualTo(HexFormat.of().formatHex(expected));
      assertThat(vault.verify(id, userId.toString(), hex)).isTrue();
    }
  }

  @Test
  void verify_eitherCase_isGenuine() {
    assertThat(vault.verify(id, "user@domain.com", DIGEST)).isTrue();
    assertThat(vault.verify("secret", "user@domain.com", DIGEST.toUpperCase(Locale.ROOT))).isTrue();
  }

  @Test
  void verify_base64Url_isGenuineAsItIsWritten() {
    String digest = vault.hmac(id, "user@domain.com").base64Url();
    assertThat(digest).isEqualTo("GcIDTGKxAuMLmac_E8qrKgu92DPILRIktEdg7nSfV9M");
    assertThat(vault.verify(id, "user@domain.com", digest)).isTrue();
    assertThat(vault.verify("secret", "user@domain.com", digest)).isTrue();
    assertThat(vault.verify(id, "user@domain.co", digest)).isFalse();
    for (int i = 0; i < digest.length(); i++) {
      char wrong = digest.charAt(i) == 'A' ? 'B' : 'A';
      String altered = digest.substring(0, i) + wrong + digest.substring(i + 1);
      assertThat(vault.verify(id, "user@domain.com", altered)).isFalse();
    }
  }

  @Test
  void verify_everyWrongDigit_isNotGenuine() {
    for (int i = 0; i < DIGEST.length(); i++) {
      char wrong = DIGEST.charAt(i) == '0' ? '1' : '0';
      String digest = DIGEST.substring(0, i) + wrong + DIGEST.substring(i + 1);
      assertThat(vault.verify(id, "user@domain.com", digest)).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "19",
        "19c2034c62b102e30b99a73f13caab2a0bbdd833c82d1224b44760ee749f57d",
        "19c2034c62b102e30b99a73f13caab2a0bbdd833c82d1224b44760ee749f57d3d3",
        " 9c2034c62b102e30b99a73f13caab2a0bbdd833c82d1224b44760ee749f57d3",
        "xxc2034c62b102e30b99a73f13caab2a0bbdd833c82d1224b44760ee749f57d3",
        "GcIDTGKxAuMLmac_E8qrKgu92DPILRIktEdg7nSfV9N",
        "GcIDTGKxAuMLmac/E8qrKgu92DPILRIktEdg7nSfV9M",
        "GcIDTGKxAuMLmac_E8qrKgu92DPILRIktEdg7nSfV9",
        "GcIDTGKxAuMLmac_E8qrKgu92DPILRIktEdg7nSfV9M=",
        "GcIDTGKxAuMLmac_E8qrKgu92DPILRIktEdg7nSfV9=",
        "\u00fccIDTGKxAuMLmac_E8qrKgu92DPILRIktEdg7nSfV9M"
      })
  void verify_malformedDigest_isNotGenuine(String digest) {
    assertThat(vault.verify(id, "user@domain.com", digest)).isFalse();
  }

  @Test
  void verify_ofAnotherUserOrSecret_isNotGenuine() {
    SecretId other = create("other", "other".getBytes(StandardCharsets.UTF_8));
    assertThat(vault.verify(id, "user@domain.co", DIGEST)).isFalse();
    assertThat(vault.verify(other, "user@domain.com", DIGEST)).isFalse();
  }

  @Test
  void userId_thatIsNone_isRefusedAndNeverGenuine() {
    String tooLong = "x".repeat(SecretVault.MAX_USER_ID_BYTES + 1);
    for (String userId : new String[] {"", tooLong, "\ud800", "a\udc00b", "\ud83d"}) {
      assertThatThrownBy(() -> vault.hmac(id, userId))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("userId: ");
      assertThat(vault.verify(id, userId, DIGEST)).isFalse();
    }
    assertThatThrownBy(() -> vault.hmac(id, tooLong)).hasMessageContaining("4096");
    assertThat(vault.hmac(id, "x".repeat(SecretVault.MAX_USER_ID_BYTES)).hex()).hasSize(64);
    assertThat(vault.hmac(id, "what?").hex()).hasSize(64);
  }

  /** By what the thread allocates: the text alone is 16 MB, and as much again in UTF-8. */
  @Test
  void userId_oversize_isRefusedBeforeItIsEncoded() {
    String huge = "x".repeat(1 << 24);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertThat(vault.verify(id, huge, DIGEST)).isFalse();
    assertThatThrownBy(() -> vault.userIds(id).sign(huge)).hasMessageContaining("4096");
    assertThatThrownBy(() -> UserIdClaim.of(huge)).hasMessageContaining("at least 16777216");
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertThat(allocated).isBetween(1L, 1L << 23);
  }
}
