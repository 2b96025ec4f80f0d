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
  void generateText_tenThousand_areDistinctAndOfIndependentBits() {
    assertDistinctAndOfIndependentBits(
        SecretGenerator::generateText, "[A-Za-z0-9_-]{43}", Base64.getUrlDecoder()::decode);
  }

  @Test
  void generateHex_tenThousand_areDistinctAndOfIndependentBits() {
    assertDistinctAndOfIndependentBits(
        SecretGenerator::generateHex, "[0-9a-f]{64}", HexFormat.of()::parseHex);
  }

  private static void assertDistinctAndOfIndependentBits(
      Supplier<byte[]> generator, String pattern, Function<String, byte[]> decoder) {
    int runs = 10_000;
    Set<String> seen = new HashSet<>();
    // What each of the 256 bits was in each run, and its opposite; and a bit that never changes.
    BitSet[] bits = new BitSet[2 * 256 + 2];
    Arrays.setAll(bits, i -> new BitSet());
    for (int run = 0; run < runs; run++) {
      String text = new String(generator.get(), US_ASCII);
      assertThat(text).matches(pattern);
      seen.add(text);
      byte[] random = decoder.apply(text);
      assertThat(random).hasSize(32);
      BitSet set = BitSet.valueOf(random);
      for (int bit = 0; bit < 256; bit++) {
        bits[2 * bit + (set.get(bit) ? 0 : 1)].set(run);
      }
      bits[2 * 256].set(run);
    }
    assertThat(seen).hasSize(runs);
    // So no bit is constant, and none always the same as another one or its opposite.
    assertThat(new HashSet<>(Arrays.asList(bits))).hasSize(bits.length);
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
