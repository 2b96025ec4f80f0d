package dev.secretvault.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class HkdfTest {

  private static final HexFormat HEX = HexFormat.of();
  private static final int LONGEST = 255 * 32;

  /** RFC 5869, appendix A.1 to A.3: input, salt, info, the pseudorandom key, the output. */
  @ParameterizedTest(name = "A.{index}")
  @CsvSource({
    "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b,"
        + " 000102030405060708090a0b0c, f0f1f2f3f4f5f6f7f8f9,"
        + " 3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        + "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
        + "404142434445464748494a4b4c4d4e4f,"
        + " 606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
        + "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
        + "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf,"
        + " b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
        + "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
        + "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff,"
        + " b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
        + "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
        + "cc30c58179ec3e87c14c01d5c1f3434f1d87",
    "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b, '', '',"
        + " 8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
  })
  void expand_rfc5869_agrees(String input, String salt, String info, String expected) {
    assertThat(
            HEX.formatHex(
                derive(
                    HEX.parseHex(salt),
                    HEX.parseHex(input),
                    HEX.parseHex(info),
                    expected.length() / 2)))
        .isEqualTo(expected);
  }

  @Test
  void expand_wycheproof_agreesAndRefusesTooLong() {
    AtomicInteger valid = new AtomicInteger();
    AtomicInteger tooLong = new AtomicInteger();
    Vectors.wycheproof(
        "hkdf_sha256_test.json",
        (group, vector) -> {
          byte[] salt = Vectors.bytes(vector, "salt");
          byte[] input = Vectors.bytes(vector, "ikm");
          byte[] info = Vectors.bytes(vector, "info");
          int size = vector.required("size").asInt();
          if (Vectors.isValid(vector)) {
            valid.incrementAndGet();
            assertThat(derive(salt, input, info, size))
                .as(Vectors.name(vector))
                .isEqualTo(Vectors.bytes(vector, "okm"));
          } else {
            tooLong.incrementAndGet();
            assertThat(size).isGreaterThan(LONGEST);
            assertThatIllegalArgumentException()
                .as(Vectors.name(vector))
                .isThrownBy(() -> derive(salt, input, info, size));
          }
        });
    assertThat(valid).hasValue(83);
    assertThat(tooLong).hasValue(3);
  }

  @Test
  void expand_anyInput_agreesWithTink() throws Exception {
    Random random = Seeded.random("expand_anyInput_agreesWithTink");
    for (int i = 0; i < 3_000; i++) {
      byte[] salt = Seeded.bytes(random, random.nextInt(100));
      byte[] input = Seeded.bytes(random, random.nextInt(100));
      byte[] info = Seeded.bytes(random, random.nextInt(200));
      int length = 1 + random.nextInt(i % 100 == 0 ? LONGEST : 200);
      assertThat(derive(salt, input, info, length))
          .isEqualTo(
              com.google.crypto.tink.subtle.Hkdf.computeHkdf(
                  "HmacSha256", input, salt, info, length));
    }
  }

  @Test
  void expand_longest_agreesWithTinkAndIsAPrefixOfNothingElse() throws Exception {
    byte[] salt = {1};
    byte[] input = {2};
    byte[] info = {3};
    byte[] longest = derive(salt, input, info, LONGEST);

    assertThat(longest)
        .isEqualTo(
            com.google.crypto.tink.subtle.Hkdf.computeHkdf(
                "HmacSha256", input, salt, info, LONGEST));
    assertThat(derive(salt, input, info, 33)).isEqualTo(Arrays.copyOf(longest, 33));
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, LONGEST + 1, Integer.MAX_VALUE})
  void expand_lengthOutOfRange_namesItAndTheLimit(int length) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> derive(new byte[1], new byte[1], new byte[1], length))
        .withMessageContaining("length")
        .withMessageContaining("8160");
  }

  private static byte[] derive(byte[] salt, byte[] input, byte[] info, int length) {
    return Hkdf.expand(Hkdf.extract(salt, input), info, length);
  }
}
