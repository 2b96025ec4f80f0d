package dev.secretvault.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

import dev.secretvault.crypto.CryptoException.Reason;
import dev.secretvault.crypto.UnlockSlot.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The text of {@code docs/FORMAT.md}, section 2, and the code say the same. What stands in {@code
 * format-1.json} stays readable, or refused, in every release.
 */
@Timeout(60)
final class FormatTest {

  private final JsonNode example = example();
  private final byte[] header = Vectors.bytes(example, "header");

  /** The same key for the code and for the reader that knows only the text. */
  private record Key(MasterKey masterKey, IndependentReader.Unlock unlock) {

    static Key raw(byte[] key) {
      return new Key(MasterKey.fromBytes(key), IndependentReader.raw(key));
    }

    static Key passphrase(String text) {
      return new Key(
          MasterKey.fromPassphrase(text.toCharArray()), IndependentReader.passphrase(text));
    }

    static Key external(byte[] key, String uri) {
      return new Key(
          MasterKey.fromAead(new ExternalKey(key), uri), IndependentReader.external(key, uri));
    }

    /** The key that an example names, or the raw one of the file. */
    static Key of(JsonNode one, JsonNode file) {
      if (one.has("passphrase")) {
        return passphrase(one.required("passphrase").asString());
      }
      if (one.has("external")) {
        JsonNode external = one.required("external");
        return external(Vectors.bytes(external, "key"), external.required("uri").asString());
      }
      return raw(Vectors.bytes(one.has("masterKey") ? one : file, "masterKey"));
    }
  }

  private List<Key> keys() {
    return List.of(
        Key.raw(Vectors.bytes(example, "masterKey")),
        Key.passphrase(example.required("passphrase").asString()),
        Key.external(
            Vectors.bytes(example.required("external"), "key"),
            example.required("external").required("uri").asString()));
  }

