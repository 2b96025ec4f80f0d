package dev.secretvault.store.file;

import static dev.secretvault.store.file.Records.key;
import static dev.secretvault.store.file.Records.open;
import static dev.secretvault.store.file.Records.state;
import static dev.secretvault.store.file.Records.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/**
 * Opens, reads, writes and closes a store in a fixed way, whatever fails, and keeps a ledger of
 * what was acknowledged: each answer is checked against it at once, and so is any disk later on.
 */
final class Workload {

  private static final int PHASES = 3;
  private static final int COMMITS = 4;
  private static final int FREE = 2_000;

  private final Disk disk;
  private final boolean compacts;

  /** What is stored for sure. */
  private Map<String, String> acknowledged = new TreeMap<>();

  /** What is stored instead if the commit that is under way, or of unknown outcome, happened. */
  private Map<String, String> inDoubt = new TreeMap<>();

  /** All texts that were stored at some time, as the log spells them. */
  private final Map<String, String> texts = new TreeMap<>();

  private int step;
  private int failures;

  Workload(Disk disk) {
    this(disk, true);
  }

  private Workload(Disk disk, boolean compacts) {
    this.disk = disk;
    this.compacts = compacts;
  }

  /** One that stays on the log that is there, and on the free space that it has. */
  static Workload withoutCompaction(Disk disk) {
    return new Workload(disk, false);
  }

  /** A disk with an empty log whose free space the first commits fit into, and others do not. */
  static SimulatedDisk diskWithFreeSpace() {
    byte[] header = LogText.bytes(LogText.HEADER);
    return new SimulatedDisk()
        .put("lock", new byte[0])
        .put("log.1", Arrays.copyOf(header, header.length + FREE));
  }

  /** How many calls threw. */
  int failures() {
    return failures;
  }

