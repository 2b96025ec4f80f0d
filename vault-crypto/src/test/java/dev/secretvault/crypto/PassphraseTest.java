package dev.secretvault.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.nio.CharBuffer;
import java.text.Normalizer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PassphraseTest {

  @Test
  void toBytes_ascii_isItself() {
    assertThat(toBytes("correct horse ~ battery\tstaple"))
        .isEqualTo("correct horse ~ battery\tstaple".getBytes(UTF_8));
  }

  /** Typed with a dead key, with a combining mark, and as a letter that Unicode has twice. */
  @ParameterizedTest
  @CsvSource({
    "caf\u00e9, cafe\u0301",
    "\u212bngstr\u00f6m, A\u030angstro\u0308m",
    "\u1e9b\u0323, \u017f\u0323\u0307",
    "\uac01, \u1100\u1161\u11a8"
  })
  void toBytes_composedOrNot_isTheSame(String one, String other) {
    assertThat(one).isNotEqualTo(other);
    assertThat(toBytes(one))
        .isEqualTo(toBytes(other))
        .isEqualTo(Normalizer.normalize(other, Normalizer.Form.NFC).getBytes(UTF_8));
  }

  /** Form KC would make one of them, and a passphrase weaker. */
  @ParameterizedTest
  @CsvSource({"\ufb01, fi", "x\u00b2, x2", "\uff21, A", "a, A", "\u00e9, e", "' a', a", "'a ', a"})
  void toBytes_onlyAlike_isAnother(String one, String other) {
    assertThat(toBytes(one)).isNotEqualTo(toBytes(other));
  }

  @Test
  void toBytes_everyLengthOfUtf8_isThatOfThePlatform() {
    String text = "\u007f\u0080\u07ff\u0800\uffff\ud800\udc00\udbff\udfff\u0000";
    assertThat(toBytes(text))
        .isEqualTo(text.getBytes(UTF_8))
        .hasSize(1 + 2 + 2 + 3 + 3 + 4 + 4 + 1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\ud800",
        "a\ud800",
        "\ud800a",
        "\udc00",
        "a\udc00b",
        "\udc00\ud800",
        "e\u0301\ud800"
      })
  void toBytes_unpairedSurrogate_isRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> toBytes(text))
        .withMessage("passphrase: must not have an unpaired surrogate");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1_025, 100_000})
  void toBytes_lengthOutOfRange_namesTheLimit(int length) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Passphrase.toBytes(new char[length]))
        .withMessage("passphrase: 1 to 1024 chars allowed");
  }

  /** The second and third grow when they are normalized: what is given is counted. */
  @ParameterizedTest
  @CsvSource({"x, 1024", "\uffff, 3072", "\u0344, 4096", "\ud834\udd5e, 4096"})
  void toBytes_longest_isTaken(String unit, int bytes) {
    String text = unit.repeat(1_024 / unit.length());
    assertThat(text).hasSize(1_024);
    assertThat(toBytes(text))
        .hasSize(bytes)
        .isEqualTo(Normalizer.normalize(text, Normalizer.Form.NFC).getBytes(UTF_8));
  }

  @Test
  void toBytes_null_isRefused() {
    assertThatNullPointerException()
        .isThrownBy(() -> Passphrase.toBytes(null))
        .withMessage("passphrase");
  }

  @Test
  void toBytes_given_isLeftAlone() {
    char[] given = "cafe\u0301".toCharArray();

    Arrays.fill(Passphrase.toBytes(given), (byte) 0);

    assertThat(given).containsExactly('c', 'a', 'f', 'e', '\u0301');
  }

  @Test
  void encode_done_leavesNothingInTheScratch() {
    byte[] scratch = new byte[12];

    assertThat(Passphrase.encode(CharBuffer.wrap("caf\u00e9"), scratch))
        .isEqualTo("caf\u00e9".getBytes(UTF_8));

    assertThat(scratch).containsOnly(0);
  }

  @Test
  void encode_refused_leavesNothingInTheScratch() {
    byte[] scratch = new byte[15];

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Passphrase.encode(CharBuffer.wrap("caf\u00e9\ud800"), scratch));

    assertThat(scratch).containsOnly(0);
  }

  private static byte[] toBytes(String text) {
    return Passphrase.toBytes(text.toCharArray());
  }
}
