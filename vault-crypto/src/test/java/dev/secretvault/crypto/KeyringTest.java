package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.assertRefused;
import static dev.secretvault.crypto.Tampering.flip;
import static dev.secretvault.crypto.Tampering.refusal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.secretvault.crypto.CryptoException.Reason;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sealed records and tokens. */
@Timeout(60)
final class KeyringTest {

  private static final Identity RECORD = new Identity("acme", "s/1", 3, "value");

  private final Keyring keyring = Keyring.create(masterKey());

  @AfterEach
  void close() {
    keyring.close();
  }

  @Test
  void open_everyLengthUpTo64KiB_givesThePlaintext() {
    Random random = Seeded.random("open_everyLengthUpTo64KiB_givesThePlaintext");
    List<Integer> lengths = new ArrayList<>();
    for (int length = 0; length <= 300; length++) {
      lengths.add(length);
    }
    for (int power = 512; power <= 1 << 16; power *= 2) {
      lengths.addAll(List.of(power - 1, power, power + 1));
    }
    for (int length : lengths) {
      byte[] plaintext = Seeded.bytes(random, length);
      byte[] sealed = RECORD.seal(keyring, plaintext.clone());
      assertThat(sealed).hasSize(length + RecordCipher.OVERHEAD_BYTES);
      assertThat(RECORD.open(keyring, sealed)).isEqualTo(plaintext);
    }
    assertThat(RecordCipher.OVERHEAD_BYTES).isEqualTo(33);
  }

  @Test
  void seal_longPlaintext_holdsNoneOfIt() {
    String canary = "a plaintext that must not be seen";
    byte[] sealed = RECORD.seal(keyring, canary.repeat(100).getBytes(StandardCharsets.ISO_8859_1));
    assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain(canary);
  }

  @Test
  void seal_leavesItsArgumentAlone() {
    byte[] plaintext = {1, 2, 3};
    byte[] sealed = RECORD.seal(keyring, plaintext);
    byte[] copy = sealed.clone();
    RECORD.open(keyring, sealed);
    assertThat(plaintext).containsExactly(1, 2, 3);
    assertThat(sealed).isEqualTo(copy);
  }

  @Test
  void seal_samePlaintextAgain_sharesNoBlock() {
    byte[] one = RECORD.seal(keyring, new byte[64]);
    byte[] two = RECORD.seal(keyring, new byte[64]);
    Set<String> blocks = new HashSet<>();
    for (byte[] sealed : List.of(one, two)) {
      for (int at = 17; at < sealed.length; at += 16) {
        blocks.add(HexFormat.of().formatHex(sealed, at, at + 16));
      }
    }
    // Four blocks and a tag, twice. What is the same is the version and the epoch.
    assertThat(blocks).hasSize(10);
    assertThat(Arrays.copyOf(one, 17)).isNotEqualTo(Arrays.copyOf(two, 17));
    assertThat(Arrays.copyOf(one, 5)).containsExactly(1, 0, 0, 0, 1).startsWith(two[0]);
  }