  void run() {
    for (int phase = 0; phase < PHASES; phase++) {
      FileSecretStore store;
      try {
        store = open(disk);
      } catch (StoreException failed) {
        assertThat(failed.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
        failures++;
        continue;
      }
      try (store) {
        useUntilPoisoned(store, compacts && phase == 0);
      }
    }
  }

  private void useUntilPoisoned(FileSecretStore store, boolean compacting) {
    if (!settle(store)) {
      return;
    }
    for (int i = 0; i < COMMITS; i++) {
      if (compacting && i == COMMITS / 2 && !compact(store)) {
        return;
      }
      List<Change> changes = nextChanges();
      inDoubt = after(changes);
      try {
        store.commit(changes);
        acknowledged = inDoubt;
        noteTexts();
      } catch (StoreException failed) {
        failures++;
        if (failed.outcome() == Outcome.NOT_WRITTEN) {
          inDoubt = acknowledged;
        }
        if (!failed.retryable()) {
          assertPoisoned(store);
          return;
        }
        assertThat(failed.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
      }
      read(store);
    }
  }

  /** Goes over to the next generation; false if the store cannot be used any more. */
  private boolean compact(FileSecretStore store) {
    try {
      store.compact();
      return true;
    } catch (IOException | StoreException failed) {
      failures++;
    }
    try {
      store.read(key("same"));
      return true;
    } catch (StoreException failed) {
      if (!failed.retryable()) {
        assertPoisoned(store);
      }
      return failed.retryable();
    }
  }

  /** Learns how a commit of unknown outcome ended; false if the store cannot be read. */
  private boolean settle(SecretStore store) {
    try {
      Map<String, String> found = state(store);
      assertPossible(found);
      acknowledged = found;
      inDoubt = found;
      noteTexts();
      return true;
    } catch (StoreException failed) {
      assertReadFailure(failed);
      return false;
    }
  }

  private void assertPossible(Map<String, String> found) {
    if (!found.equals(inDoubt)) {
      assertThat(found).isEqualTo(acknowledged);
    }
  }

  private void read(SecretStore store) {
    try {
      for (String key : List.of("k0", "k1", "k2", "same")) {
        assertThat(store.read(key(key)).map(Records::text).orElse(null))
            .as(key)
            .isEqualTo(acknowledged.get(key));
      }
      assertThat(state(store)).isEqualTo(acknowledged);
      for (StoredRecord record : store.expired(Instant.ofEpochMilli(step), 10)) {
        assertThat(acknowledged.get(record.key().text())).isEqualTo(text(record));
      }
    } catch (StoreException failed) {
      assertReadFailure(failed);
    }
  }

  private void assertReadFailure(StoreException failed) {
    failures++;
    assertThat(failed.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
    assertThat(failed.retryable()).isTrue();
  }

  /** One record created, one replaced, one deleted, as far as there is one. */
  private List<Change> nextChanges() {
    step++;
    List<Change> changes = new ArrayList<>();
    changes.add(put("same", "value of step " + step, step % 2 == 0 ? step : -1));
    changes.add(
        step % 4 == 0
            ? copy("k" + step % 3, "copied value of step " + step)
            : put("k" + step % 3, "other value of step " + step, -1));
    String dying = "k" + (step + 1) % 3;
    if (revision(dying) > 0) {
      changes.add(Change.delete(key(dying), revision(dying)));
    }
    return changes;
  }

  private Change put(String key, String value, long expiresAt) {
    return expiresAt < 0
        ? Records.put(key, revision(key), value)
        : Records.put(key, revision(key), value, expiresAt);
  }

  private Change copy(String key, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    return Change.copy(new StoredRecord(key(key), revision(key) + 10, null, bytes), revision(key));
  }

  private long revision(String key) {
    String stored = acknowledged.get(key);
    return stored == null ? 0 : Long.parseLong(stored.substring(0, stored.indexOf(' ')));
  }

  private Map<String, String> after(List<Change> changes) {
    Map<String, String> state = new TreeMap<>(acknowledged);
    for (Change change : changes) {
      if (change instanceof Change.Put put) {
        String value = new String(put.bytes(), StandardCharsets.UTF_8);
        state.put(put.key().text(), text(put.newRevision(), value, put.expiresAt()));
      } else {
        state.remove(change.key().text());
      }
    }
    return state;
  }

  private static void assertPoisoned(SecretStore store) {
    assertRefuses("read", () -> store.read(key("same")));
    assertRefuses("commit", () -> Records.commit(store, Records.put("new", 0, "")));
    assertRefuses("scan", () -> store.scan(null, 1));
    assertRefuses("expired", () -> store.expired(Instant.EPOCH, 1));
    assertRefuses("watch", () -> store.watch(new Deaf()));
  }

  private static void assertRefuses(String what, ThrowingCallable call) {
    assertThatThrownBy(call, what)
        .isInstanceOfSatisfying(
            StoreException.class,
            refusal -> {
              assertThat(refusal.retryable()).isFalse();
              assertThat(refusal.outcome()).isEqualTo(Outcome.NOT_WRITTEN);
            });
  }

  private void noteTexts() {
    acknowledged
        .values()
        .forEach(
            stored -> {
              String value = stored.substring(stored.indexOf(' ') + 1).replaceAll(" until .*", "");
              texts.put(stored, '"' + LogText.base64(value) + '"');
            });
  }

  /**
   * Fails if something acknowledged is not on a disk, or something that never was, or something
   * that is no longer stored.
   */
  void check(SimulatedDisk other) {
    try (FileSecretStore store = open(other)) {
      assertThat(store.recovery().lost()).isZero();
      Map<String, String> found = state(store);
      assertPossible(found);
      assertErased(other, found);
      assertErased(other.afterPowerLoss(), found);
      Records.commit(store, Records.put("written-later", 0, "still writable"));
      assertThat(state(store)).containsAllEntriesOf(found).containsKey("written-later");
    }
    assertThat(Records.stateOf(other.afterPowerLoss())).containsKey("written-later");
  }

  private void assertErased(SimulatedDisk other, Map<String, String> found) {
    for (Map.Entry<String, String> text : texts.entrySet()) {
      if (!found.containsValue(text.getKey())) {
        for (String name : other.list()) {
          assertThat(
                  new String(other.content(name), StandardCharsets.ISO_8859_1)
                      .contains(text.getValue()))
              .as("%s is in %s", text.getKey(), name)
              .isFalse();
        }
      }
    }
  }

  private static final class Deaf implements StoreListener {
    @Override
    public void changed(Set<RecordKey> keys) {}

    @Override
    public void missed() {}
  }
}
