package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.assertRefused;
import static dev.secretvault.crypto.Tampering.flip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.secretvault.crypto.CryptoException.Reason;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** Values that take a link besides the vault's keys. */
final class LinkSealTest {

  private static final byte[] VALUE = {1, 2, 3};

  private final Random random = Seeded.random("LinkSealTest");
  private final byte[] vaultKey = Seeded.bytes(random, 32);
  private final byte[] vaultId = Seeded.bytes(random, 16);
  private final byte[] link = Seeded.bytes(random, LinkSeal.TOKEN_BYTES);
  private final LinkSeal seal = seal(vaultKey, vaultId, "acme", "NS.p.1");
  private final byte[] sealed = seal.seal(link, VALUE);

  private static LinkSeal seal(byte[] vaultKey, byte[] vaultId, String namespace, String key) {
    return new LinkSeal(Hmac.sha256(vaultKey), vaultId, namespace, key);
  }

  @Test
  void open_withTheLink_givesTheValue_ofAnyLength() {
    for (int length : new int[] {0, 1, 200, 65_536}) {
      byte[] value = Seeded.bytes(random, length);
      byte[] longer = seal.seal(link, value);
      assertThat(longer).hasSize(1 + AesGcm.OVERHEAD_BYTES + length);
      assertThat(seal.open(link, longer)).isEqualTo(value);
    }
  }

  @Test
  void seal_twice_sharesNothingButTheVersion() {
    Set<List<Byte>> nonces = new HashSet<>();
    for (int i = 0; i < 100; i++) {
      byte[] again = seal.seal(link, VALUE);
      assertThat(again[0]).isEqualTo((byte) 1);
      nonces.add(List.of(again[1], again[2], again[3], again[4], again[5], again[6], again[7]));
    }
    assertThat(nonces).hasSize(100);
  }

  @Test
  void open_everyBitFlip_isRefused() throws Exception {
    assertThat(Tampering.refusals(8 * sealed.length, bit -> seal.open(link, flip(sealed, bit))))
        .containsOnly(
            Map.entry(Reason.NEWER_FORMAT, 7),
            Map.entry(Reason.DAMAGED, 1 + 8 * (sealed.length - 1)));
  }

  @Test
  void open_withEveryBitOfTheLinkFlipped_isRefused() throws Exception {
    assertThat(Tampering.refusals(8 * link.length, bit -> seal.open(flip(link, bit), sealed)))
        .containsOnly(Map.entry(Reason.DAMAGED, 8 * link.length));
  }

  /** The link alone does not do, and neither does a value in the place of another one. */
  @Test
  void open_inAnotherContext_isRefused() {
    assertThat(seal.open(link, sealed)).as("the control").isEqualTo(VALUE);
    for (LinkSeal other :
        List.of(
            seal(flip(vaultKey, 0), vaultId, "acme", "NS.p.1"),
            seal(vaultKey, flip(vaultId, 0), "acme", "NS.p.1"),
            seal(vaultKey, vaultId, "acm", "NS.p.1"),
            seal(vaultKey, vaultId, "", "NS.p.1"),
            seal(vaultKey, vaultId, "acme", "NS.p.2"),
            seal(vaultKey, vaultId, "acme", "NS.g.1"),
            seal(vaultKey, vaultId, "acmeNS", ".p.1"))) {
      assertRefused(Reason.DAMAGED, () -> other.open(link, sealed));
    }
    byte[] otherLink = Seeded.bytes(random, LinkSeal.TOKEN_BYTES);
    byte[] swapped = seal.seal(otherLink, VALUE);
    assertRefused(Reason.DAMAGED, () -> seal.open(link, swapped));
  }

  @Test
  void open_cutShortOrLonger_isRefused() {
    for (int length = 0; length < sealed.length; length++) {
      byte[] cut = Arrays.copyOf(sealed, length);
      assertRefused(Reason.DAMAGED, () -> seal.open(link, cut));
    }
    assertRefused(Reason.DAMAGED, () -> seal.open(link, Arrays.copyOf(sealed, sealed.length + 1)));
  }

  @Test
  void token_ofAnotherLength_isRefused() {
    for (int length : new int[] {0, 31, 33, 49}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> seal.open(new byte[length], sealed))
          .withMessageStartingWith("token: ");
      assertThatIllegalArgumentException().isThrownBy(() -> seal.seal(new byte[length], VALUE));
    }
  }

  /** One vault's keyring after the other, and what stands under its passphrase key besides. */
  @Test
  void keyrings_doNotOpenWhatTheOtherSealed_norWhatIsSealedUnderAPassphrase() {
    try (Keyring one = Keyring.create(MasterKey.fromBytes(Seeded.bytes(random, 32)));
        Keyring two = Keyring.create(MasterKey.fromBytes(Seeded.bytes(random, 32)))) {
      byte[] mine = one.sealForLink("acme", "NS.p.1", link, VALUE);
      assertThat(one.openForLink("acme", "NS.p.1", link, mine)).isEqualTo(VALUE);
      assertRefused(Reason.DAMAGED, () -> two.openForLink("acme", "NS.p.1", link, mine));
      assertRefused(Reason.DAMAGED, () -> one.openForLink("blue", "NS.p.1", link, mine));
      char[] passphrase = "open sesame".toCharArray();
      byte[] locked = one.protect("acme", "NS.p.1", passphrase, VALUE);
      assertRefused(Reason.DAMAGED, () -> one.openForLink("acme", "NS.p.1", link, locked));
    }
  }

  /** As docs/FORMAT.md has it, section 3.7, with nothing but the JDK. */
  @Test
  void format_isWhatIsWrittenDown() throws Exception {
    byte[] info = info();
    byte[] pseudorandomKey = hmac(vaultKey, link);
    byte[] key = hmac(pseudorandomKey, concat(info, new byte[] {1}));
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        Cipher.DECRYPT_MODE,
        new SecretKeySpec(key, "AES"),
        new GCMParameterSpec(128, Arrays.copyOfRange(sealed, 1, 13)));
    cipher.updateAAD(info);
    assertThat(cipher.doFinal(sealed, 13, sealed.length - 13)).isEqualTo(VALUE);
  }

  private byte[] info() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    for (byte[] part : List.of(utf8("secretvault/1/link"), vaultId, utf8("acme"), utf8("NS.p.1"))) {
      out.writeInt(part.length);
      out.write(part);
    }
    return bytes.toByteArray();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] concat(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private static byte[] hmac(byte[] key, byte[] message) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(message);
  }
}
