package dev.secretvault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.crypto.MasterKey;
import dev.secretvault.crypto.PasswordPolicy;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Somebody has a copy of the store and the master key, but no link. */
class OneTimeTheftTest {

  private static final String VALUE = "marker-value-of-one-time-kqzvx";

  private final VaultFixture fixture = VaultFixture.inMemory();

  @AfterEach
  void close() {
    fixture.close();
  }

  /** All that the vault's own keys open: what is in each record, by its key. */
  private static Map<RecordKey, byte[]> opened(SecretStore store, VaultRecords records) {
    Map<RecordKey, byte[]> opened = new LinkedHashMap<>();
    for (StoredRecord stored : VaultFixture.stored(store).values()) {
      for (RecordKind kind : RecordKind.values()) {
        if (stored.key().text().contains("." + kind.letter() + ".")) {
          OpenedValue content = records.open(kind, stored).orElseThrow();
          opened.put(stored.key(), content.content());
        }
      }
    }
    return opened;
  }

  @Test
  void storeAndMasterKey_withoutALink_giveNoValue() {
    SharedSecret shared = fixture.vault.oneTime().share(OneTimeSpec.of(VALUE.toCharArray()));
    SharedSecret generated =
        fixture
            .vault
            .oneTime()
            .generate(OneTimeSpec.generated(PasswordPolicy.ofLength(16)).shownOnReceipt());
    fixture.vault.close();
    try (SecretStore stolen = fixture.newStore()) {
      HeaderRecord header =
          HeaderRecord.unlock(stolen, MasterKey.fromBytes(fixture.masterKey), false);
      VaultRecords records = new VaultRecords(stolen, header, "", () -> {});
      Map<RecordKey, byte[]> opened = opened(stolen, records);
      assertThat(opened).hasSize(2 * 4 + 1);
      List<byte[]> guesses = guesses(opened);
      int values = 0;
      for (Map.Entry<RecordKey, byte[]> record : opened.entrySet()) {
        assertThat(text(record.getValue())).doesNotContain(VALUE);
        for (String token :
            List.of(shared.link(), shared.receipt(), generated.link(), generated.receipt())) {
          String raw = text(Base64.getUrlDecoder().decode(token.substring(0, 43)));
          assertThat(text(record.getValue())).doesNotContain(token.substring(0, 43), raw);
          assertThat(record.getKey().text()).doesNotContain(token.substring(0, 43));
        }
        if (record.getKey().text().contains(".p.") || record.getKey().text().contains(".g.")) {
          values++;
          for (byte[] guess : guesses) {
            assertThatThrownBy(() -> records.openForLink(record.getKey(), guess, record.getValue()))
                .isInstanceOf(IntegrityException.class);
          }
        }
      }
      assertThat(values).isEqualTo(3);
      assertThat(guesses).hasSizeGreaterThan(100);
      assertThat(valuesThatOpenFor(shared.link(), records, opened))
          .as("the control: with its link, a value opens")
          .containsExactly(VALUE);
    } finally {
      fixture.vault = fixture.open();
    }
  }

  /** Whatever of 32 bytes a thief can make of what is there. */
  private static List<byte[]> guesses(Map<RecordKey, byte[]> opened) {
    List<byte[]> guesses = new ArrayList<>();
    guesses.add(new byte[OneTimeToken.BYTES]);
    opened.forEach(
        (key, content) -> {
          addWindows(guesses, content);
          addWindows(guesses, key.text().getBytes(StandardCharsets.US_ASCII));
          String rest = key.text().substring(key.text().lastIndexOf('.') + 1);
          addWindows(guesses, rest.getBytes(StandardCharsets.US_ASCII));
          if (rest.length() == 43) {
            addWindows(guesses, Base64.getUrlDecoder().decode(rest));
          }
        });
    return guesses;
  }

  /** All runs of 32 bytes, or what there is and zeros. */
  private static void addWindows(List<byte[]> guesses, byte[] bytes) {
    for (int from = 0; from == 0 || from + OneTimeToken.BYTES <= bytes.length; from++) {
      guesses.add(Arrays.copyOfRange(bytes, from, from + OneTimeToken.BYTES));
    }
  }

  private static List<String> valuesThatOpenFor(
      String link, VaultRecords records, Map<RecordKey, byte[]> opened) {
    byte[] token = OneTimeToken.decode(OneTimeToken.Kind.LINK, link);
    List<String> values = new ArrayList<>();
    opened.forEach(
        (key, content) -> {
          if (key.text().contains(".p.")) {
            try {
              values.add(text(records.openForLink(key, token, content)));
            } catch (IntegrityException ofAnotherLink) {
              // As it must be.
            }
          }
        });
    return values;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
