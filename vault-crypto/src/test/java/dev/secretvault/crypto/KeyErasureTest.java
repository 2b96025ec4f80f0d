package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.flip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Arrays that held a key, when the key is not needed any more. */
@Timeout(60)
final class KeyErasureTest {

  private static final byte[] KEY = Seeded.bytes(new Random(1), 32);

  private static MasterKey key() {
    return MasterKey.fromBytes(KEY);
  }

  /** The array that the keyring keeps. */
  private static byte[] rootKey(Keyring keyring) {
    try (KeyringChange change = keyring.rotate(Instant.EPOCH)) {
      return change.before().rootKey();
    }
  }

  private static void assertErased(byte[] key) {
    assertThat(key).hasSize(32).containsOnly(0);
  }

  private static void assertAlive(byte[] key) {
    assertThat(key).hasSize(32).isNotEqualTo(new byte[32]);
  }

  @Test
  void close_keyring_overwritesTheRootKey() {
    Keyring created = Keyring.create(key());
    Keyring opened = Keyring.open(key(), created.header());
    byte[] ofCreated = rootKey(created);
    byte[] ofOpened = rootKey(opened);
    assertAlive(ofCreated);
    assertThat(ofOpened).isEqualTo(ofCreated).isNotSameAs(ofCreated);

    created.close();
    assertErased(ofCreated);
    assertAlive(ofOpened);
    opened.close();
    assertErased(ofOpened);
  }

  @Test
  void close_keyring_overwritesThePreparedKeys() {
    Keyring keyring = Keyring.create(key());
    Keyring.State state;
    try (KeyringChange change = keyring.rotate(Instant.EPOCH)) {
      keyring.apply(change);
      state = change.take();
    }
    List<Hmac> prepared =
        List.of(
            state.names(),
            state.audits(),
            state.passphrases(),
            state.dataKeys().get(1).key(),
            state.dataKeys().get(2).key());
    prepared.forEach(key -> assertThat(key.compute(new byte[0])).hasSize(32));

    keyring.close();

    prepared.forEach(
        key -> assertThatIllegalStateException().isThrownBy(() -> key.compute(new byte[0])));
  }

  @Test
  void apply_changeOfTheRootKey_overwritesTheFormerOne() {
    Keyring keyring = Keyring.create(key());
    byte[] former = rootKey(keyring);
    try (KeyringChange change = keyring.changeMasterKey(key(), key())) {
      assertAlive(former);
      keyring.apply(change);
    }
    byte[] now = rootKey(keyring);
    assertErased(former);
    assertAlive(now);
    keyring.close();
    assertErased(now);
  }

  @Test
  void apply_changeThatKeepsTheRootKey_leavesIt() {
    try (Keyring keyring = Keyring.create(key())) {
      byte[] rootKey = rootKey(keyring);
      try (KeyringChange change = keyring.addUnlock(key())) {
        keyring.apply(change);
      }
      try (KeyringChange dropped = keyring.rotate(Instant.EPOCH)) {
        assertThat(dropped.header()).isNotEqualTo(keyring.header());
      }
      try (Keyring elsewhere = Keyring.open(key(), keyring.header());
          KeyringChange change = elsewhere.rotate(Instant.EPOCH)) {
        keyring.follow(change.header());
      }
      assertAlive(rootKey);
      assertThat(rootKey(keyring)).isSameAs(rootKey);
    }
  }

  @Test
  void close_changeThatWasNotApplied_overwritesItsRootKeyOnly() {
    try (Keyring keyring = Keyring.create(key())) {
      byte[] rootKey = rootKey(keyring);
      try (KeyringChange change = keyring.changeMasterKey(key(), key())) {
        byte[] ofChange = change.take().rootKey();
        assertAlive(ofChange);
        KeyringChange dropped = new KeyringChange(change.before(), change.take());
        dropped.close();
        assertErased(ofChange);
      }
      assertAlive(rootKey);
    }
  }

  @Test
  void close_changeThatWasApplied_leavesTheRootKeyToTheKeyring() {
    try (Keyring keyring = Keyring.create(key())) {
      KeyringChange change = keyring.changeMasterKey(key(), key());
      keyring.apply(change);
      change.close();
      assertAlive(rootKey(keyring));
      Keyring.open(key(), keyring.header()).close();
    }
  }

  @Test
  void close_passphrase_overwritesItAndNotTheCallers() {
    char[] given = "open sesame".toCharArray();
    byte[] itsOwn = "open sesame".getBytes(StandardCharsets.US_ASCII);
    MasterKey fromCaller = MasterKey.fromPassphrase(given);
    MasterKey key = new PassphraseMasterKey(itsOwn);
    fromCaller.close();
    key.close();
    key.close();
    assertThat(given).isEqualTo("open sesame".toCharArray());
    assertThat(itsOwn).containsOnly(0);
  }

  @Test
  void fromPassphrase_callersArrayOverwritten_keepsItsOwn() {
    char[] given = "open sesame".toCharArray();
    try (MasterKey key = MasterKey.fromPassphrase(given)) {
      Arrays.fill(given, '\0');
      byte[] parameters = new Argon2(7 << 10, 1, 1, new byte[16]).encode();
      try (MasterKey same = MasterKey.fromPassphrase("open sesame".toCharArray())) {
        assertThat(key.slotSecret(new byte[16], parameters))
            .isEqualTo(same.slotSecret(new byte[16], parameters));
      }
    }
  }

  /** The secret of a slot, also if it does not lead to a keyring. */
  @Test
  void open_anyHeader_overwritesTheSecretOfTheSlot() {
    ExternalKey service = new ExternalKey(KEY);
    try (MasterKey masterKey = MasterKey.fromAead(service, "kms");
        Keyring created = Keyring.create(masterKey)) {
      byte[] header = created.header();
      byte[] otherMac = HeaderParts.withChecksum(flip(header, 8 * (header.length - 1)));
      Keyring.open(masterKey, header).close();
      Tampering.assertRefused(Reason.DAMAGED, () -> Keyring.open(masterKey, otherMac));
    }
    assertThat(service.wrapped).hasSize(1).allSatisfy(KeyErasureTest::assertErased);
    assertThat(service.unwrapped).hasSize(3).allSatisfy(KeyErasureTest::assertErased);
  }
}
