package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.assertRefused;
import static dev.secretvault.crypto.Tampering.flip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Values that take a passphrase besides the vault's keys. */
@Timeout(180)
final class PassphraseSealTest {

  private static final String PASSPHRASE = "open sesame";
  private static final byte[] VALUE = {1, 2, 3};

  private final Random random = new Random(1);

  /** Stretched as little as is allowed, where many are to be opened. */
  private final ProtectedValue parts =
      new ProtectedValue(
          Seeded.bytes(random, 32),
          Seeded.bytes(random, 16),
          "acme",
          "s/1",
          SlotKey.argon2(SlotKey.LEAST_MEMORY, 1, 1));

  private byte[] sealed() throws Exception {
    return parts.seal(PASSPHRASE, VALUE);
  }

  @Test
  void unprotect_whatWasProtected_givesTheValue() {
    Random values = Seeded.random("unprotect_whatWasProtected_givesTheValue");
    try (Keyring keyring = Keyring.create(MasterKey.fromBytes(Seeded.bytes(random, 32)))) {
      for (int length : new int[] {0, 1, 16, 65_536}) {
        byte[] value = Seeded.bytes(values, length);
        char[] passphrase = PASSPHRASE.toCharArray();
        byte[] copy = value.clone();

        byte[] sealed = keyring.protect("acme", "s/1", passphrase, value);

        assertThat(sealed).hasSize(length + ProtectedValue.OVERHEAD_BYTES);
        assertThat(keyring.unprotect("acme", "s/1", passphrase, sealed)).isEqualTo(copy);
        assertThat(value).as("the caller's").isEqualTo(copy);
        assertThat(passphrase).as("the caller's").isEqualTo(PASSPHRASE.toCharArray());
      }
    }
    assertThat(PassphraseSeal.OVERHEAD_BYTES).isEqualTo(ProtectedValue.OVERHEAD_BYTES);
  }

  @Test
  void protect_twice_sharesNothingButVersionAndParameters() {
    try (Keyring keyring = Keyring.create(MasterKey.fromBytes(Seeded.bytes(random, 32)))) {
      char[] passphrase = PASSPHRASE.toCharArray();
      byte[] one = keyring.protect("", "s/1", passphrase, new byte[64]);
      byte[] two = keyring.protect("", "s/1", passphrase, new byte[64]);
      ByteBuffer head = ByteBuffer.wrap(one);
      assertThat(head.get()).isEqualTo((byte) 1);
      assertThat(head.getInt()).as("memory").isEqualTo(19 << 10);
      assertThat(head.getInt()).as("passes").isEqualTo(2);
      assertThat(head.getInt()).as("lanes").isEqualTo(1);
      for (int at = 13; at + 12 <= one.length; at += 12) {
        assertThat(Arrays.copyOfRange(one, at, at + 12))
            .isNotEqualTo(Arrays.copyOfRange(two, at, at + 12));
      }
    }
  }

  @Test
  void protect_valueAndPassphrase_areNotInTheResult() {
    String canary = "a value that must not be seen";
    try (Keyring keyring = Keyring.create(MasterKey.fromBytes(Seeded.bytes(random, 32)))) {
      byte[] sealed =
          keyring.protect(
              "", "s/1", PASSPHRASE.toCharArray(), canary.getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(sealed, StandardCharsets.ISO_8859_1))
          .doesNotContain(canary)
          .doesNotContain(PASSPHRASE);
    }
  }

  /** The passphrase alone does not do: the same one in another vault is of no use. */
  @Test
  void unprotect_withTheKeysOfAnotherVault_isWrongKey() throws Exception {
    byte[] sealed = sealed();
    ProtectedValue otherKey =
        new ProtectedValue(
            Seeded.bytes(random, 32), parts.vaultId(), "acme", "s/1", parts.parameters());
    assertThat(parts.open(PASSPHRASE, sealed)).isEqualTo(VALUE);
    assertRefused(Reason.WRONG_KEY, () -> otherKey.open(PASSPHRASE, sealed));
  }

  @Test
  void unprotect_anyOtherPassphrase_isWrongKeyAndNotQuoted() throws Exception {
    byte[] sealed = sealed();
    for (String wrong :
        List.of(
            "Open sesame",
            "open sesame ",
            " open sesame",
            "open sesam",
            "opensesame",
            "\0",
            "open sesame\0",
            "ｏｐｅｎ sesame")) {
      assertThatExceptionOfType(CryptoException.class)
          .isThrownBy(() -> parts.open(wrong, sealed))
          .withMessage("the passphrase is wrong")
          .withNoCause()
          .extracting(CryptoException::reason)
          .isEqualTo(Reason.WRONG_KEY);
    }
  }

  @Test
  void protectAndUnprotect_passphraseOutOfRange_isRefused() throws Exception {
    byte[] sealed = sealed();
    for (String bad : List.of("", "x".repeat(1_025), "\ud800")) {
      assertThatIllegalArgumentException().isThrownBy(() -> parts.open(bad, sealed));
      assertThatIllegalArgumentException()
          .isThrownBy(
              () ->
                  new PassphraseSeal(Hmac.sha256(new byte[1]), new byte[16], "", "")
                      .seal(bad.toCharArray(), VALUE));
    }
  }

  /** Damage and a wrong passphrase are told apart, but where the attacker altered what decides. */
  @Test
  void unprotect_everyBitFlip_isRefused() throws Exception {
    byte[] sealed = sealed();
    int outOfBounds = 3 * 32 - 23; // as HeaderTamperingTest counts them
    assertThat(
            Tampering.refusals(8 * sealed.length, bit -> parts.open(PASSPHRASE, flip(sealed, bit))))
        .containsOnly(
            Map.entry(Reason.NEWER_FORMAT, 7),
            Map.entry(Reason.WRONG_KEY, 23 + 8 * (16 + 32)),
            Map.entry(Reason.DAMAGED, 1 + outOfBounds + 8 * (12 + VALUE.length + 16)));
  }

  @Test
  void unprotect_everyTruncationAndExtensionByOneByte_isDamaged() throws Exception {
    byte[] sealed = sealed();
    assertThat(
            Tampering.refusals(
                sealed.length, length -> parts.open(PASSPHRASE, Arrays.copyOf(sealed, length))))
        .containsOnly(Map.entry(Reason.DAMAGED, sealed.length));
    assertThat(
            Tampering.refusals(
                256,
                last -> {
                  byte[] longer = Arrays.copyOf(sealed, sealed.length + 1);
                  longer[sealed.length] = (byte) last;
                  return parts.open(PASSPHRASE, longer);
                }))
        .containsOnly(Map.entry(Reason.DAMAGED, 256));
  }

  @Test
  void unprotect_newerVersion_namesItAndSaysToUpgrade() throws Exception {
    byte[] sealed = sealed();
    sealed[0] = (byte) 200;
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> parts.open(PASSPHRASE, sealed))
        .withMessageContaining("version 200,")
        .withMessageContaining("upgrade");
  }

  @Test
  void unprotect_tooShortAndOfANewerVersion_isDamaged() {
    for (int length = 1; length < ProtectedValue.OVERHEAD_BYTES; length++) {
      byte[] sealed = new byte[length];
      sealed[0] = 2;
      assertRefused(Reason.DAMAGED, () -> parts.open(PASSPHRASE, sealed));
    }
  }
}
