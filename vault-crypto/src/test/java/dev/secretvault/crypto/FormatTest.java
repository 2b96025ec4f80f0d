package dev.secretvault.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

import dev.secretvault.crypto.CryptoException.Reason;
import java.io.IOException;
import java.io.InputStream;
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
  private final byte[] masterKey = Vectors.bytes(example, "masterKey");
  private final byte[] header = Vectors.bytes(example, "header");

  @Test
  void example_recordsAndTokens_areReadByBoth() throws Exception {
    IndependentReader reader = new IndependentReader(masterKey, header);
    try (Keyring keyring = Keyring.open(MasterKey.fromBytes(masterKey), header)) {
      assertThat(example.required("records")).hasSize(3);
      for (JsonNode record : example.required("records")) {
        RecordIdentity identity = identity(record);
        byte[] sealed = Vectors.bytes(record, "sealed");
        byte[] plaintext = Vectors.bytes(record, "plaintext");
        assertThat(keyring.open(identity, sealed)).isEqualTo(plaintext);
        assertThat(open(reader, identity, sealed)).isEqualTo(plaintext);
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

  @Test
  void example_headersToReject_areRejectedByBothForTheirReason() {
    JsonNode rejected = example.required("rejectedHeaders");
    assertThat(rejected).hasSize(40);
    for (JsonNode one : rejected) {
      String fault = one.required("fault").asString();
      byte[] key = one.has("masterKey") ? Vectors.bytes(one, "masterKey") : masterKey;
      byte[] given = Vectors.bytes(one, "header");
      assertThat(Tampering.refusal(fault, () -> Keyring.open(MasterKey.fromBytes(key), given)))
          .as(fault)
          .isEqualTo(reason(one));
      assertThatException().as(fault).isThrownBy(() -> new IndependentReader(key, given));
    }
  }

  @Test
  void example_recordsToReject_areRejectedByBothForTheirReason() throws Exception {
    IndependentReader reader = new IndependentReader(masterKey, header);
    JsonNode rejected = example.required("rejectedRecords");
    assertThat(rejected).hasSize(20);
    try (Keyring keyring = Keyring.open(MasterKey.fromBytes(masterKey), header)) {
      for (JsonNode one : rejected) {
        String fault = one.required("fault").asString();
        byte[] sealed = Vectors.bytes(one, "sealed");
        assertThat(Tampering.refusal(fault, () -> keyring.open(identity(one), sealed)))
            .as(fault)
            .isEqualTo(reason(one));
        assertThatException().as(fault).isThrownBy(() -> open(reader, identity(one), sealed));
      }
    }
  }

  @Test
  void independentReader_anyVault_readsWhatTheKeyringWrote() throws Exception {
    Random random = Seeded.random("independentReader_anyVault_readsWhatTheKeyringWrote");
    for (int vault = 0; vault < 20; vault++) {
      byte[] key = Seeded.bytes(random, 32);
      try (Keyring keyring = Keyring.create(MasterKey.fromBytes(key))) {
        IndependentReader reader = new IndependentReader(key, keyring.header());
        for (int i = 0; i < 50; i++) {
          RecordIdentity identity =
              new RecordIdentity(text(random), text(random), random.nextLong(), text(random));
          byte[] plaintext = Seeded.bytes(random, random.nextInt(500));

          byte[] sealed = keyring.seal(identity, plaintext);

          assertThat(open(reader, identity, sealed)).isEqualTo(plaintext);
          assertThat(reader.token(identity.namespace(), identity.key()))
              .isEqualTo(keyring.token(identity.namespace(), identity.key()));
        }
        assertThat(reader.token()).isEqualTo(keyring.token());
      }
    }
  }

  private static byte[] open(IndependentReader reader, RecordIdentity identity, byte[] sealed)
      throws Exception {
    return reader.open(
        identity.namespace(), identity.key(), identity.revision(), identity.purpose(), sealed);
  }

  private static RecordIdentity identity(JsonNode record) {
    return new RecordIdentity(
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
