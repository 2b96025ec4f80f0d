package dev.secretvault.crypto;

import static dev.secretvault.crypto.Tampering.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import com.google.crypto.tink.Aead;
import dev.secretvault.crypto.CryptoException.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A key that somebody else keeps: what it is asked, and what becomes of its refusals. */
@Timeout(60)
final class ExternalMasterKeyTest {

  private static final String URI = "kms://projects/p/keys/k";

  private final ExternalKey service = new ExternalKey(Seeded.bytes(new Random(1), 32));

  private MasterKey key() {
    return MasterKey.fromAead(service, URI);
  }

  /** Says what the key service does in the test. */
  private interface Wrapping {
    byte[] apply(byte[] bytes) throws GeneralSecurityException;
  }

  private static Aead aead(Wrapping encrypt, Wrapping decrypt) {
    return new Aead() {
      @Override
      public byte[] encrypt(byte[] plaintext, byte[] associatedData)
          throws GeneralSecurityException {
        return encrypt.apply(plaintext);
      }

      @Override
      public byte[] decrypt(byte[] ciphertext, byte[] associatedData)
          throws GeneralSecurityException {
        return decrypt.apply(ciphertext);
      }
    };
  }

  @Test
  void createAndOpen_anyVault_asksTheServiceToWrapOnceAndToUnwrapAtOnce() {
    try (MasterKey key = key();
        Keyring created = Keyring.create(key)) {
      assertThat(service.wrapped).hasSize(1);
      assertThat(service.unwrapped).hasSize(1);
      try (Keyring opened = Keyring.open(key, created.header())) {
        assertThat(opened.token("a")).isEqualTo(created.token("a"));
      }
      assertThat(service.wrapped).hasSize(1);
      assertThat(service.unwrapped).hasSize(2);
    }
  }

  @Test
  void create_twice_wrapsAnotherSecretEachTime() {
    byte[][] secrets = new byte[2][];
    for (int i = 0; i < 2; i++) {
      int index = i;
      Aead remembering =
          aead(
              secret -> {
                secrets[index] = secret.clone();
                return secret.clone();
              },
              byte[]::clone);
      Keyring.create(MasterKey.fromAead(remembering, URI)).close();
      assertThat(secrets[i]).hasSize(32).isNotEqualTo(new byte[32]);
    }
    assertThat(secrets[0]).isNotEqualTo(secrets[1]);
  }

  @Test
  void createAndOpen_secretOfTheSlot_isOverwrittenAfterwards() {
    try (MasterKey key = key();
        Keyring created = Keyring.create(key)) {
      Keyring.open(key, created.header()).close();
    }
    assertThat(service.wrapped).hasSize(1).allSatisfy(secret -> assertThat(secret).containsOnly(0));
    assertThat(service.unwrapped)
        .hasSize(2)
        .allSatisfy(secret -> assertThat(secret).containsOnly(0));
  }

  /** Also when it comes to nothing. */
  @Test
  void createAndOpen_refused_overwritesTheSecretAllTheSame() {
    byte[][] seen = new byte[3][];
    Aead unreachable =
        aead(
            secret -> {
              seen[0] = secret;
              throw new GeneralSecurityException();
            },
            wrapped -> wrapped);
    Aead tooMuch =
        aead(
            secret -> {
              seen[1] = secret;
              return new byte[8_193];
            },
            wrapped -> wrapped);
    Aead tooLittle =
        aead(
            byte[]::clone,
            wrapped -> {
              seen[2] = Arrays.copyOf(wrapped, 31);
              return seen[2];
            });
    for (Aead bad : List.of(unreachable, tooMuch, tooLittle)) {
      assertRefused(Reason.KEY_UNAVAILABLE, () -> Keyring.create(MasterKey.fromAead(bad, URI)));
    }
    seen[2][0] = 1;
    Aead honest = aead(byte[]::clone, byte[]::clone);
    try (Keyring keyring = Keyring.create(MasterKey.fromAead(honest, URI))) {
      byte[] header = keyring.header();
      assertRefused(
          Reason.KEY_UNAVAILABLE, () -> Keyring.open(MasterKey.fromAead(tooLittle, URI), header));
    }
    assertThat(List.of(seen)).allSatisfy(secret -> assertThat(secret).containsOnly(0));
    assertThat(seen[0]).hasSize(32);
  }