  @Test
  void seal_tenThousandTimes_neverRepeatsANonce() {
    Set<String> nonces = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      nonces.add(HexFormat.of().formatHex(RECORD.seal(keyring, new byte[0]), 5, 17));
    }
    assertThat(nonces).hasSize(10_000);
  }

  /** All pairs of identities, among them those whose parts run together to the same text. */
  @Test
  void open_underAnyOtherIdentity_isDamaged() {
    List<Identity> identities = new ArrayList<>();
    for (String namespace : List.of("", "a", "ab", "\0")) {
      for (String key : List.of("", "c", "bc", "abc", "b\0c")) {
        for (long revision : new long[] {0, 1, 256, -1}) {
          for (String purpose : List.of("", "c")) {
            identities.add(new Identity(namespace, key, revision, purpose));
          }
        }
      }
    }
    byte[] plaintext = {42};
    List<byte[]> sealed = identities.stream().map(id -> id.seal(keyring, plaintext)).toList();
    int opened = 0;
    for (int i = 0; i < identities.size(); i++) {
      for (int j = 0; j < identities.size(); j++) {
        Identity identity = identities.get(j);
        byte[] record = sealed.get(i);
        if (i == j) {
          assertThat(identity.open(keyring, record)).containsExactly(42);
          opened++;
        } else {
          assertThat(
                  refusal(
                      identities.get(i) + " as " + identity, () -> identity.open(keyring, record)))
              .isEqualTo(Reason.DAMAGED);
        }
      }
    }
    assertThat(opened).isEqualTo(160);
  }

  @Test
  void open_boundaryBetweenNamespaceAndKeyShifted_isDamaged() {
    byte[] sealed = new Identity("a", "bc", 1, "value").seal(keyring, new byte[] {1});
    for (Identity shifted :
        List.of(
            new Identity("ab", "c", 1, "value"),
            new Identity("", "abc", 1, "value"),
            new Identity("abc", "", 1, "value"),
            new Identity("bc", "a", 1, "value"),
            new Identity("a", "bcvalue", 1, ""),
            new Identity("a\0\0\0\2bc", "", 1, "value"))) {
      assertRefused(Reason.DAMAGED, () -> shifted.open(keyring, sealed));
    }
  }

  @Test
  void open_inAnotherVault_isDamaged() {
    byte[] sealed = RECORD.seal(keyring, new byte[] {1});
    // The same master key, so that nothing but the vault differs.
    try (Keyring other = Keyring.create(masterKey())) {
      assertRefused(Reason.DAMAGED, () -> RECORD.open(other, sealed));
    }
  }

  @Test
  void open_everyBitFlip_isRefused() {
    for (int length : new int[] {0, 1, 64}) {
      byte[] sealed = RECORD.seal(keyring, new byte[length]);
      for (int bit = 0; bit < 8 * sealed.length; bit++) {
        byte[] flipped = flip(sealed, bit);
        // The version's bits but the one that makes it 0.
        boolean newer = bit >= 1 && bit < 8;
        // The epoch's bits but the sign and the one that makes it 0.
        boolean otherEpoch = bit >= 8 && bit < 40 && bit != 8 + 7 && bit != 8 + 24;
        assertThat(refusal("bit " + bit, () -> RECORD.open(keyring, flipped)))
            .as("bit %d", bit)
            .isEqualTo(
                newer ? Reason.NEWER_FORMAT : otherEpoch ? Reason.UNKNOWN_EPOCH : Reason.DAMAGED);
      }
    }
  }

  @Test
  void open_everyTruncationAndExtension_isDamaged() {
    byte[] sealed = RECORD.seal(keyring, new byte[64]);
    for (int length = 0; length < 2 * sealed.length; length++) {
      if (length != sealed.length) {
        byte[] cut = Arrays.copyOf(sealed, length);
        assertRefused(Reason.DAMAGED, () -> RECORD.open(keyring, cut));
      }
    }
  }

  @Test
  void open_randomBytes_neverEndsInAnythingButARefusal() {
    Random random = Seeded.random("open_randomBytes_neverEndsInAnythingButARefusal");
    for (int i = 0; i < 30_000; i++) {
      byte[] bytes = Seeded.bytes(random, random.nextInt(200));
      if (i % 2 == 0 && bytes.length > 5) {
        System.arraycopy(new byte[] {1, 0, 0, 0, 1}, 0, bytes, 0, 5);
      }
      refusal("input " + i, () -> RECORD.open(keyring, bytes));
    }
  }

  @Test
  void open_newerVersion_namesItAndSaysToUpgrade() {
    byte[] sealed = RECORD.seal(keyring, new byte[8]);
    sealed[0] = (byte) 200;
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> RECORD.open(keyring, sealed))
        .withMessageContaining("version 200,")
        .withMessageContaining("upgrade");
  }

  /** What is too short to be a record of any version is damage, whatever its first byte says. */
  @Test
  void open_tooShortAndOfANewerVersion_isDamaged() {
    for (int length = 1; length < RecordCipher.OVERHEAD_BYTES; length++) {
      byte[] sealed = new byte[length];
      sealed[0] = 2;
      assertRefused(Reason.DAMAGED, () -> RECORD.open(keyring, sealed));
    }
  }

  @Test
  void open_damaged_saysNothingOfTheRecord() {
    Identity identity = new Identity("tenant-canary", "key-canary", 1, "purpose-canary");
    byte[] sealed = identity.seal(keyring, "canary".getBytes(StandardCharsets.US_ASCII));
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> identity.open(keyring, flip(sealed, 300)))
        .withNoCause()
        .extracting(Throwable::getMessage)
        .asString()
        .doesNotContain("canary");
  }

  @Test
  void identity_textWithHalfASurrogatePair_isRefused() {
    Identity broken = new Identity("", "\ud800", 1, "value");
    assertThatIllegalArgumentException().isThrownBy(() -> broken.seal(keyring, new byte[0]));
    assertThatIllegalArgumentException().isThrownBy(() -> keyring.token("\ud800"));
  }

  @Test
  void cipher_missingPart_isNamed() {
    assertThatNullPointerException()
        .isThrownBy(() -> keyring.cipher(null, "k", "p"))
        .withMessage("namespace");
    assertThatNullPointerException()
        .isThrownBy(() -> keyring.cipher("n", null, "p"))
        .withMessage("key");
    assertThatNullPointerException()
        .isThrownBy(() -> keyring.cipher("n", "k", null))
        .withMessage("purpose");
  }

  @Test
  void sealAndOpen_manyThreads_neverMixUp() throws Exception {
    List<Callable<Integer>> tasks = new ArrayList<>();
    for (int thread = 0; thread < 8; thread++) {
      byte[] plaintext = new byte[100];
      Arrays.fill(plaintext, (byte) thread);
      Identity identity = new Identity("", "s/" + thread % 3, thread, "value");
      String token = keyring.token("s", identity.key());
      tasks.add(
          () -> {
            int right = 0;
            for (int i = 0; i < 2_000; i++) {
              byte[] opened = identity.open(keyring, identity.seal(keyring, plaintext));
              if (Arrays.equals(opened, plaintext)
                  && keyring.token("s", identity.key()).equals(token)) {
                right++;
              }
            }
            return right;
          });
    }
    assertThat(Together.run(tasks)).isEqualTo(Collections.nCopies(8, 2_000));
  }

  @Test
  void token_sameParts_isStableAndOutlivesReopening() {
    String token = keyring.token("name", "acme", "user-id-web");
    assertThat(token).matches("[A-Za-z0-9_-]{22}");
    assertThat(keyring.token("name", "acme", "user-id-web")).isEqualTo(token);
    try (Keyring reopened = Keyring.open(masterKey(), keyring.header())) {
      assertThat(reopened.token("name", "acme", "user-id-web")).isEqualTo(token);
    }
  }

  @Test
  void token_otherVaultUnderTheSameMasterKey_isAnother() {
    try (Keyring other = Keyring.create(masterKey())) {
      assertThat(other.token("name")).isNotEqualTo(keyring.token("name"));
    }
  }

  @Test
  void token_otherPartsOrBoundaries_isAnother() {
    List<String[]> lists =
        List.of(
            new String[] {},
            new String[] {""},
            new String[] {"", ""},
            new String[] {"abc"},
            new String[] {"a", "bc"},
            new String[] {"ab", "c"},
            new String[] {"a", "b", "c"},
            new String[] {"abc", ""},
            new String[] {"", "abc"},
            new String[] {"bc", "a"},
            new String[] {"a\0\0\0\2bc"},
            new String[] {"Abc"},
            new String[] {"abc\0"},
            new String[] {"?"});
    Set<String> tokens = new HashSet<>();
    for (String[] parts : lists) {
      assertThat(keyring.token(parts)).hasSize(22);
      tokens.add(keyring.token(parts));
    }
    assertThat(tokens).hasSameSizeAs(lists);
  }

  @Test
  void close_thenAnyUse_isRefused() {
    byte[] sealed = RECORD.seal(keyring, new byte[0]);
    RecordCipher cipher = RECORD.cipher(keyring);
    assertThat(cipher.open(RECORD.revision(), sealed)).isEmpty();
    byte[] header = keyring.header();
    KeyringChange change = keyring.rotate(Instant.EPOCH);
    String slot = keyring.unlockSlots().get(0).id();
    keyring.close();
    keyring.close();
    for (ThrowingCallable use :
        List.<ThrowingCallable>of(
            () -> RECORD.seal(keyring, new byte[0]),
            () -> RECORD.open(keyring, sealed),
            () -> cipher.seal(1, new byte[0]),
            () -> cipher.open(RECORD.revision(), sealed),
            () -> keyring.token("name"),
            () -> keyring.auditMac("", "event", new byte[0]),
            () -> keyring.protect("", "", new char[] {'p'}, new byte[0]),
            () -> keyring.unprotect("", "", new char[] {'p'}, new byte[100]),
            keyring::header,
            keyring::unlockSlots,
            keyring::epochs,
            keyring::epoch,
            () -> keyring.rotate(Instant.EPOCH),
            () -> keyring.retire(1),
            () -> keyring.addUnlock(masterKey()),
            () -> keyring.removeUnlock(slot),
            () -> keyring.changeMasterKey(masterKey(), masterKey()),
            () -> keyring.apply(change),
            () -> keyring.follow(header))) {
      assertThatIllegalStateException().isThrownBy(use).withMessage("the keyring is closed");
    }
  }

  /** What is sealed under an overwritten key could be opened by nobody, or by everybody. */
  @Test
  void close_whileItIsUsed_neverUsesAnOverwrittenKey() throws Exception {
    byte[] header = keyring.header();
    String token = keyring.token("name");
    int used = 0;
    for (int i = 0; i < 2_000; i++) {
      Keyring closing = Keyring.open(masterKey(), header);
      List<byte[]> sealed = new ArrayList<>();
      Together.run(
          List.of(
              () -> {
                try {
                  for (int revision = 0; revision < 100; revision++) {
                    Identity identity = new Identity("", "s/" + revision, revision, "value");
                    sealed.add(identity.seal(closing, new byte[] {1}));
                    assertThat(closing.token("name")).isEqualTo(token);
                    assertThat(identity.open(closing, sealed.get(revision))).containsExactly(1);
                  }
                } catch (IllegalStateException closed) {
                  assertThat(closed.getMessage())
                      .isIn("the keyring is closed", "the key was overwritten");
                }
                return 0;
              },
              () -> {
                closing.close();
                return 0;
              }));
      for (int revision = 0; revision < sealed.size(); revision++) {
        Identity identity = new Identity("", "s/" + revision, revision, "value");
        assertThat(identity.open(keyring, sealed.get(revision))).containsExactly(1);
        used++;
      }
    }
    assertThat(used).isPositive();
  }

  @Test
  void toString_saysNothingOfTheKeys() {
    assertThat(keyring).hasToString("Keyring[hidden]");
    assertThat(RECORD.cipher(keyring)).hasToString("RecordCipher[hidden]");
    assertThat(keyring.rotate(Instant.EPOCH)).hasToString("KeyringChange[hidden]");
    assertThat(new CryptoException(Reason.DAMAGED, "m")).hasMessage("m");
  }

  private static MasterKey masterKey() {
    return MasterKey.fromBytes(Seeded.bytes(new Random(1), MasterKey.BYTES));
  }
}
