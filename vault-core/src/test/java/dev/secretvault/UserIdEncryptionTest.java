package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.Verification.Reason;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UserIdEncryptionTest {

  private static final String USER = "us\u00fcr-42";

  private VaultFixture fixture;
  private SecretVault vault;
  private SecretId id;
  private UserIdAuthenticator users;

  @BeforeEach
  void open() {
    fixture = VaultFixture.inMemory();
    vault = fixture.vault;
    id = VaultFixture.create(vault, "secret");
    users = vault.userIds(id);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void encrypt_anyUserId_comesBack() {
    for (String user :
        List.of(USER, "u", "\ud83d\ude00", "x".repeat(SecretVault.MAX_USER_ID_BYTES))) {
      String token = users.encrypt(user);
      assertThat(token).matches("[A-Za-z0-9_-]+");
      assertThat(users.encrypt(user)).isNotEqualTo(token);
      assertThat(users.decrypt(token).userId()).isEqualTo(user);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> users.encrypt(""))
        .withMessageStartingWith("userId: ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> users.encrypt(UserIdClaim.of(USER).salt("s")))
        .withMessageStartingWith("salt: ");
  }

  @Test
  void decrypt_everyFlippedBit_isRefused() {
    byte[] token = Base64.getUrlDecoder().decode(users.encrypt(USER));
    for (int bit = 0; bit < 8 * token.length; bit++) {
      byte[] altered = token.clone();
      altered[bit / 8] ^= (byte) (1 << bit % 8);
      String text = Base64.getUrlEncoder().withoutPadding().encodeToString(altered);
      assertThat(users.decrypt(text).genuine()).as("bit %d", bit).isFalse();
    }
    for (int length = 0; length < token.length; length++) {
      byte[] cut = Arrays.copyOf(token, length);
      String text = Base64.getUrlEncoder().withoutPadding().encodeToString(cut);
      assertThat(users.decrypt(text).genuine()).as("length %d", length).isFalse();
    }
  }

  @Test
  void decrypt_otherTextOfTheSameBytes_isRefused() {
    // 43 bytes are 57 characters and 4 bits: the last character has two that mean nothing.
    String token = users.encrypt("xy");
    assertThat(token.length() % 4).isEqualTo(2);
    int last = token.charAt(token.length() - 1);
    String same = token.substring(0, token.length() - 1) + (char) (last + 1);
    assertThat(Base64.getUrlDecoder().decode(same)).isEqualTo(Base64.getUrlDecoder().decode(token));
    assertThat(users.decrypt(same).reason()).isEqualTo(Reason.MALFORMED);
    assertThat(users.decrypt(token + "==").reason()).isEqualTo(Reason.MALFORMED);
    assertThat(users.decrypt(token).genuine()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "=", "\u00fc", "AAAA"})
  void decrypt_noToken_isMalformed(String token) {
    assertThat(users.decrypt(token).reason()).isEqualTo(Reason.MALFORMED);
    assertThat(users.decrypt("A".repeat(1 << 20)).reason()).isEqualTo(Reason.MALFORMED);
  }

  @Test
  void decrypt_contextSecretAndTime_areBound() {
    UserIdClaim claim =
        UserIdClaim.of(USER).context("action", "x").expiresAt(VaultFixture.START.plusSeconds(9));
    String token = users.encrypt(claim);
    assertThat(users.decrypt(token, Map.of("action", "x")).userId()).isEqualTo(USER);
    assertThat(users.decrypt(token).reason()).isEqualTo(Reason.WRONG_DIGEST);
    assertThat(users.decrypt(token, Map.of("action", "y")).reason()).isEqualTo(Reason.WRONG_DIGEST);
    UserIdAuthenticator elsewhere = vault.userIds(id, UserIdPolicy.standard().secretId("other"));
    assertThat(elsewhere.decrypt(token, Map.of("action", "x")).reason())
        .isEqualTo(Reason.WRONG_DIGEST);
    UserIdAuthenticator other = vault.userIds(VaultFixture.create(vault, "other"));
    assertThat(other.decrypt(users.encrypt(USER)).reason()).isEqualTo(Reason.WRONG_DIGEST);
    fixture.clock.advance(Duration.ofSeconds(9));
    assertThat(users.decrypt(token, Map.of("action", "x")).reason()).isEqualTo(Reason.EXPIRED);
    assertThat(users.decrypt(token, Map.of()).reason()).isEqualTo(Reason.WRONG_DIGEST);
  }

  @Test
  void encrypt_policyThatExpires_takesNoOther() {
    UserIdAuthenticator expiring = vault.userIds(id, UserIdPolicy.standard().expiring());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> expiring.encrypt(USER))
        .withMessageStartingWith("expiresAt: ");
    assertThat(expiring.decrypt(users.encrypt(USER)).reason()).isEqualTo(Reason.OTHER_PARTS);
    UserIdClaim claim = UserIdClaim.of(USER).expiresAt(VaultFixture.START.plusSeconds(9));
    assertThat(expiring.decrypt(expiring.encrypt(claim)).userId()).isEqualTo(USER);
    assertThat(users.decrypt(expiring.encrypt(claim)).userId()).isEqualTo(USER);
  }

  @Test
  void decrypt_afterRotation_untilRetired() {
    String first = users.encrypt(USER);
    vault.rotate(id, NewValue.of("second".toCharArray())).close();
    vault.activate(id);
    String second = users.encrypt(USER);
    assertThat(users.decrypt(first).version()).isEqualTo(1);
    assertThat(users.decrypt(second).version()).isEqualTo(2);
    vault.retire(id, 1);
    assertThat(users.decrypt(first).reason()).isEqualTo(Reason.UNKNOWN_VERSION);
    vault.deactivate(id);
    assertThat(users.decrypt(second).reason()).isEqualTo(Reason.SECRET_UNUSABLE);
    assertThatThrownBy(() -> users.encrypt(USER)).isInstanceOf(SecretNotActiveException.class);
  }

  /** Else whoever may choose a user ID could have the key returned to them as a digest. */
  @Test
  void encryption_key_isNoDigestOfAUserId() throws Exception {
    byte[] label = "?secretvault/1/user-id-encryption".getBytes(StandardCharsets.US_ASCII);
    for (byte first : new byte[] {(byte) 0xff, '?', 0}) {
      label[0] = first;
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec("secret".getBytes(StandardCharsets.US_ASCII), "HmacSHA256"));
      boolean opens = opens(mac.doFinal(label), users.encrypt(USER));
      assertThat(opens).isEqualTo(first == (byte) 0xff);
    }
  }

  /** Opens a token as a reader that was written after the documentation alone. */
  private boolean opens(byte[] key, String token) throws Exception {
    byte[] bytes = Base64.getUrlDecoder().decode(token);
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        Cipher.DECRYPT_MODE,
        new SecretKeySpec(key, "AES"),
        new GCMParameterSpec(128, bytes, 5, 12));
    cipher.updateAAD(
        new LabelledBytes("secretvault/1/encrypted-user-id")
            .field("secret_id", id.text())
            .toArray());
    try {
      byte[] plaintext = cipher.doFinal(bytes, 17, bytes.length - 17);
      return new String(plaintext, 8, plaintext.length - 8, StandardCharsets.UTF_8).equals(USER);
    } catch (AEADBadTagException e) {
      return false;
    }
  }

  @Test
  void unauthenticated_withoutTheOptIn_isRefused() {
    for (UserIdPolicy policy : List.of(UserIdPolicy.standard(), UserIdPolicy.bound())) {
      UserIdAuthenticator strict = vault.userIds(id, policy);
      assertThatThrownBy(() -> strict.encryptUnauthenticated(USER, TokenForm.MOBILE_SDK))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("allowUnsafeAes256Cbc");
      assertThatThrownBy(() -> strict.decryptUnauthenticated(TokenForm.MOBILE_SDK, Map.of()))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void unauthenticated_valueThatIsNoKey_isRefused() {
    UserIdAuthenticator cbc = vault.userIds(id, UserIdPolicy.standard().allowUnsafeAes256Cbc());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> cbc.encryptUnauthenticated(USER, TokenForm.MOBILE_SDK))
        .withMessageStartingWith("value: ")
        .withMessageContaining("32 bytes")
        .withMessageNotContaining("secret");
  }

  @Test
  void unauthenticated_versionThatIsNoKey_harmsNoOther() {
    UserIdAuthenticator cbc = vault.userIds(id, UserIdPolicy.standard().allowUnsafeAes256Cbc());
    Map<String, Object> before = Map.of("secretId", id.text(), "algorithm", "aes-256-cbc");
    rotateTo("k".repeat(32));
    Map<String, Object> first = cbc.encryptUnauthenticated(USER, TokenForm.MOBILE_SDK);
    assertThat(first).containsAllEntriesOf(before);
    assertThat(cbc.decryptUnauthenticated(TokenForm.MOBILE_SDK, first)).contains(USER);
    rotateTo("0f".repeat(32));
    Map<String, Object> second = cbc.encryptUnauthenticated("second", TokenForm.MOBILE_SDK);
    assertThat(cbc.decryptUnauthenticated(TokenForm.MOBILE_SDK, second)).contains("second");
    assertThat(cbc.decryptUnauthenticated(TokenForm.MOBILE_SDK, first)).contains(USER);
    rotateTo("no key any more");
    assertThat(cbc.decryptUnauthenticated(TokenForm.MOBILE_SDK, second)).contains("second");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> cbc.encryptUnauthenticated(USER, TokenForm.MOBILE_SDK))
        .withMessageStartingWith("value: ");
  }

  private void rotateTo(String value) {
    vault.rotate(id, NewValue.of(value.toCharArray())).close();
    vault.activate(id);
  }
}
