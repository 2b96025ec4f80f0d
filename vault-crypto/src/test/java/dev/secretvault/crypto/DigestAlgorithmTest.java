package dev.secretvault.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@Timeout(60)
final class DigestAlgorithmTest {

  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] NOTHING = {};

  /** RFC 2202, section 3: a pattern of the key and how often it is repeated, the data, the HMAC. */
  @ParameterizedTest(name = "case {index}")
  @CsvSource({
    "0b, 20, Hi There, b617318655057264e28bc0b6fb378c8ef146be00",
    "4a656665, 1, what do ya want for nothing?, effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
    "aa, 20, hex:dd, 125d7342b9ac11cd91a39af48aa17b4f63f175d3",
    "0102030405060708090a0b0c0d0e0f10111213141516171819, 1, hex:cd,"
        + " 4c9007f4026250c6bc8414f9bf50c86c2d7235da",
    "0c, 20, Test With Truncation, 4c1a03424b55e07fe7f27be1d58bb9324a9a5a04",
    "aa, 80, Test Using Larger Than Block-Size Key - Hash Key First,"
        + " aa4ae5e15272d00e95705637ce8a3b55ed402112",
    "aa, 80, Test Using Larger Than Block-Size Key and Larger Than One Block-Size Data,"
        + " e8e99d0f45237d786d6bbaa7965c7808bbff1a91"
  })
  void compute_rfc2202_agrees(String pattern, int times, String data, String expected) {
    byte[] message =
        data.startsWith("hex:")
            ? HEX.parseHex(data.substring(4).repeat(50))
            : data.getBytes(US_ASCII);
    Digester digester = DigestAlgorithm.HMAC_SHA1.prepare(HEX.parseHex(pattern.repeat(times)));

    for (int split = 0; split <= message.length; split++) {
      assertThat(HEX.formatHex(computeSplit(digester, message, split))).isEqualTo(expected);
    }
  }

  /** Keys of 1 to 65 bytes; every second case has a truncated tag, which is not accepted here. */
  @ParameterizedTest
  @CsvSource({
    "HMAC_SHA256, hmac_sha256_test.json, 256, 33, 54, 33, 54",
    "HMAC_SHA1, hmac_sha1_test.json, 160, 33, 54, 33, 50"
  })
  void verify_wycheproof_acceptsTheValidAndNothingElse(
      DigestAlgorithm algorithm,
      String file,
      int bits,
      int valid,
      int invalid,
      int truncatedValid,
      int truncatedInvalid) {
    AtomicInteger[] seen = new AtomicInteger[4];
    Arrays.setAll(seen, i -> new AtomicInteger());
    Vectors.wycheproof(
        file,
        (group, vector) -> {
          Digester digester = algorithm.prepare(Vectors.bytes(vector, "key"));
          byte[] message = Vectors.bytes(vector, "msg");
          byte[] tag = Vectors.bytes(vector, "tag");
          boolean isValid = Vectors.isValid(vector);
          boolean isWhole = group.required("tagSize").asInt() == bits;
          seen[(isWhole ? 0 : 2) + (isValid ? 0 : 1)].incrementAndGet();
          for (int split : new int[] {0, message.length / 2, message.length}) {
            byte[] head = Arrays.copyOf(message, split);
            byte[] tail = Arrays.copyOfRange(message, split, message.length);
            assertThat(digester.verify(head, tail, tag))
                .as(Vectors.name(vector))
                .isEqualTo(isValid && isWhole);
            assertThat(Arrays.equals(Arrays.copyOf(digester.compute(head, tail), tag.length), tag))
                .as(Vectors.name(vector))
                .isEqualTo(isValid);
          }
        });
    assertThat(Arrays.stream(seen).map(AtomicInteger::get))
        .containsExactly(valid, invalid, truncatedValid, truncatedInvalid);
  }

  /** One of them is printed by the service that defines them; the others follow its formulas. */
  @Test
  void compute_digestsOfAHostedService_agrees() {
    int published = 0;
    Set<DigestAlgorithm> algorithms = new HashSet<>();
    List<String> digests = new ArrayList<>();
    for (JsonNode vector : Vectors.userIdDigests()) {
      DigestAlgorithm algorithm =
          DigestAlgorithm.ofWireName(text(vector, "algorithm")).orElseThrow();
      Digester digester = algorithm.prepare(text(vector, "secret").getBytes(UTF_8));
      byte[] userId = text(vector, "userId").getBytes(UTF_8);
      byte[] suffix = (text(vector, "salt") + text(vector, "expiration")).getBytes(UTF_8);

      String digest = HEX.formatHex(digester.compute(userId, suffix));

      assertThat(digest).as(vector.toString()).isEqualTo(text(vector, "digest"));
      digests.add(digest);
      algorithms.add(algorithm);
      published += text(vector, "status").equals("published") ? 1 : 0;
    }
    assertThat(digests).hasSize(16).doesNotHaveDuplicates();
    assertThat(algorithms).containsExactlyInAnyOrder(DigestAlgorithm.values());
    assertThat(published).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void compute_anyKeyIdAndSuffix_agreesWithThePlatform(DigestAlgorithm algorithm) throws Exception {
    Random random = Seeded.random("compute_anyKeyIdAndSuffix " + algorithm);
    for (int keyLength = 1; keyLength <= 200; keyLength++) {
      byte[] key = Seeded.bytes(random, keyLength);
      Digester digester = algorithm.prepare(key);
      for (int i = 0; i < 50; i++) {
        byte[] userId = Seeded.bytes(random, random.nextInt(150));
        byte[] suffix = Seeded.bytes(random, i % 2 == 0 ? 0 : random.nextInt(150));
        byte[] expected = platform(algorithm, key, userId, suffix);
        assertThat(digester.compute(userId, suffix)).isEqualTo(expected);
        assertThat(digester.verify(userId, suffix, expected)).isTrue();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void compute_partsSwapped_isAnother(DigestAlgorithm algorithm) {
    byte[] key = "key".getBytes(US_ASCII);
    byte[] userId = "user".getBytes(US_ASCII);
    byte[] suffix = "suffix".getBytes(US_ASCII);
    Digester digester = algorithm.prepare(key);

    assertThat(
            List.of(
                HEX.formatHex(digester.compute(userId, suffix)),
                HEX.formatHex(digester.compute(suffix, userId)),
                HEX.formatHex(digester.compute(userId, NOTHING)),
                HEX.formatHex(digester.compute(NOTHING, suffix)),
                HEX.formatHex(algorithm.prepare(userId).compute(key, suffix)),
                HEX.formatHex(algorithm.prepare(suffix).compute(userId, key))))
        .doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @EnumSource
  void verify_everyBitFlipAndEveryOtherLength_isFalse(DigestAlgorithm algorithm) {
    Digester digester = algorithm.prepare("key".getBytes(US_ASCII));
    byte[] userId = "user".getBytes(US_ASCII);
    byte[] genuine = digester.compute(userId, NOTHING);

    for (int bit = 0; bit < 8 * genuine.length; bit++) {
      byte[] flipped = genuine.clone();
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));
      assertThat(digester.verify(userId, NOTHING, flipped)).as("bit %d", bit).isFalse();
    }
    for (int length = 0; length <= 2 * genuine.length; length++) {
      assertThat(digester.verify(userId, NOTHING, Arrays.copyOf(genuine, length)))
          .as("%d bytes", length)
          .isEqualTo(length == genuine.length);
    }
  }

  @ParameterizedTest
  @EnumSource
  void compute_arraysOverwrittenAfterwards_staysTheSame(DigestAlgorithm algorithm) {
    byte[] key = "key".getBytes(US_ASCII);
    byte[] userId = "user".getBytes(US_ASCII);
    byte[] suffix = "suffix".getBytes(US_ASCII);
    Digester digester = algorithm.prepare(key);
    byte[] first = digester.compute(userId, suffix);
    String expected = HEX.formatHex(first);

    Arrays.fill(first, (byte) 0);
    Arrays.fill(key, (byte) 0);

    assertThat(HEX.formatHex(digester.compute(userId, suffix))).isEqualTo(expected);
    assertThat(userId).isEqualTo("user".getBytes(US_ASCII));
    assertThat(suffix).isEqualTo("suffix".getBytes(US_ASCII));
  }

  @ParameterizedTest
  @EnumSource
  void compute_eightThreadsSharingOne_neverMixUp(DigestAlgorithm algorithm) throws Exception {
    Random random = Seeded.random("compute_eightThreadsSharingOne " + algorithm);
    byte[] key = Seeded.bytes(random, 100);
    byte[][] userIds = new byte[256][];
    byte[][] suffixes = new byte[userIds.length][];
    byte[][] expected = new byte[userIds.length][];
    for (int i = 0; i < userIds.length; i++) {
      userIds[i] = Seeded.bytes(random, random.nextInt(150));
      suffixes[i] = Seeded.bytes(random, random.nextInt(20));
      expected[i] = platform(algorithm, key, userIds[i], suffixes[i]);
    }
    Digester shared = algorithm.prepare(key);
    List<Callable<Integer>> threads = new ArrayList<>();
    for (int thread = 0; thread < 8; thread++) {
      int offset = thread * 37;
      threads.add(
          () -> {
            int mismatches = 0;
            for (int i = 0; i < 20_000; i++) {
              int which = (i + offset) % userIds.length;
              boolean right = shared.verify(userIds[which], suffixes[which], expected[which]);
              mismatches += right ? 0 : 1;
            }
            return mismatches;
          });
    }

    assertThat(Together.run(threads)).hasSize(8).containsOnly(0);
  }

  @ParameterizedTest
  @CsvSource({
    "hmac-sha256, HMAC_SHA256, true, 32",
    "hmac-sha1, HMAC_SHA1, true, 20",
    "hash-sha256, HASH_SHA256, false, 32",
    "hash-sha1, HASH_SHA1, false, 20",
    "hash-md5, HASH_MD5, false, 16"
  })
  void ofWireName_eachName_isThatAlgorithm(
      String wireName, DigestAlgorithm algorithm, boolean keyed, int length) {
    assertThat(DigestAlgorithm.ofWireName(wireName)).containsSame(algorithm);
    assertThat(algorithm.wireName()).isEqualTo(wireName);
    assertThat(algorithm.keyed()).isEqualTo(keyed);
    assertThat(algorithm.digestBytes()).isEqualTo(length);
    assertThat(algorithm.prepare(new byte[1]).compute(NOTHING, NOTHING)).hasSize(length);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "hash-md6", "HMAC-SHA256", "HMAC_SHA256", " hmac-sha256", "sha256"})
  void ofWireName_otherName_isNone(String wireName) {
    assertThat(DigestAlgorithm.ofWireName(wireName)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void prepare_emptyOrNull_isRefused(DigestAlgorithm algorithm) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> algorithm.prepare(NOTHING))
        .withMessage("key: must not be empty");
    assertThatNullPointerException().isThrownBy(() -> algorithm.prepare(null)).withMessage("key");
    Digester digester = algorithm.prepare(new byte[] {1});
    assertThatNullPointerException()
        .isThrownBy(() -> digester.compute(null, NOTHING))
        .withMessage("userId");
    assertThatNullPointerException()
        .isThrownBy(() -> digester.compute(NOTHING, null))
        .withMessage("suffix");
  }

  @ParameterizedTest
  @CsvSource({
    "HMAC_SHA256, Hmac[SHA-256]",
    "HMAC_SHA1, Hmac[SHA-1]",
    "HASH_SHA256, UnkeyedHash[SHA-256]",
    "HASH_SHA1, UnkeyedHash[SHA-1]",
    "HASH_MD5, UnkeyedHash[MD5]"
  })
  void toString_saysNothingOfTheKey(DigestAlgorithm algorithm, String expected) {
    assertThat(algorithm.prepare("a key to keep".getBytes(US_ASCII))).hasToString(expected);
  }

  private static byte[] computeSplit(Digester digester, byte[] message, int split) {
    return digester.compute(
        Arrays.copyOf(message, split), Arrays.copyOfRange(message, split, message.length));
  }

  /** As text; nothing for null. */
  private static String text(JsonNode vector, String field) {
    JsonNode value = vector.required(field);
    return value.isNull() ? "" : value.asString();
  }

  private static byte[] platform(
      DigestAlgorithm algorithm, byte[] key, byte[] userId, byte[] suffix) throws Exception {
    switch (algorithm) {
      case HMAC_SHA256, HMAC_SHA1 -> {
        String name = algorithm == DigestAlgorithm.HMAC_SHA256 ? "HmacSHA256" : "HmacSHA1";
        Mac mac = Mac.getInstance(name);
        mac.init(new SecretKeySpec(key, name));
        mac.update(userId);
        return mac.doFinal(suffix);
      }
      case HASH_SHA256 -> {
        return platformHash("SHA-256", userId, key, suffix);
      }
      case HASH_SHA1 -> {
        return platformHash("SHA-1", userId, key, suffix);
      }
      case HASH_MD5 -> {
        return platformHash("MD5", userId, key, suffix);
      }
    }
    throw new AssertionError(algorithm);
  }

  private static byte[] platformHash(String hash, byte[]... parts) throws Exception {
    MessageDigest digest = MessageDigest.getInstance(hash);
    for (byte[] part : parts) {
      digest.update(part);
    }
    return digest.digest();
  }
}
