package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.secretvault.crypto.CryptoException.Reason;
import dev.secretvault.crypto.KeyringText.Epoch;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class KeyringTextTest {

  private static final Instant NOW = Instant.ofEpochMilli(1_700_000_000_123L);

  @Test
  void generate_new_hasOneEpochAndFourKeysThatDiffer() {
    KeyringText text = KeyringText.generate(NOW);
    assertThat(text.generation()).isEqualTo(1);
    assertThat(text.epochs()).hasSize(1);
    Epoch first = text.epochs().get(0);
    assertThat(first.number()).isEqualTo(1);
    assertThat(first.createdAt()).isEqualTo(NOW.toEpochMilli());
    ByteBuffer encoded = ByteBuffer.wrap(text.encode());
    Set<ByteBuffer> keys = new HashSet<>();
    for (int at : new int[] {4, 36, 68, 114}) {
      keys.add(encoded.slice(at, 32));
    }
    assertThat(keys).hasSize(4).doesNotContain(ByteBuffer.wrap(new byte[32]));
  }

  @Test
  void decode_whatWasEncoded_isTheSame() {
    KeyringText text = KeyringText.generate(NOW);
    for (int epochs = 1; epochs <= KeyringText.MAX_EPOCHS; epochs++) {
      if (epochs < 5 || epochs == KeyringText.MAX_EPOCHS) {
        byte[] encoded = text.encode();
        assertThat(KeyringText.decode(encoded).encode()).isEqualTo(encoded);
        assertThat(encoded).hasSize(102 + 44 * epochs);
      }
      text.nextGeneration();
      if (epochs < KeyringText.MAX_EPOCHS) {
        text.addEpoch(NOW);
      }
    }
    assertThat(text.generation()).isEqualTo(1_001);
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> text.addEpoch(NOW))
        .withMessageContaining("1000 epochs")
        .withMessageContaining("retire")
        .extracting(CryptoException::reason)
        .isEqualTo(Reason.LIMIT_REACHED);
    assertThat(text.removeEpoch(500)).isTrue();
    text.addEpoch(NOW);
    assertThat(text.epochs()).hasSize(KeyringText.MAX_EPOCHS);
    assertThat(text.epochs().get(999).number()).isEqualTo(1_001);
  }

  @Test
  void removeEpoch_any_overwritesItsKeyAndNoOther() {
    KeyringText text = KeyringText.generate(NOW);
    text.addEpoch(NOW);
    text.addEpoch(NOW);
    List<Epoch> all = List.copyOf(text.epochs());
    assertThat(text.removeEpoch(2)).isTrue();
    assertThat(text.removeEpoch(2)).isFalse();
    assertThat(text.epochs()).extracting(Epoch::number).containsExactly(1, 3);
    assertThat(all.get(1).dataKey()).containsOnly(0);
    assertThat(all.get(0).dataKey()).isNotEqualTo(new byte[32]);
    assertThat(all.get(2).dataKey()).isNotEqualTo(new byte[32]);
  }

  @Test
  void addEpoch_always_isOneMoreThanTheHighestEver() {
    KeyringText text = KeyringText.decode(encoded(7, 3, 100, 20));
    text.addEpoch(NOW);
    assertThat(text.epochs()).extracting(Epoch::number).containsExactly(3, 100, 20, 101);
    assertThat(text.removeEpoch(20)).isTrue();
    text.addEpoch(NOW);
    assertThat(text.epochs()).extracting(Epoch::number).containsExactly(3, 100, 101, 102);
  }

  @Test
  void close_any_overwritesAllKeys() {
    KeyringText text = KeyringText.generate(NOW);
    text.addEpoch(NOW);
    List<byte[]> keys =
        List.of(
            text.nameKey(),
            text.passphraseKey(),
            text.epochs().get(0).dataKey(),
            text.epochs().get(1).dataKey());
    keys.forEach(key -> assertThat(key).isNotEqualTo(new byte[32]));
    text.close();
    keys.forEach(key -> assertThat(key).containsOnly(0));
    byte[] afterwards = text.encode();
    assertThat(Arrays.copyOfRange(afterwards, 36, 68)).as("the audit key").containsOnly(0);
  }

  @Test
  void decode_anyBytes_neverEndsInAnythingButARefusal() {
    Random random = Seeded.random("decode_anyBytes_neverEndsInAnythingButARefusal");
    int read = 0;
    for (int i = 0; i < 20_000; i++) {
      int epochs = random.nextInt(4);
      byte[] bytes = Seeded.bytes(random, Math.max(0, 102 + 44 * epochs + random.nextInt(3) - 1));
      if (i % 2 == 0 && bytes.length >= 102) {
        ByteBuffer.wrap(bytes).putShort(100, (short) epochs);
      }
      try {
        assertThat(KeyringText.decode(bytes).encode()).isEqualTo(bytes);
        read++;
      } catch (CryptoException e) {
        assertThat(e.reason()).isEqualTo(Reason.DAMAGED);
      }
    }
    assertThat(read).isGreaterThan(100);
  }

  @Test
  void decode_outOfRange_isDamaged() {
    assertThat(KeyringText.decode(encoded(Integer.MAX_VALUE, Integer.MAX_VALUE, 1)).epochs())
        .hasSize(2);
    for (byte[] bad :
        List.of(
            encoded(0, 1),
            encoded(-1, 1),
            encoded(1),
            encoded(1, 0),
            encoded(1, -1),
            encoded(1, Integer.MIN_VALUE),
            encoded(1, 1, 1),
            encoded(1, 5, 4, 5))) {
      assertRefused(Reason.DAMAGED, () -> KeyringText.decode(bad));
    }
  }

  private static byte[] encoded(int generation, int... epochs) {
    ByteBuffer out = ByteBuffer.allocate(102 + 44 * epochs.length).putInt(generation);
    out.put(new byte[96]).putShort((short) epochs.length);
    for (int epoch : epochs) {
      out.putInt(epoch).putLong(epoch).put(new byte[32]);
    }
    return out.array();
  }
}
