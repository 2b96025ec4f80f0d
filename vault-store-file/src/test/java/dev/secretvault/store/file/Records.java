package dev.secretvault.store.file;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The words that tests of this store are written in. */
final class Records {

  private Records() {}

  static FileSecretStore open(Disk disk) {
    return FileSecretStore.open(disk, () -> {});
  }

  static RecordKey key(String text) {
    return new RecordKey(text);
  }

  static Change put(String key, long expectedRevision, String text) {
    return Change.put(key(key), expectedRevision, text.getBytes(UTF_8));
  }

  static Change put(String key, long expectedRevision, String text, long expiresAt) {
    return new Change.Put(
        key(key), expectedRevision, text.getBytes(UTF_8), Instant.ofEpochMilli(expiresAt));
  }

  static Change delete(String key, long expectedRevision) {
    return Change.delete(key(key), expectedRevision);
  }

  static void commit(SecretStore store, Change... changes) {
    store.commit(List.of(changes));
  }

  /** All that is stored: the key, and all else of the record as text. */
  static Map<String, String> state(SecretStore store) {
    Map<String, String> state = new TreeMap<>();
    for (StoredRecord record : store.scan(null, SecretStore.MAX_PAGE)) {
      state.put(record.key().text(), text(record));
    }
    return state;
  }

  /** Opens a store, says all that it holds, and closes it. */
  static Map<String, String> stateOf(Disk disk) {
    try (FileSecretStore store = open(disk)) {
      return state(store);
    }
  }

  static String text(StoredRecord record) {
    return text(record.revision(), new String(record.bytes(), UTF_8), record.expiresAt());
  }

  static String text(long revision, String value, Instant expiresAt) {
    return revision + " " + value + (expiresAt == null ? "" : " until " + expiresAt);
  }

  /** A log of one store, for the generation that all have. */
  static SimulatedDisk diskWith(byte[] log) throws IOException {
    return new SimulatedDisk().put("lock", new byte[0]).put("log.1", log);
  }

  /** Reads and rewrites a counter, from 1 on, until the rewrite is the one that wins. */
  static void increment(SecretStore store, String counter) {
    while (true) {
      StoredRecord record = store.read(key(counter)).orElse(null);
      long revision = record == null ? 0 : record.revision();
      try {
        commit(store, put(counter, revision, Long.toString(number(record) + 1)));
        return;
      } catch (RevisionConflictException lost) {
        // Somebody else won, so all together get on.
      }
    }
  }

  private static long number(StoredRecord record) {
    return record == null ? 0 : Long.parseLong(new String(record.bytes(), UTF_8));
  }

  /** Increments a counter in a directory so many times. */
  static void count(Path directory, int times) {
    try (FileSecretStore store = FileSecretStore.open(directory)) {
      for (int i = 0; i < times; i++) {
        increment(store, "counter");
      }
    }
  }
}
