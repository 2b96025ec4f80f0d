package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.crypto.tink.subtle.AesGcmJce;
import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

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

  /** What unlocks a slot, and the secret that it comes to there. */
  private enum Kind {
    RAW(IndependentReader.RAW) {
      @Override
      byte[] parameters() {
        return new byte[0];
      }

      @Override
      byte[] secret(String name, byte[] parameters) throws Exception {
        return IndependentReader.hmac(new byte[1], IndependentReader.utf8(name));
      }

      @Override
      MasterKey masterKey(String name) throws Exception {
        return MasterKey.fromBytes(secret(name, parameters()));
      }
    },

    PASSPHRASE(IndependentReader.PASSPHRASE) {
      @Override
      byte[] parameters() {
        return new Argon2(7 << 10, 1, 1, new byte[16]).encode();
      }

      @Override
      byte[] secret(String name, byte[] parameters) throws Exception {
        return IndependentReader.stretch(name, parameters);
      }

      @Override
      MasterKey masterKey(String name) {
        return MasterKey.fromPassphrase(name.toCharArray());
      }
    };

    final int number;

    Kind(int number) {
      this.number = number;
    }

    abstract byte[] parameters();

    abstract byte[] secret(String name, byte[] parameters) throws Exception;

    abstract MasterKey masterKey(String name) throws Exception;
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
  @EnumSource
  void open_slotThatDecryptsUnderTwoKeys_opensForTheCommittedOneOnly(Kind kind) throws Exception {
    Forged forged = new Forged(kind);

    // Two vaults in one: but for the commitment, the slots are the same bytes.
    byte[] header = header(forged.rootKey, forged.slot(forged.commitment));
    byte[] otherHeader = header(forged.otherRootKey, forged.slot(forged.otherCommitment));

    try (Keyring one = Keyring.open(kind.masterKey("one"), header);
        Keyring other = Keyring.open(kind.masterKey("other"), otherHeader)) {
      assertThat(RECORD.open(one, RECORD.seal(one, new byte[] {1}))).containsExactly(1);
      assertThat(RECORD.open(other, RECORD.seal(other, new byte[] {2}))).containsExactly(2);
    }
    // WRONG_KEY is what no matching commitment gives; a slot that was decrypted would open these.
    byte[] openForTheOther = header(forged.otherRootKey, forged.slot(forged.commitment));
    byte[] openForTheOne = header(forged.rootKey, forged.slot(forged.otherCommitment));
    assertRefused(Reason.WRONG_KEY, () -> Keyring.open(kind.masterKey("other"), openForTheOther));
    assertRefused(Reason.WRONG_KEY, () -> Keyring.open(kind.masterKey("one"), openForTheOne));
    assertRefused(Reason.WRONG_KEY, () -> Keyring.open(kind.masterKey("other"), header));
    assertRefused(Reason.WRONG_KEY, () -> Keyring.open(kind.masterKey("one"), otherHeader));
  }

  /** The commitment says which key opens the slot, the MAC which root key the vault has. */
  @ParameterizedTest
  @EnumSource
  void open_salamanderInTwoSlotsWithBothCommitments_isOneVaultOnly(Kind kind) throws Exception {
    Forged forged = new Forged(kind);
    Forged again = new Forged(kind);
    byte[] header =
        header(forged.rootKey, again.slot(again.otherCommitment), forged.slot(forged.commitment));

    Keyring.open(kind.masterKey("one"), header).close();
    assertRefused(Reason.DAMAGED, () -> Keyring.open(kind.masterKey("other"), header));
  }

  /** Thousands of passphrases could be tried with one such value, were it not for this. */
  @Test
  void unprotect_valueThatDecryptsUnderTwoPassphrases_opensForTheCommittedOneOnly()
      throws Exception {
    byte[] vaultKey = Seeded.bytes(random, 32);
    PassphraseSeal seal = new PassphraseSeal(Hmac.sha256(vaultKey), vaultId, "acme", "s/1");
    byte[] parameters = Kind.PASSPHRASE.parameters();
    byte[] info =
        IndependentReader.encode(
            IndependentReader.utf8("secretvault/1/passphrase"),
            vaultId,
            IndependentReader.utf8("acme"),
            IndependentReader.utf8("s/1"),
            parameters);
    byte[] derived = deriveValueKeys(vaultKey, "one", parameters, info);
    byte[] otherDerived = deriveValueKeys(vaultKey, "other", parameters, info);
    byte[] key = Arrays.copyOf(derived, 32);
    byte[] otherKey = Arrays.copyOf(otherDerived, 32);
    byte[] salamander = Salamander.of(random, key, otherKey, info);
    byte[] value = IndependentReader.decrypt(key, salamander, info);
    byte[] otherValue = IndependentReader.decrypt(otherKey, salamander, info);
    assertThat(value).isNotEqualTo(otherValue);

    byte[] forOne = value(parameters, derived, salamander);
    byte[] forOther = value(parameters, otherDerived, salamander);

    assertThat(seal.open("one".toCharArray(), forOne)).isEqualTo(value);
    assertThat(seal.open("other".toCharArray(), forOther)).isEqualTo(otherValue);
    assertRefused(Reason.WRONG_KEY, () -> seal.open("other".toCharArray(), forOne));
    assertRefused(Reason.WRONG_KEY, () -> seal.open("one".toCharArray(), forOther));
  }

  private static byte[] deriveValueKeys(
      byte[] vaultKey, String passphrase, byte[] parameters, byte[] info) throws Exception {
    byte[] stretched = IndependentReader.stretch(passphrase, parameters);
    return IndependentReader.expand(IndependentReader.hmac(vaultKey, stretched), info, 64);
  }

  private static byte[] value(byte[] parameters, byte[] derived, byte[] salamander) {
    return ByteBuffer.allocate(1 + parameters.length + 32 + salamander.length)
        .put((byte) 1)
        .put(parameters)
        .put(derived, 32, 32)
        .put(salamander)
        .array();
  }

  /** A slot whose sealed root key opens under the keys "one" and "other". */
  private final class Forged {

    final SlotParts parts;
    final byte[] salamander;
    final byte[] commitment;
    final byte[] otherCommitment;
    final byte[] rootKey;
    final byte[] otherRootKey;

    Forged(Kind kind) throws Exception {
      parts =
          new SlotParts(
              kind.number, Seeded.bytes(random, 8), kind.parameters(), Seeded.bytes(random, 32));
      byte[] info = parts.info(vaultId);
      byte[] secret = kind.secret("one", parts.parameters());
      byte[] otherSecret = kind.secret("other", parts.parameters());
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
