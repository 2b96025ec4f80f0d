package dev.secretvault.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
final class HmacTest {

  private static final HexFormat HEX = HexFormat.of();

  /** RFC 4231, section 4: a pattern of the key and how often it is repeated, the data, the HMAC. */
  @ParameterizedTest(name = "case {0}")
  @CsvSource({
    "1, 0b, 20, 4869205468657265,"
        + " b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    "2, 4a656665, 1, 7768617420646f2079612077616e7420666f72206e6f7468696e673f,"
        + " 5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    "3, aa, 20, dddddddddddddddddddddddddddddddddddddddddddddddddd"
        + "dddddddddddddddddddddddddddddddddddddddddddddddddd,"
        + " 773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    "4, 0102030405060708090a0b0c0d0e0f10111213141516171819, 1,"
        + " cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
        + "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd,"
        + " 82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    "5, 0c, 20, 546573742057697468205472756e636174696f6e, a3b6167473100ee06e0c796c2955552b",
    "6, aa, 131, 54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b65"
        + "79202d2048617368204b6579204669727374,"
        + " 60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    "7, aa, 131, 5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f63"
        + "6b2d73697a65206b657920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174"
        + "612e20546865206b6579206e6565647320746f20626520686173686564206265666f7265206265696e6720"
        + "757365642062792074686520484d414320616c676f726974686d2e,"
        + " 9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
  })
  void compute_rfc4231_agrees(int number, String pattern, int times, String data, String expected) {
    byte[] key = HEX.parseHex(pattern.repeat(times));

    byte[] computed = Hmac.sha256(key).compute(HEX.parseHex(data));

    // Case 5 gives the first half only.
    assertThat(HEX.formatHex(computed)).hasSize(64).startsWith(expected);
    assertThat(expected).hasSize(number == 5 ? 32 : 64);
  }

  @Test
  void verify_wycheproof_acceptsTheValidAndNothingElse() {
    AtomicInteger whole = new AtomicInteger();
    AtomicInteger truncated = new AtomicInteger();
    Vectors.wycheproof(
        "hmac_sha256_test.json",
        (group, vector) -> {
          Hmac hmac = Hmac.sha256(Vectors.bytes(vector, "key"));
          byte[] message = Vectors.bytes(vector, "msg");
          byte[] tag = Vectors.bytes(vector, "tag");
          boolean valid = Vectors.isValid(vector);
          if (group.required("tagSize").asInt() == 256) {
            whole.incrementAndGet();
            assertThat(hmac.verify(message, new byte[0], tag))
                .as(Vectors.name(vector))
                .isEqualTo(valid);
          } else {
            truncated.incrementAndGet();
            assertThat(tag).hasSize(16);
            assertThat(Arrays.equals(Arrays.copyOf(hmac.compute(message), 16), tag))
                .as(Vectors.name(vector))
                .isEqualTo(valid);
            assertThat(hmac.verify(message, new byte[0], tag)).as("half a tag").isFalse();
          }
        });
    assertThat(whole).hasValue(87);
    assertThat(truncated).hasValue(87);
  }

  @Test
  void compute_anyKeyAndMessageLength_agreesWithThePlatform() throws Exception {
    Random random = Seeded.random("compute_anyKeyAndMessageLength_agreesWithThePlatform");
    for (int keyLength = 1; keyLength <= 200; keyLength++) {
      byte[] key = Seeded.bytes(random, keyLength);
      Mac mac = platformMac(key);
      Hmac hmac = Hmac.sha256(key);
      for (int messageLength = 0; messageLength <= 300; messageLength++) {
        byte[] message = Seeded.bytes(random, messageLength);
        assertThat(hmac.compute(message))
            .as("key of %d bytes, message of %d", keyLength, messageLength)
            .isEqualTo(mac.doFinal(message));
      }
    }
  }

  @Test
  void sha256_keyOverwrittenAfterwards_keepsItsOwn() throws Exception {
    byte[] key = HEX.parseHex("0b".repeat(20));
    byte[] message = "Hi There".getBytes(US_ASCII);
    byte[] expected = platformMac(key).doFinal(message);
    Hmac hmac = Hmac.sha256(key);

    Arrays.fill(key, (byte) 0);

    assertThat(hmac.compute(message)).isEqualTo(expected);
  }