  /** The wrapped secret of one vault is none in another, nor under another name. */
  @Test
  void open_wrappedForAnotherVaultOrName_isUnavailable() throws Exception {
    byte[] key = Seeded.bytes(new Random(2), 32);
    byte[] vaultId = Seeded.bytes(new Random(3), 16);
    byte[] rootKey = Seeded.bytes(new Random(4), 32);
    byte[] keyring = HeaderParts.keyring(1, List.of(HeaderParts.epoch(1, rootKey)));
    for (byte[] data :
        List.of(
            data("secretvault/1/external", vaultId, URI),
            data("secretvault/1/external", Tampering.flip(vaultId, 0), URI),
            data("secretvault/1/external", vaultId, URI + "/"),
            data("secretvault/1/slot", vaultId, URI),
            new byte[0])) {
      byte[] secret = Seeded.bytes(new Random(5), 32);
      byte[] uri = IndependentReader.utf8(URI);
      byte[] wrapped = HeaderParts.encrypt(key, secret, data);
      byte[] parameters =
          ByteBuffer.allocate(2 + uri.length + wrapped.length)
              .putShort((short) uri.length)
              .put(uri)
              .put(wrapped)
              .array();
      byte[] slot =
          new SlotParts(IndependentReader.EXTERNAL, new byte[8], parameters, new byte[32])
              .seal(vaultId, secret, rootKey);
      byte[] header = HeaderParts.of(vaultId, List.of(slot), rootKey, keyring).toBytes(rootKey);
      MasterKey masterKey = MasterKey.fromAead(new ExternalKey(key), URI);
      if (Arrays.equals(data, data("secretvault/1/external", vaultId, URI))) {
        Keyring.open(masterKey, header).close();
      } else {
        assertRefused(Reason.KEY_UNAVAILABLE, () -> Keyring.open(masterKey, header));
      }
    }
  }

  private static byte[] data(String label, byte[] vaultId, String uri) {
    return IndependentReader.encode(
        IndependentReader.utf8(label), vaultId, IndependentReader.utf8(uri));
  }

  @Test
  void open_keyOfAnotherName_isWrongKeyAndNeverAsked() {
    try (Keyring keyring = Keyring.create(key())) {
      for (String other : List.of(URI + "/", "KMS://projects/p/keys/k", "kms://projects/p/keys/")) {
        assertRefused(
            Reason.WRONG_KEY,
            () -> Keyring.open(MasterKey.fromAead(service, other), keyring.header()));
      }
    }
    assertThat(service.unwrapped).as("when the vault was made").hasSize(1);
  }

  /** Services throw what they like. */
  @Test
  void createAndOpen_serviceThrowsAnything_isUnavailableWithItsCause() {
    byte[] header;
    try (Keyring keyring = Keyring.create(key())) {
      header = keyring.header();
    }
    for (Exception thrown :
        List.of(
            new GeneralSecurityException("canary"),
            new IllegalStateException("canary"),
            new UncheckedIOException(new IOException("canary")))) {
      Wrapping failing =
          bytes -> {
            if (thrown instanceof GeneralSecurityException e) {
              throw e;
            }
            throw (RuntimeException) thrown;
          };
      Aead aead = aead(failing, failing);
      for (ThrowingCallable act :
          List.<ThrowingCallable>of(
              () -> Keyring.create(MasterKey.fromAead(aead, URI)),
              () -> Keyring.open(MasterKey.fromAead(aead, URI), header))) {
        assertThatExceptionOfType(CryptoException.class)
            .isThrownBy(act)
            .withMessageContaining(URI)
            .withMessageNotContaining("canary")
            .withCause(thrown)
            .extracting(CryptoException::reason)
            .isEqualTo(Reason.KEY_UNAVAILABLE);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8_193, 100_000})
  void create_wrappedSecretOutOfRange_isUnavailable(int length) {
    Aead aead = aead(secret -> new byte[length], wrapped -> wrapped);
    assertThatExceptionOfType(CryptoException.class)
        .isThrownBy(() -> Keyring.create(MasterKey.fromAead(aead, URI)))
        .withMessageContaining("makes " + length + " bytes")
        .extracting(CryptoException::reason)
        .isEqualTo(Reason.KEY_UNAVAILABLE);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 32, 8_192})
  void create_wrappedSecretInRange_opens(int length) {
    byte[][] secret = new byte[1][];
    Aead aead =
        aead(
            given -> {
              secret[0] = given.clone();
              return new byte[length];
            },
            wrapped -> {
              assertThat(wrapped).hasSize(length);
              return secret[0].clone();
            });
    try (Keyring keyring = Keyring.create(MasterKey.fromAead(aead, URI))) {
      Keyring.open(MasterKey.fromAead(aead, URI), keyring.header()).close();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 31, 33, 64})
  void createOrOpen_unwrappedToAnotherLength_isUnavailable(int length) {
    Aead aead = aead(byte[]::clone, wrapped -> Arrays.copyOf(wrapped, length));
    assertRefused(Reason.KEY_UNAVAILABLE, () -> Keyring.create(MasterKey.fromAead(aead, URI)));
    Aead honest = aead(byte[]::clone, byte[]::clone);
    try (Keyring keyring = Keyring.create(MasterKey.fromAead(honest, URI))) {
      assertRefused(
          Reason.KEY_UNAVAILABLE,
          () -> Keyring.open(MasterKey.fromAead(aead, URI), keyring.header()));
    }
  }

