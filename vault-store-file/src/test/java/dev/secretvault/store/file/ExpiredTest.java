package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.commit;
import static dev.secretvault.store.file.Records.delete;
import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.put;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.file.HookedDisk.Call;
import dev.secretvault.store.file.HookedDisk.Hook;
import dev.secretvault.store.file.HookedDisk.Operation;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/**
 * What has expired is found past records that cannot be read, and past those that move meanwhile.
 */
@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class ExpiredTest {

  private static final int DAMAGED = 5_000;

  private final SimulatedDisk disk = new SimulatedDisk();

  /** Counts the reads of the log, fails the first ones, and does something before the next one. */
  private static final class Reads implements Hook {
    private int count;
    private int failures;
    private Runnable before = () -> {};

    @Override
    public <T> T around(Call call, String name, Operation<T> operation) throws IOException {
      return operation.run();
    }

    @Override
    public <T> T aroundRead(String name, int length, Operation<T> operation) throws IOException {
      if (length == 1) {
        // A look whether others have written, and no value.
        return operation.run();
      }
      count++;
      Runnable now = before;
      before = () -> {};
      now.run();
      if (failures > 0) {
        failures--;
        throw new IOException("Input/output error");
      }
      return operation.run();
    }
  }

  private final Reads reads = new Reads();

  private FileSecretStore openCounting() {
    return open(new HookedDisk(disk, reads));
  }

  /** Creates records that expire one after the other from 0 on, and damages all of them. */
  private void createDamaged(SecretStore store, int count) throws IOException {
    for (int from = 0; from < count; from += SecretStore.MAX_CHANGES) {
      List<Change> changes = new ArrayList<>();
      for (int i = from; i < Math.min(count, from + SecretStore.MAX_CHANGES); i++) {
        changes.add(put("damaged" + i, 0, "value " + i, i));
      }
      store.commit(changes);
    }
    String text = new String(disk.content("log.1"), ISO_8859_1);
    try (DiskFile log = disk.open("log.1")) {
      int at = 0;
      for (int i = 0; i < count; i++) {
        String value = Base64.getEncoder().encodeToString(("value " + i).getBytes(ISO_8859_1));
        at = text.indexOf('"' + value + '"', at) + 1;
        log.writeAt(at, new byte[] {'A'});
      }
    }
  }

  @Test
  void expired_someDamagedWhileOpen_areLeftOutUntilThereAreNoOthers() throws Exception {
    try (FileSecretStore store = openCounting()) {
      createDamaged(store, 5);
      commit(store, put("a", 0, "alpha", 10), put("b", 0, "beta", 11));
      assertThat(expired(store, 1)).containsExactly("a");
      assertThat(expired(store, 2)).containsExactly("a", "b");
      assertThat(expired(store, 10)).containsExactly("a", "b");
      List<StoredRecord> all = store.expired(Instant.MAX, 10);
      assertThat(keys(store.expired(Instant.MAX, all.get(0), 10))).containsExactly("b");
      // None is damaged behind the last.
      assertThat(store.expired(Instant.MAX, all.get(1), 10)).isEmpty();
      commit(store, delete("a", 1), delete("b", 1));
      assertThatThrownBy(() -> expired(store, 1))
          .isInstanceOf(StoreCorruptException.class)
          .hasMessageContaining("log.1");
      StoredRecord third =
          new StoredRecord(key("damaged2"), 1, Instant.ofEpochMilli(2), new byte[0]);
      assertThatThrownBy(() -> store.expired(Instant.MAX, third, 1))
          .isInstanceOf(StoreCorruptException.class);
      StoredRecord last =
          new StoredRecord(key("damaged4"), 1, Instant.ofEpochMilli(4), new byte[0]);
      assertThat(store.expired(Instant.MAX, last, 1)).isEmpty();
    }
  }

  @Test
  void expired_manyDamaged_readsEachOnce() throws Exception {
    try (FileSecretStore store = openCounting()) {
      createDamaged(store, DAMAGED);
      for (int limit : new int[] {1, 7, SecretStore.MAX_PAGE}) {
        assertReads(
            DAMAGED,
            () ->
                assertThatThrownBy(() -> expired(store, limit))
                    .isInstanceOf(StoreCorruptException.class));
      }
      commit(store, put("a", 0, "alpha", DAMAGED), put("b", 0, "beta", DAMAGED + 1));
      assertReads(DAMAGED + 1, () -> assertThat(expired(store, 1)).containsExactly("a"));
      assertReads(DAMAGED + 2, () -> assertThat(expired(store, 7)).containsExactly("a", "b"));
      StoredRecord a = store.read(key("a")).orElseThrow();
      assertReads(1, () -> assertThat(keys(store.expired(Instant.MAX, a, 7))).containsExactly("b"));
    }
  }

  @Test
  void expired_someCannotBeRead_areLeftOutUntilThereAreNoOthers() throws Exception {
    try (FileSecretStore store = openCounting()) {
      commit(store, put("a", 0, "alpha", 1), put("b", 0, "beta", 2), put("c", 0, "gamma", 3));
      for (int limit = 1; limit <= 4; limit++) {
        reads.failures = 2;
        assertThat(expired(store, limit)).containsExactly("c");
        reads.failures = 3;
        int most = limit;
        assertThatThrownBy(() -> expired(store, most))
            .isExactlyInstanceOf(StoreException.class)
            .hasMessageEndingWith("could not be read (Input/output error)");
      }
      // Who asks for the record itself is told which it is.
      reads.failures = 1;
      assertIsOf("a", () -> store.read(key("a")));
      reads.failures = 1;
      assertIsOf("a", () -> store.scan(null, 3));
      StoredRecord a = store.read(key("a")).orElseThrow();
      reads.failures = 1;
      assertThat(keys(store.expired(Instant.MAX, a, 4))).containsExactly("c");
      reads.failures = 2;
      assertIsOf("c", () -> store.expired(Instant.MAX, a, 4));
      assertThat(expired(store, 4)).containsExactly("a", "b", "c");
    }
  }

  private static void assertIsOf(String name, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isExactlyInstanceOf(StoreException.class)
        .satisfies(failed -> assertThat(((StoreException) failed).record()).contains(key(name)));
  }

  private void assertReads(int expected, Runnable listing) {
    int before = reads.count;
    listing.run();
    assertThat(reads.count - before).as("reads").isEqualTo(expected);
  }

  @Test
  void expired_recordGetsAnotherExpiryMeanwhile_isMetAtItsNewPlaceOrNotAtAll() throws Exception {
    for (int limit = 1; limit <= 4; limit++) {
      for (long moved = 0; moved <= 9; moved++) {
        assertMoved(limit, moved);
      }
    }
  }

  /** While the first of three is being read, it comes to expire at another time. */
  private void assertMoved(int limit, long expiresAt) throws IOException {
    SimulatedDisk another = new SimulatedDisk();
    try (FileSecretStore store = open(new HookedDisk(another, reads));
        FileSecretStore other = open(another)) {
      commit(store, put("a", 0, "a", 2), put("b", 0, "b", 4), put("c", 0, "c", 6));
      reads.before = () -> commit(other, put("a", 1, "a again", expiresAt));
      List<StoredRecord> page = store.expired(Instant.ofEpochMilli(7), limit);
      List<StoredRecord> now = store.expired(Instant.ofEpochMilli(7), limit);
      assertThat(page)
          .as("%d at most, the first one moved to %d", limit, expiresAt)
          .usingRecursiveFieldByFieldElementComparator()
          .isEqualTo(now);
    }
  }

  @Test
  void expired_recordThatIsInThePageComesAgain_isThereOnce() throws Exception {
    try (FileSecretStore store = openCounting();
        FileSecretStore other = open(disk)) {
      commit(store, put("a", 0, "a", 2), put("b", 0, "b", 4), put("c", 0, "c", 6));
      // The third is being read once the first is in the page already.
      reads.before =
          () ->
              reads.before =
                  () ->
                      reads.before = () -> commit(other, put("a", 1, "a again", 8), delete("c", 1));
      assertThat(keys(store.expired(Instant.MAX, 3))).containsExactly("b", "a");
    }
  }

  private static List<String> expired(SecretStore store, int limit) {
    return keys(store.expired(Instant.MAX, limit));
  }

  private static List<String> keys(List<StoredRecord> records) {
    return records.stream().map(found -> found.key().text()).toList();
  }
}
