package dev.secretvault.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.testkit.InMemorySecretStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FingerprintTest {

  private static final Instant NOON = Instant.parse("2031-05-07T12:00:00.123Z");

  @Test
  void fingerprint_recordsThatDifferInOneThing_differs() {
    StoredRecord plain = new StoredRecord(new RecordKey("ab"), 3, NOON, new byte[] {1, 2});
    List<StoredRecord> others =
        List.of(
            new StoredRecord(new RecordKey("ac"), 3, NOON, new byte[] {1, 2}),
            new StoredRecord(new RecordKey("abc"), 3, NOON, new byte[] {1, 2}),
            new StoredRecord(new RecordKey("ab"), 4, NOON, new byte[] {1, 2}),
            new StoredRecord(new RecordKey("ab"), 3, NOON.plusMillis(1), new byte[] {1, 2}),
            new StoredRecord(new RecordKey("ab"), 3, null, new byte[] {1, 2}),
            new StoredRecord(new RecordKey("ab"), 3, NOON, new byte[] {1, 3}),
            new StoredRecord(new RecordKey("ab"), 3, NOON, new byte[] {1, 2, 0}));
    Fingerprint.Taker taker = new Fingerprint.Taker();
    Fingerprint fingerprint = fingerprint(taker, plain);
    assertThat(fingerprint(taker, plain)).isEqualTo(fingerprint);
    assertThat(fingerprint.records()).isEqualTo(1);
    List<Fingerprint> all = new ArrayList<>(List.of(fingerprint));
    others.forEach(other -> all.add(fingerprint(taker, other)));
    assertThat(all.stream().map(Fingerprint::digest)).doesNotHaveDuplicates();
    assertThat(fingerprint(new Fingerprint.Taker(), plain).digest())
        .isNotEqualTo(fingerprint.digest());
  }

  private static Fingerprint fingerprint(Fingerprint.Taker taker, StoredRecord record) {
    SecretStore store = new InMemorySecretStore();
    store.commit(List.of(Change.copy(record, 0)));
    return taker.of(
        new Records(store, Set.of()),
        new Progress(CopyFixture.QUIET, Progress.UNKNOWN, "", () -> 0));
  }

  @Test
  void records_pagesOfAnySize_areReadOnceInOrder() {
    for (int count : new int[] {0, 1, 99, 100, 101, 200, 250}) {
      SecretStore store = new InMemorySecretStore();
      List<String> keys = IntStream.range(0, count).mapToObj(i -> "k%03d".formatted(i)).toList();
      keys.forEach(key -> store.commit(List.of(Change.put(new RecordKey(key), 0, new byte[1]))));
      List<String> met = new ArrayList<>();
      Records records = new Records(store, Set.of(new RecordKey("k099")));
      for (StoredRecord next = records.next(); next != null; next = records.next()) {
        met.add(next.key().text());
        records.advance();
      }
      assertThat(met).isEqualTo(keys.stream().filter(key -> !key.equals("k099")).toList());
    }
  }
}