  /** Who may wrap but not unwrap would be locked out by the very vault that he makes. */
  @Test
  void create_keyThatOnlyWraps_isUnavailable() {
    Aead onlyWraps =
        aead(
            byte[]::clone,
            wrapped -> {
              throw new GeneralSecurityException("no permission");
            });
    Aead unfaithful = aead(byte[]::clone, wrapped -> new byte[32]);
    try (Keyring keyring = Keyring.create(key())) {
      byte[] header = keyring.header();
      for (Aead bad : List.of(onlyWraps, unfaithful)) {
        assertRefused(Reason.KEY_UNAVAILABLE, () -> Keyring.create(MasterKey.fromAead(bad, URI)));
        assertRefused(
            Reason.KEY_UNAVAILABLE,
            () -> keyring.changeMasterKey(key(), MasterKey.fromAead(bad, URI)));
      }
      assertThat(keyring.header()).isEqualTo(header);
    }
  }

  /** A key was destroyed and made anew under its name: the slot of the new one opens. */
  @Test
  void open_oneOfTwoSlotsUnavailable_opensByTheOther() {
    ExternalKey renewed = new ExternalKey(Seeded.bytes(new Random(6), 32));
    try (Keyring keyring = Keyring.create(key());
        KeyringChange added = keyring.addUnlock(MasterKey.fromAead(renewed, URI))) {
      Keyring.open(MasterKey.fromAead(renewed, URI), added.header()).close();
      ExternalKey neither = new ExternalKey(Seeded.bytes(new Random(7), 32));
      assertRefused(
          Reason.KEY_UNAVAILABLE,
          () -> Keyring.open(MasterKey.fromAead(neither, URI), added.header()));
    }
  }

  @Test
  void fromAead_uriOutOfRange_isRefused() {
    for (String bad : List.of("", "u".repeat(1_025), "é".repeat(513), "\ud800", "kms://\udc00")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> MasterKey.fromAead(service, bad))
          .withMessageStartingWith("uri: ");
    }
    for (String longest : List.of("u".repeat(1_024), "é".repeat(512))) {
      try (Keyring keyring = Keyring.create(MasterKey.fromAead(service, longest))) {
        assertThat(keyring.unlockSlots().get(0).uri()).contains(longest);
        Keyring.open(MasterKey.fromAead(service, longest), keyring.header()).close();
      }
    }
  }

  @Test
  void fromAead_missingPart_isNamed() {
    assertThatNullPointerException()
        .isThrownBy(() -> MasterKey.fromAead(null, URI))
        .withMessage("aead");
    assertThatNullPointerException()
        .isThrownBy(() -> MasterKey.fromAead(service, null))
        .withMessage("uri");
  }

  @Test
  void toString_saysNothing() {
    assertThat(key()).hasToString("MasterKey[hidden]");
  }
}
