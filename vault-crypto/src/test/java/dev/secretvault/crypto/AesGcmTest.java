package dev.secretvault.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@Timeout(60)
final class AesGcmTest {

  private static final byte[] DATA = "associated".getBytes(US_ASCII);

  /** Bare, as slots and keyrings have it, and behind version and epoch, as records do. */
  @Test
  void decrypt_wycheproof_acceptsTheValidAndNothingElse() {
    int number = 0x01020304;
    byte[] prefix = {AesGcm.PREFIX_VERSION, 1, 2, 3, 4};
    AtomicInteger valid = new AtomicInteger();
    AtomicInteger invalid = new AtomicInteger();
    AtomicInteger notApplicable = new AtomicInteger();
    Vectors.wycheproof(
        "aes_gcm_test.json",
        (group, vector) -> {
          if (!isOurs(group)) {
            notApplicable.incrementAndGet();
            return;
          }
          AesGcm cipher = new AesGcm(Vectors.bytes(vector, "key"));
          AesGcm prefixed = new AesGcm(Vectors.bytes(vector, "key"), number);
          byte[] data = Vectors.bytes(vector, "aad");
          byte[] sealed =
              concat(
                  Vectors.bytes(vector, "iv"),
                  Vectors.bytes(vector, "ct"),
                  Vectors.bytes(vector, "tag"));
          if (Vectors.isValid(vector)) {
            valid.incrementAndGet();
            assertThat(cipher.decrypt(sealed, data, "damaged"))
                .as(Vectors.name(vector))
                .isEqualTo(Vectors.bytes(vector, "msg"))
                .isEqualTo(prefixed.decrypt(concat(prefix, sealed), data, "damaged"));
          } else {
            invalid.incrementAndGet();
            Tampering.assertRefused(
                Reason.DAMAGED, () -> cipher.decrypt(sealed, data, Vectors.name(vector)));
            Tampering.assertRefused(
                Reason.DAMAGED,
                () -> prefixed.decrypt(concat(prefix, sealed), data, Vectors.name(vector)));
          }
        });
    assertThat(valid).hasValue(39);
    assertThat(invalid).hasValue(27);
    assertThat(notApplicable).hasValue(250);
  }

  /** Key and nonce sizes that are not used here: in the platform's cipher, which Tink drives. */
  @Test
  void decrypt_wycheproofOfOtherSizes_holdsInThePlatformsCipher() {
    AtomicInteger valid = new AtomicInteger();
    AtomicInteger invalid = new AtomicInteger();
    Vectors.wycheproof(
        "aes_gcm_test.json",
        (group, vector) -> {
          if (isOurs(group)) {
            return;
          }
          byte[] sealed = concat(Vectors.bytes(vector, "ct"), Vectors.bytes(vector, "tag"));
          Callable<byte[]> decryption =
              () -> {
                Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
                cipher.init(
                    Cipher.DECRYPT_MODE,
                    new SecretKeySpec(Vectors.bytes(vector, "key"), "AES"),
                    new GCMParameterSpec(128, Vectors.bytes(vector, "iv")));
                cipher.updateAAD(Vectors.bytes(vector, "aad"));
                return cipher.doFinal(sealed);
              };
          if (Vectors.isValid(vector)) {
            valid.incrementAndGet();
            assertThatNoException()
                .as(Vectors.name(vector))
                .isThrownBy(
                    () -> assertThat(decryption.call()).isEqualTo(Vectors.bytes(vector, "msg")));
          } else {
            invalid.incrementAndGet();
            assertThatExceptionOfType(GeneralSecurityException.class)
                .as(Vectors.name(vector))
                .isThrownBy(decryption::call);
          }
        });
    assertThat(valid).hasValue(190);
    assertThat(invalid).hasValue(60);
  }

  private static boolean isOurs(JsonNode group) {
    return group.required("keySize").asInt() == 256
        && group.required("ivSize").asInt() == 96
        && group.required("tagSize").asInt() == 128;
  }

  @Test
  void encrypt_sameTwice_drawsAnotherNonce() {
    AesGcm cipher = new AesGcm(new byte[32]);
    Set<ByteBuffer> nonces = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      byte[] sealed = cipher.encrypt(new byte[0], DATA);
      assertThat(sealed).hasSize(AesGcm.OVERHEAD_BYTES);
      nonces.add(ByteBuffer.wrap(Arrays.copyOf(sealed, 12)));
    }
    assertThat(nonces).hasSize(10_000);
  }

  @Test
  void decrypt_anythingTooShort_isDamaged() {
    AesGcm cipher = new AesGcm(new byte[32]);
    for (int length = 0; length < AesGcm.OVERHEAD_BYTES; length++) {
      byte[] tooShort = new byte[length];
      Tampering.assertRefused(Reason.DAMAGED, () -> cipher.decrypt(tooShort, DATA, "damaged"));
    }
  }

  @Test
  void decrypt_damaged_saysTheGivenMessageAndNoCause() {
    AesGcm cipher = new AesGcm(new byte[32]);
    byte[] sealed = cipher.encrypt("plaintext".getBytes(US_ASCII), DATA);
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> cipher.decrypt(Tampering.flip(sealed, 100), DATA, "what to say"))
        .withMessage("what to say")
        .withNoCause();
  }

  @Test
  void constructor_keyOverwrittenAfterwards_keepsItsOwn() {
    byte[] key = "0123456789abcdef0123456789abcdef".getBytes(US_ASCII);
    AesGcm before = new AesGcm(key.clone());
    AesGcm cipher = new AesGcm(key);

    Arrays.fill(key, (byte) 0);

    assertThat(cipher.decrypt(before.encrypt(new byte[] {7}, DATA), DATA, "damaged"))
        .containsExactly(7);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16, 24, 31, 33, 64})
  void constructor_keyOfAnotherLength_isRefused(int length) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new AesGcm(new byte[length]))
        .withMessageContaining("key")
        .withMessageContaining("32");
  }

  private static byte[] concat(byte[]... parts) {
    ByteBuffer out = ByteBuffer.allocate(Arrays.stream(parts).mapToInt(part -> part.length).sum());
    for (byte[] part : parts) {
      out.put(part);
    }
    return out.array();
  }
}
