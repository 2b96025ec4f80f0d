package dev.secretvault.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.secretvault.crypto.CryptoException.Reason;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class UserIdCipherTest {

  private static final byte[] SECRET = "secret".getBytes(US_ASCII);
  private static final byte[] USER = "user-42".getBytes(US_ASCII);
  private static final byte[] BOUND = "bound".getBytes(US_ASCII);
  private static final byte[] NOTHING = {};

  @Test
  void encrypt_eachTime_isAnotherAndComesBack() {
    UserIdCipher cipher = UserIdCipher.derive(SECRET, 7);
    byte[] encrypted = cipher.encrypt(USER, BOUND);
    assertThat(encrypted).hasSize(USER.length + UserIdCipher.OVERHEAD_BYTES);
    assertThat(encrypted).isNotEqualTo(cipher.encrypt(USER, BOUND));
    assertThat(UserIdCipher.numberOf(encrypted)).isEqualTo(7);
    assertThat(UserIdCipher.derive(SECRET, 7).decrypt(encrypted, BOUND)).isEqualTo(USER);
    assertThat(cipher).hasToString("UserIdCipher[hidden]");
  }

  @Test
  void decrypt_underAnythingElse_isDamaged() {
    byte[] encrypted = UserIdCipher.derive(SECRET, 7).encrypt(USER, BOUND);
    damaged(() -> UserIdCipher.derive(SECRET, 8).decrypt(encrypted, BOUND));
    damaged(() -> UserIdCipher.derive(USER, 7).decrypt(encrypted, BOUND));
    damaged(() -> UserIdCipher.derive(SECRET, 7).decrypt(encrypted, NOTHING));
    for (int length = 0; length < UserIdCipher.OVERHEAD_BYTES; length++) {
      byte[] cut = Arrays.copyOf(encrypted, length);
      damaged(() -> UserIdCipher.numberOf(cut));
    }
    byte[] newer = encrypted.clone();
    newer[0] = 2;
    damaged(() -> UserIdCipher.numberOf(newer));
  }

  private static void damaged(Runnable call) {
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(call::run)
        .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.DAMAGED));
  }

  /** Those with keys of 256 bits; the invalid ones have wrong padding. */
  @Test
  void unauthenticated_wycheproof_acceptsTheValidAndNothingElse() {
    AtomicInteger valid = new AtomicInteger();
    AtomicInteger invalid = new AtomicInteger();
    Vectors.wycheproof(
        "aes_cbc_pkcs5_test.json",
        (group, vector) -> {
          if (group.required("keySize").asInt() != 256) {
            return;
          }
          UnauthenticatedCipher cipher =
              UnauthenticatedCipher.of(Vectors.bytes(vector, "key")).orElseThrow();
          byte[] iv = Vectors.bytes(vector, "iv");
          byte[] encrypted = Vectors.bytes(vector, "ct");
          Optional<byte[]> decrypted = cipher.decrypt(iv, encrypted);
          if (Vectors.isValid(vector)) {
            valid.incrementAndGet();
            assertThat(decrypted).as(Vectors.name(vector)).contains(Vectors.bytes(vector, "msg"));
            assertThat(cipher.encrypt(iv, Vectors.bytes(vector, "msg"))).isEqualTo(encrypted);
          } else {
            invalid.incrementAndGet();
            assertThat(decrypted).as(Vectors.name(vector)).isEmpty();
          }
        });
    assertThat(valid).hasValue(24);
    assertThat(invalid).hasValue(48);
  }

  @Test
  void unauthenticated_value_isTheKeyOrItsDigits() {
    byte[] key = Seeded.bytes(Seeded.random("unauthenticated_value"), 32);
    byte[] iv = UnauthenticatedCipher.randomIv();
    byte[] encrypted = UnauthenticatedCipher.of(key).orElseThrow().encrypt(iv, USER);
    for (HexFormat digits : new HexFormat[] {HexFormat.of(), HexFormat.of().withUpperCase()}) {
      UnauthenticatedCipher same =
          UnauthenticatedCipher.of(digits.formatHex(key).getBytes(US_ASCII)).orElseThrow();
      assertThat(same.decrypt(iv, encrypted)).contains(USER);
    }
    byte[] notDigits = HexFormat.of().formatHex(key).getBytes(US_ASCII);
    notDigits[63] = 'g';
    for (byte[] value : new byte[][] {NOTHING, SECRET, new byte[31], new byte[65], notDigits}) {
      assertThat(UnauthenticatedCipher.of(value)).isEmpty();
    }
    assertThat(UnauthenticatedCipher.of(key).orElseThrow())
        .hasToString("UnauthenticatedCipher[hidden]");
  }
}
