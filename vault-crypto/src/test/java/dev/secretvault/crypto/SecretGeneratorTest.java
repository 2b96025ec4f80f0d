package dev.secretvault.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class SecretGeneratorTest {

  @Test
  void generateText_tenThousand_areDistinctAndUseTheWholeRange() {
    assertDistinctAndOfTheWholeRange(
        SecretGenerator::generateText, "[A-Za-z0-9_-]{43}", Base64.getUrlDecoder()::decode);
  }

  @Test
  void generateHex_tenThousand_areDistinctAndUseTheWholeRange() {
    assertDistinctAndOfTheWholeRange(
        SecretGenerator::generateHex, "[0-9a-f]{64}", HexFormat.of()::parseHex);
  }

  private static void assertDistinctAndOfTheWholeRange(
      Supplier<byte[]> generator, String pattern, Function<String, byte[]> decoder) {
    Set<String> seen = new HashSet<>();
    BitSet alwaysSet = new BitSet();
    alwaysSet.set(0, 256);
    BitSet everSet = new BitSet();
    for (int i = 0; i < 10_000; i++) {
      String text = new String(generator.get(), US_ASCII);
      assertThat(text).matches(pattern);
      seen.add(text);
      byte[] random = decoder.apply(text);
      assertThat(random).hasSize(32);
      alwaysSet.and(BitSet.valueOf(random));
      everSet.or(BitSet.valueOf(random));
    }
    assertThat(seen).hasSize(10_000);
    // Each of the 256 bits was seen as 0 and as 1.
    assertThat(alwaysSet.isEmpty()).isTrue();
    assertThat(everSet.cardinality()).isEqualTo(256);
  }

  @Test
  void generateText_arrayOverwritten_leavesTheNextOneAlone() {
    byte[] first = SecretGenerator.generateText();
    Arrays.fill(first, (byte) 0);
    assertThat(SecretGenerator.generateText()).hasSize(43).doesNotContain((byte) 0);
  }

  @Test
  void generateHex_arrayOverwritten_leavesTheNextOneAlone() {
    byte[] first = SecretGenerator.generateHex();
    Arrays.fill(first, (byte) 0);
    assertThat(SecretGenerator.generateHex()).hasSize(64).doesNotContain((byte) 0);
  }
}