  @Test
  void compute_resultOverwritten_leavesTheNextOneAlone() {
    Hmac hmac = Hmac.sha256(new byte[] {1});
    byte[] message = {2};
    byte[] first = hmac.compute(message);
    byte[] copy = first.clone();

    Arrays.fill(first, (byte) 0);

    assertThat(hmac.compute(message)).isEqualTo(copy);
    assertThat(message).containsExactly(2);
  }

  @Test
  void compute_sixteenThreadsSharingOne_neverMixUp() throws Exception {
    int threads = 16;
    int digestsPerThread = 125_000;
    Random random = Seeded.random("compute_sixteenThreadsSharingOne_neverMixUp");
    byte[] key = Seeded.bytes(random, 43);
    byte[][] messages = new byte[512][];
    byte[][] expected = new byte[messages.length][];
    Mac mac = platformMac(key);
    for (int i = 0; i < messages.length; i++) {
      messages[i] = Seeded.bytes(random, random.nextInt(150));
      expected[i] = mac.doFinal(messages[i]);
    }
    Hmac shared = Hmac.sha256(key);

    Callable<Integer> compute =
        () -> {
          int mismatches = 0;
          for (int i = 0; i < digestsPerThread; i++) {
            int which = (int) ((i + Thread.currentThread().getId() * 37) % messages.length);
            if (!Arrays.equals(shared.compute(messages[which]), expected[which])) {
              mismatches++;
            }
          }
          return mismatches;
        };

    assertThat(Together.run(Collections.nCopies(threads, compute)))
        .hasSize(threads)
        .containsOnly(0);
  }

  @Test
  void verify_everyBitFlip_isFalse() {
    Hmac hmac = Hmac.sha256("key".getBytes(US_ASCII));
    byte[] message = "message".getBytes(US_ASCII);
    byte[] genuine = hmac.compute(message);

    assertThat(hmac.verify(message, new byte[0], genuine)).isTrue();
    for (int bit = 0; bit < 8 * genuine.length; bit++) {
      assertThat(hmac.verify(message, new byte[0], Tampering.flip(genuine, bit)))
          .as("bit %d", bit)
          .isFalse();
    }
    for (int bit = 0; bit < 8 * message.length; bit++) {
      assertThat(hmac.verify(Tampering.flip(message, bit), new byte[0], genuine))
          .as("bit %d", bit)
          .isFalse();
    }
  }

  @Test
  void verify_everyOtherLength_isFalse() {
    Hmac hmac = Hmac.sha256("key".getBytes(US_ASCII));
    byte[] genuine = hmac.compute(new byte[0]);
    for (int length = 0; length <= 2 * genuine.length; length++) {
      assertThat(hmac.verify(new byte[0], new byte[0], Arrays.copyOf(genuine, length)))
          .as("%d bytes", length)
          .isEqualTo(length == genuine.length);
    }
  }

  @Test
  void sha256_emptyKey_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Hmac.sha256(new byte[0]))
        .withMessageContaining("key");
    assertThatNullPointerException().isThrownBy(() -> Hmac.sha256(null)).withMessage("key");
  }

  @Test
  void compute_null_isRefused() {
    Hmac hmac = Hmac.sha256(new byte[] {1});
    assertThatNullPointerException().isThrownBy(() -> hmac.compute(null)).withMessage("message");
  }

  @Test
  void toString_saysNothingOfTheKey() {
    assertThat(Hmac.sha256("a key to keep".getBytes(US_ASCII))).hasToString("Hmac[SHA-256]");
  }

  @Test
  @Timeout(value = 10, unit = TimeUnit.SECONDS)
  void compute_longMessage_agreesWithThePlatform() throws Exception {
    byte[] key = {1, 2, 3};
    byte[] message = new byte[3_000_001];
    assertThat(Hmac.sha256(key).compute(message)).isEqualTo(platformMac(key).doFinal(message));
  }

  private static Mac platformMac(byte[] key) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac;
  }
}