  @Test
  void example_recordsAndTokens_areReadByBothWithEachKey() throws Exception {
    for (Key key : keys()) {
      IndependentReader reader = new IndependentReader(key.unlock(), header);
      try (Keyring keyring = Keyring.open(key.masterKey(), header)) {
        assertThat(example.required("records")).hasSize(4);
        for (JsonNode record : example.required("records")) {
          Identity identity = identity(record);
          byte[] sealed = Vectors.bytes(record, "sealed");
          byte[] plaintext = Vectors.bytes(record, "plaintext");
          assertThat(identity.open(keyring, sealed)).isEqualTo(plaintext);
          assertThat(open(reader, identity, sealed)).isEqualTo(plaintext);
          assertThat(RecordCipher.epochOf(sealed)).isEqualTo(record.required("epoch").asInt());
        }
        assertThat(example.required("tokens")).hasSize(5);
        for (JsonNode token : example.required("tokens")) {
          String[] parts =
              StreamSupport.stream(token.required("parts").spliterator(), false)
                  .map(JsonNode::asString)
                  .toArray(String[]::new);
          String expected = token.required("token").asString();
          assertThat(keyring.token(parts)).isEqualTo(expected);
          assertThat(reader.token(parts)).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void example_protectedValues_areReadByBoth() throws Exception {
    Key key = keys().get(0);
    IndependentReader reader = new IndependentReader(key.unlock(), header);
    try (Keyring keyring = Keyring.open(key.masterKey(), header)) {
      assertThat(example.required("protected")).hasSize(2);
      for (JsonNode one : example.required("protected")) {
        byte[] value = Vectors.bytes(one, "value");
        assertThat(unprotect(keyring, one)).isEqualTo(value);
        assertThat(unprotect(reader, one)).isEqualTo(value);
      }
    }
  }

  @Test
  void example_slotsAndEpochs_areDescribed() {
    try (Keyring keyring = Keyring.open(keys().get(0).masterKey(), header)) {
      assertThat(keyring.unlockSlots())
          .extracting(UnlockSlot::kind)
          .containsExactly(Kind.PASSPHRASE, Kind.UNKNOWN, Kind.RAW, Kind.EXTERNAL);
      assertThat(keyring.unlockSlots().get(3).uri()).contains("aws-kms://key/é");
      assertThat(keyring.unlockSlots().subList(0, 3)).allMatch(slot -> slot.uri().isEmpty());
      assertThat(keyring.epochs())
          .containsExactly(
              java.util.Map.entry(1, Instant.ofEpochMilli(1699999999999L)),
              java.util.Map.entry(3, Instant.ofEpochMilli(-1)),
              java.util.Map.entry(Integer.MAX_VALUE, Instant.ofEpochMilli(1700000000001L)));
    }
  }

  /** What is written down of the way is the way: a reader that goes wrong can tell where. */
  @Test
  void example_inside_isWhatLeadsFromTheKeysToTheRootKey() throws Exception {
    JsonNode inside = example.required("inside");
    byte[] vaultId = Vectors.bytes(inside, "vaultId");
    byte[] rootKey = Vectors.bytes(inside, "rootKey");
    HeaderParts parts = HeaderParts.of(header);
    assertThat(parts.vaultId).isEqualTo(vaultId);
    List<Key> keys = List.of(keys().get(1), keys().get(0), keys().get(2));
    List<byte[]> known = List.of(parts.slots.get(0), parts.slots.get(2), parts.slots.get(3));
    for (int i = 0; i < 3; i++) {
      JsonNode written = inside.required("slots").required(i);
      SlotParts slot =
          new SlotParts(
              written.required("kind").asInt(),
              Vectors.bytes(written, "id"),
              Vectors.bytes(written, "parameters"),
              Vectors.bytes(written, "salt"));
      byte[] secret = Vectors.bytes(written, "secret");
      byte[] info = Vectors.bytes(written, "info");
      byte[] wrappingKey = Vectors.bytes(written, "wrappingKey");
      byte[] commitment = Vectors.bytes(written, "commitment");
      byte[] sealed =
          Arrays.copyOfRange(known.get(i), known.get(i).length - 60, known.get(i).length);
      assertThat(keys.get(i).unlock().secretOf(slot.kind(), vaultId, slot.parameters()))
          .isEqualTo(secret);
      assertThat(slot.info(vaultId)).isEqualTo(info);
      assertThat(slot.wrappingKey(vaultId, secret)).isEqualTo(wrappingKey);
      assertThat(slot.commitment(vaultId, secret)).isEqualTo(commitment);
      assertThat(slot.toBytes(commitment, sealed)).isEqualTo(known.get(i));
      assertThat(IndependentReader.decrypt(wrappingKey, sealed, info)).isEqualTo(rootKey);
    }
    byte[] keyringLabel = IndependentReader.utf8("secretvault/1/keyring");
    byte[] keyringKey = Vectors.bytes(inside, "keyringKey");
    assertThat(IndependentReader.expand(rootKey, IndependentReader.encode(keyringLabel), 32))
        .isEqualTo(keyringKey);
    assertThat(
            IndependentReader.decrypt(
                keyringKey, parts.sealedKeyring, IndependentReader.encode(keyringLabel, vaultId)))
        .isEqualTo(Vectors.bytes(inside, "keyring"));
    assertThat(HeaderParts.withMac(header, rootKey)).isEqualTo(header);
  }

  @Test
  void example_recordsInside_isWhatTheyAreSealedUnder() throws Exception {
    for (JsonNode record : example.required("records")) {
      byte[] sealed = Vectors.bytes(record, "sealed");
      assertThat(
              IndependentReader.decrypt(
                  Vectors.bytes(record, "recordKey"),
                  Arrays.copyOfRange(sealed, 5, sealed.length),
                  Vectors.bytes(record, "associatedData")))
          .isEqualTo(Vectors.bytes(record, "plaintext"));
    }
    for (JsonNode one : example.required("protected")) {
      byte[] sealed = Vectors.bytes(one, "sealed");
      byte[] parameters = Arrays.copyOfRange(sealed, 1, 29);
      byte[] info = Vectors.bytes(one, "info");
      byte[] derived = IndependentReader.expand(Vectors.bytes(one, "pseudorandomKey"), info, 64);
      assertThat(IndependentReader.stretch(one.required("passphrase").asString(), parameters))
          .isEqualTo(Vectors.bytes(one, "stretched"));
      assertThat(Arrays.copyOf(derived, 32)).isEqualTo(Vectors.bytes(one, "sealingKey"));
      assertThat(Arrays.copyOfRange(derived, 32, 64))
          .isEqualTo(Vectors.bytes(one, "commitment"))
          .isEqualTo(Arrays.copyOfRange(sealed, 29, 61));
    }
  }

  @Test
  void example_headersToReject_areRejectedByBothForTheirReason() {
    JsonNode rejected = example.required("rejectedHeaders");
    assertThat(rejected).hasSize(79);
    for (JsonNode one : rejected) {
      String fault = one.required("fault").asString();
      Key key = Key.of(one, example);
      byte[] given = Vectors.bytes(one, "header");
      assertThat(Tampering.refusal(fault, () -> Keyring.open(key.masterKey(), given)))
          .as(fault)
          .isEqualTo(reason(one));
      assertThatException().as(fault).isThrownBy(() -> new IndependentReader(key.unlock(), given));
    }
  }

  @Test
  void example_recordsToReject_areRejectedByBothForTheirReason() throws Exception {
    Key key = keys().get(0);
    IndependentReader reader = new IndependentReader(key.unlock(), header);
    JsonNode rejected = example.required("rejectedRecords");
    assertThat(rejected).hasSize(24);
    try (Keyring keyring = Keyring.open(key.masterKey(), header)) {
      for (JsonNode one : rejected) {
        String fault = one.required("fault").asString();
        byte[] sealed = Vectors.bytes(one, "sealed");
        assertThat(Tampering.refusal(fault, () -> identity(one).open(keyring, sealed)))
            .as(fault)
            .isEqualTo(reason(one));
        assertThatException().as(fault).isThrownBy(() -> open(reader, identity(one), sealed));
      }
    }
  }

  @Test
  void example_protectedValuesToReject_areRejectedByBothForTheirReason() throws Exception {
    Key key = keys().get(0);
    IndependentReader reader = new IndependentReader(key.unlock(), header);
    JsonNode rejected = example.required("rejectedProtected");
    assertThat(rejected).hasSize(28);
    try (Keyring keyring = Keyring.open(key.masterKey(), header)) {
      for (JsonNode one : rejected) {
        String fault = one.required("fault").asString();
        assertThat(Tampering.refusal(fault, () -> unprotect(keyring, one)))
            .as(fault)
            .isEqualTo(reason(one));
        assertThatException().as(fault).isThrownBy(() -> unprotect(reader, one));
      }
    }
  }

  @Test
  void independentReader_anyVault_readsWhatTheKeyringWrote() throws Exception {
    Random random = Seeded.random("independentReader_anyVault_readsWhatTheKeyringWrote");
    for (int vault = 0; vault < 20; vault++) {
      Key key =
          vault % 2 == 0
              ? Key.raw(Seeded.bytes(random, 32))
              : Key.external(Seeded.bytes(random, 32), "kms://" + vault);
      try (Keyring keyring = Keyring.create(key.masterKey())) {
        for (int i = 0; i < 50; i++) {
          if (i % 10 == 9) {
            try (KeyringChange change = keyring.rotate(Instant.ofEpochMilli(random.nextInt()))) {
              keyring.apply(change);
            }
          }
          IndependentReader reader = new IndependentReader(key.unlock(), keyring.header());
          Identity identity =
              new Identity(text(random), text(random), random.nextLong(), text(random));
          byte[] plaintext = Seeded.bytes(random, random.nextInt(500));

          byte[] sealed = identity.seal(keyring, plaintext);

          assertThat(open(reader, identity, sealed)).isEqualTo(plaintext);
          assertThat(reader.token(identity.namespace(), identity.key()))
              .isEqualTo(keyring.token(identity.namespace(), identity.key()));
          assertThat(reader.token()).isEqualTo(keyring.token());
          assertThat(reader.auditMac(identity.namespace(), identity.purpose(), plaintext))
              .isEqualTo(keyring.auditMac(identity.namespace(), identity.purpose(), plaintext));
        }
      }
    }
  }

  /** With the parameters that are used for new slots and values. */
  @Test
  void independentReader_passphrases_readsWhatTheKeyringWrote() throws Exception {
    Key key = Key.passphrase("cafe\u0301 \ud83d\ude00");
    Key composed = Key.passphrase("caf\u00e9 \ud83d\ude00");
    try (Keyring keyring = Keyring.create(key.masterKey())) {
      byte[] value = {1, 2, 3};
      byte[] sealed = keyring.protect("acme", "s/1", "e\u0301".toCharArray(), value);
      IndependentReader reader = new IndependentReader(composed.unlock(), keyring.header());
      assertThat(reader.unprotect("acme", "s/1", "\u00e9", sealed)).isEqualTo(value);
      assertThat(keyring.unprotect("acme", "s/1", "\u00e9".toCharArray(), sealed)).isEqualTo(value);
      assertThat(reader.token("a")).isEqualTo(keyring.token("a"));
    }
  }

  private static byte[] open(IndependentReader reader, Identity identity, byte[] sealed)
      throws GeneralSecurityException {
    return reader.open(
        identity.namespace(), identity.key(), identity.revision(), identity.purpose(), sealed);
  }

  private static byte[] unprotect(IndependentReader reader, JsonNode one)
      throws GeneralSecurityException {
    return reader.unprotect(
        one.required("namespace").asString(),
        one.required("key").asString(),
        one.required("passphrase").asString(),
        Vectors.bytes(one, "sealed"));
  }

  private static byte[] unprotect(Keyring keyring, JsonNode one) {
    return keyring.unprotect(
        one.required("namespace").asString(),
        one.required("key").asString(),
        one.required("passphrase").asString().toCharArray(),
        Vectors.bytes(one, "sealed"));
  }

  private static Identity identity(JsonNode record) {
    return new Identity(
        record.required("namespace").asString(),
        record.required("key").asString(),
        record.required("revision").asLong(),
        record.required("purpose").asString());
  }

  private static Reason reason(JsonNode rejected) {
    String error = rejected.required("error").asString();
    return switch (error) {
      case "damaged" -> Reason.DAMAGED;
      case "newer-format" -> Reason.NEWER_FORMAT;
      case "wrong-key" -> Reason.WRONG_KEY;
      case "key-unavailable" -> Reason.KEY_UNAVAILABLE;
      case "unknown-epoch" -> Reason.UNKNOWN_EPOCH;
      default -> throw new IllegalArgumentException("error: " + error);
    };
  }

  private static JsonNode example() {
    try (InputStream json = FormatTest.class.getResourceAsStream("format-1.json")) {
      return JsonMapper.shared().readTree(json);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static String text(Random random) {
    int[] alphabet = "aZ/\0é€\ud83d\ude00".codePoints().toArray();
    StringBuilder text = new StringBuilder();
    for (int length = random.nextInt(5); length > 0; length--) {
      text.appendCodePoint(alphabet[random.nextInt(alphabet.length)]);
    }
    return text.toString();
  }
}
