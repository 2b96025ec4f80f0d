package dev.secretvault.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class EncodingTest {

  /** Small, with the characters that other encodings separate parts by, or lose. */
  private static final List<String> ALPHABET = List.of("\0", "a", "\1", "é", "\ud83d\ude00", "?");

  @Test
  void of_oneOfEachKind_hasTheseBytes() {
    assertThat(HexFormat.of().formatHex(Encoding.of("aé", new byte[] {1, 0}, 258L, 3, "")))
        .isEqualTo(
            "00000003"
                + "61c3a9" // a string, in UTF-8
                + "00000002"
                + "0100" // bytes
                + "00000008"
                + "0000000000000102" // a long
                + "00000004"
                + "00000003" // an int
                + "00000000"); // an empty string
    assertThat(Encoding.of()).isEmpty();
  }

  /** No two of all the lists of up to four parts of up to two characters, a million pairs over. */
  @Test
  void of_allShortLists_neverCollide() {
    List<String> parts = new ArrayList<>(List.of(""));
    for (String one : List.of("\0", "a")) {
      parts.add(one);
      for (String two : List.of("\0", "a")) {
        parts.add(one + two);
      }
    }
    List<List<String>> lists = new ArrayList<>(List.of(List.of()));
    for (int from = 0, length = 1; length <= 4; length++) {
      int to = lists.size();
      for (List<String> shorter : List.copyOf(lists.subList(from, to))) {
        for (String part : parts) {
          List<String> longer = new ArrayList<>(shorter);
          longer.add(part);
          lists.add(longer);
        }
      }
      from = to;
    }
    assertThat(lists).hasSize(1 + 7 + 49 + 343 + 2401);
    assertInjective(lists);
  }

  @Test
  void of_randomLists_neverCollide() {
    Random random = Seeded.random("of_randomLists_neverCollide");
    List<List<String>> lists = new ArrayList<>();
    for (int i = 0; i < 100_000; i++) {
      List<String> list = new ArrayList<>();
      for (int parts = random.nextInt(5); parts > 0; parts--) {
        StringBuilder part = new StringBuilder();
        for (int length = random.nextInt(4); length > 0; length--) {
          part.append(ALPHABET.get(random.nextInt(ALPHABET.size())));
        }
        list.add(part.toString());
      }
      lists.add(list);
    }
    assertInjective(lists);
  }

  /** Among the parts are encodings of lists: nesting must not imitate what it holds. */
  @Test
  void of_partsThatAreThemselvesEncodings_neverCollide() {
    List<byte[]> parts = new ArrayList<>(List.of(new byte[0], new byte[4], new byte[] {0}));
    for (int round = 0; round < 2; round++) {
      for (byte[] one : List.copyOf(parts)) {
        parts.add(Encoding.of((Object) one));
        parts.add(Encoding.of(one, new byte[0]));
      }
    }
    Map<ByteBuffer, List<ByteBuffer>> seen = new HashMap<>();
    for (byte[] one : parts) {
      for (byte[] two : parts) {
        List<ByteBuffer> list = List.of(ByteBuffer.wrap(one), ByteBuffer.wrap(two));
        assertThat(seen.merge(ByteBuffer.wrap(Encoding.of(one, two)), list, (old, now) -> old))
            .isEqualTo(list);
      }
    }
  }

  /** Otherwise two names would be one: Java's encoder turns half a pair into a question mark. */
  @ParameterizedTest
  @ValueSource(strings = {"\ud800", "a\udc00", "\ude00\ud83d", "\ud83d\ud83d\ude00"})
  void of_textWithHalfASurrogatePair_isRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Encoding.of("before", text))
        .withMessageContaining("surrogate")
        .withNoCause();
  }

  @Test
  void of_anyOtherKind_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Encoding.of("a", new char[] {'s', 'e', 'c'}))
        .withMessage("not encodable: [C");
  }

  private static void assertInjective(List<List<String>> lists) {
    Map<ByteBuffer, List<String>> seen = new HashMap<>();
    for (List<String> list : lists) {
      ByteBuffer encoded = ByteBuffer.wrap(Encoding.of(list.toArray()));
      List<String> known = seen.putIfAbsent(encoded, list);
      assertThat(known == null ? list : known).isEqualTo(list);
      // The same through bytes: it is the text's UTF-8 that counts.
      Object[] bytes = list.stream().map(part -> part.getBytes(UTF_8)).toArray();
      assertThat(ByteBuffer.wrap(Encoding.of(bytes))).isEqualTo(encoded);
    }
    assertThat(seen).hasSameSizeAs(new ArrayList<>(new java.util.HashSet<>(lists)));
  }
}
