package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.crypto.tink.subtle.AesGcmJce;
import dev.secretvault.crypto.CryptoException.Reason;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * AES-GCM does not commit to its key. Here bytes are made that open under two keys, and given to
 * whatever takes a key from outside: without the commitment, each of them would open.
 */
@Timeout(60)
final class KeyCommitmentTest {

  private static final Identity RECORD = new Identity("", "s/1", 1, "value");

  private final Random random = new Random(1);
  private final byte[] vaultId = Seeded.bytes(random, 16);
  private final byte[] keyring =
      HeaderParts.keyring(1, List.of(HeaderParts.epoch(1, Seeded.bytes(random, 32))));

  KeyCommitmentTest() throws Exception {}

  /** Two keys each. Whoever keeps an external one chooses its slot's secret: nothing to gain. */
  static List<List<SlotKey>> keys() throws Exception {
    return List.of(
        List.of(SlotKey.raw("one"), SlotKey.raw("other")),
        List.of(SlotKey.passphrase("one"), SlotKey.passphrase("other")));
  }

  @Test
  void decrypt_salamander_opensUnderTwoKeysInBareTinkAndInTheJdk() throws Exception {
    for (int dataLength : new int[] {0, 1, 15, 16, 17, 90}) {
      byte[] key = Seeded.bytes(random, 32);
      byte[] otherKey = Seeded.bytes(random, 32);
      byte[] data = Seeded.bytes(random, dataLength);
      byte[] salamander = Salamander.of(random, key, otherKey, data);

      byte[] plaintext = new AesGcmJce(key).decrypt(salamander, data);
      byte[] otherPlaintext = new AesGcmJce(otherKey).decrypt(salamander, data);

      assertThat(plaintext).hasSize(32).isNotEqualTo(otherPlaintext);
      assertThat(IndependentReader.decrypt(key, salamander, data)).isEqualTo(plaintext);
      assertThat(IndependentReader.decrypt(otherKey, salamander, data)).isEqualTo(otherPlaintext);
    }
  }

  @ParameterizedTest
  @MethodSource("keys")
  void open_slotThatDecryptsUnderTwoKeys_opensForTheCommittedOneOnly(List<SlotKey> keys)
      throws Exception {
    SlotKey one = keys.get(0);
    SlotKey other = keys.get(1);
    Forged forged = new Forged(one, other);

    // Two vaults in one: but for the commitment, the slots are the same bytes.
    byte[] header = header(forged.rootKey, forged.slot(forged.commitment));
    byte[] otherHeader = header(forged.otherRootKey, forged.slot(forged.otherCommitment));

    try (Keyring keyring = one.open(header);
        Keyring otherKeyring = other.open(otherHeader)) {
      assertThat(RECORD.open(keyring, RECORD.seal(keyring, new byte[] {1}))).containsExactly(1);
      assertThat(RECORD.open(otherKeyring, RECORD.seal(otherKeyring, new byte[] {2})))
          .containsExactly(2);
    }
    // WRONG_KEY is what no matching commitment gives; a slot that was decrypted would open these.
    byte[] openForTheOther = header(forged.otherRootKey, forged.slot(forged.commitment));
    byte[] openForTheOne = header(forged.rootKey, forged.slot(forged.otherCommitment));
    assertRefused(Reason.WRONG_KEY, () -> other.open(openForTheOther));
    assertRefused(Reason.WRONG_KEY, () -> one.open(openForTheOne));
    assertRefused(Reason.WRONG_KEY, () -> other.open(header));
    assertRefused(Reason.WRONG_KEY, () -> one.open(otherHeader));
  }

  /** The commitment says which key opens the slot, the MAC which root key the vault has. */
  @ParameterizedTest
  @MethodSource("keys")
  void open_salamanderInTwoSlotsWithBothCommitments_isOneVaultOnly(List<SlotKey> keys)
      throws Exception {
    SlotKey one = keys.get(0);
    SlotKey other = keys.get(1);
    Forged forged = new Forged(one, other);
    Forged again = new Forged(one, other);
    byte[] header =
        header(forged.rootKey, again.slot(again.otherCommitment), forged.slot(forged.commitment));

    one.open(header).close();
    assertRefused(Reason.DAMAGED, () -> other.open(header));
  }

  /** Thousands of passphrases could be tried with one such value, were it not for this. */
  @Test
  void unprotect_valueThatDecryptsUnderTwoPassphrases_opensForTheCommittedOneOnly()
      throws Exception {
    ProtectedValue parts =
        new ProtectedValue(
            Seeded.bytes(random, 32),
            vaultId,
            "acme",
            "s/1",
            SlotKey.argon2(SlotKey.LEAST_MEMORY, 1, 1));
    byte[] key = parts.sealingKey("one");
    byte[] otherKey = parts.sealingKey("other");
    byte[] salamander = Salamander.of(random, key, otherKey, parts.info());
    byte[] value = IndependentReader.decrypt(key, salamander, parts.info());
    byte[] otherValue = IndependentReader.decrypt(otherKey, salamander, parts.info());
    assertThat(value).isNotEqualTo(otherValue);

    byte[] forOne = parts.toBytes(parts.commitment("one"), salamander);
    byte[] forOther = parts.toBytes(parts.commitment("other"), salamander);

    assertThat(parts.open("one", forOne)).isEqualTo(value);
    assertThat(parts.open("other", forOther)).isEqualTo(otherValue);
    assertRefused(Reason.WRONG_KEY, () -> parts.open("other", forOne));
    assertRefused(Reason.WRONG_KEY, () -> parts.open("one", forOther));
  }

  /** A slot whose sealed root key opens under the keys "one" and "other". */
  private final class Forged {

    final SlotParts parts;
    final byte[] salamander;
    final byte[] commitment;
    final byte[] otherCommitment;
    final byte[] rootKey;
    final byte[] otherRootKey;

    Forged(SlotKey one, SlotKey other) throws Exception {
      parts = one.parts(random);
      byte[] info = parts.info(vaultId);
      byte[] secret = one.secret();
      byte[] otherSecret = other.secret();
      byte[] wrappingKey = parts.wrappingKey(vaultId, secret);
      byte[] otherWrappingKey = parts.wrappingKey(vaultId, otherSecret);
      commitment = parts.commitment(vaultId, secret);
      otherCommitment = parts.commitment(vaultId, otherSecret);
      salamander = Salamander.of(random, wrappingKey, otherWrappingKey, info);
      rootKey = IndependentReader.decrypt(wrappingKey, salamander, info);
      otherRootKey = IndependentReader.decrypt(otherWrappingKey, salamander, info);
      assertThat(rootKey).isNotEqualTo(otherRootKey);
    }

    byte[] slot(byte[] committed) {
      return parts.toBytes(committed, salamander);
    }
  }

  private byte[] header(byte[] rootKey, byte[]... slots) throws Exception {
    return HeaderParts.of(vaultId, List.of(slots), rootKey, keyring).toBytes(rootKey);
  }
}
