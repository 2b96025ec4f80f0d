package dev.secretvault.store.testkit;

import static dev.secretvault.store.testkit.BrokenStore.puts;
import static dev.secretvault.store.testkit.BrokenStore.reads;
import static dev.secretvault.store.testkit.BrokenStore.withBytes;
import static dev.secretvault.store.testkit.BrokenStore.withExpiry;
import static dev.secretvault.store.testkit.Flaw.flaw;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Stores that return something else than was put. */
final class ReadingFlaws {

  private ReadingFlaws() {}

  static List<Flaw> all() {
    return List.of(
        flaw("reads the next record if there is none", Neighbour::new, "read_absentRecord_isEmpty"),
        flaw(
            "forgets the expiry",
            sound -> puts(sound, put -> withExpiry(put, null)),
            "read_storedRecord_returnsWhatWasPut",
            "read_anyExpiry_comesBackToTheMillisecond",
            "expired_expiryReached_listsTheRecord"),
        flaw("reads null", NullReader::new, "read_null_throws"),
        flaw(
            "keeps bytes as text",
            sound ->
                puts(sound, put -> withBytes(put, new String(put.bytes(), UTF_8).getBytes(UTF_8))),
            "read_everyByteValue_comesBackExactly"),
        flaw(
            "takes empty for absent",
            sound -> reads(sound, record -> record.filter(each -> each.bytes().length > 0)),
            "read_emptyRecord_comesBackEmpty"),
        flaw(
            "cuts the longest record",
            sound -> puts(sound, put -> cutTo(Change.MAX_BYTES - 1, put)),
            "read_largestRecord_comesBackExactly",
            "commit_mostBytes_allHappen"),
        flaw(
            "pads some lengths",
            sound -> puts(sound, put -> withBytes(put, padded(put.bytes()))),
            "read_everyLengthUpToALine_comesBackExactly"),
        flaw("folds the case of keys", CaseFolder::new, "read_awkwardKeys_areDifferentRecords"),
        flaw(
            "hides what expired",
            sound -> reads(sound, record -> record.filter(each -> !expired(each))),
            "read_longExpiredRecord_isNotHidden"),
        flaw(
            "keeps expiries to the second",
            sound -> puts(sound, ReadingFlaws::toTheSecond),
            "read_anyExpiry_comesBackToTheMillisecond",
            "expired_expiryWithNanoseconds_countsFromTheMillisecond"),
        flaw(
            "hands out one array twice",
            ArrayLender::new,
            "read_callerOverwritesReturnedArray_recordStays"),
        flaw(
            "keeps the caller's array",
            ArrayKeeper::new,
            "commit_callerOverwritesArrayAfterwards_recordStays"));
  }

  private static Change.Put cutTo(int length, Change.Put put) {
    return put.bytes().length <= length ? put : withBytes(put, Arrays.copyOf(put.bytes(), length));
  }

  private static byte[] padded(byte[] bytes) {
    return bytes.length % 64 == 63 ? Arrays.copyOf(bytes, bytes.length + 1) : bytes;
  }

  private static boolean expired(StoredRecord record) {
    return record.expiresAt() != null && record.expiresAt().isBefore(Instant.EPOCH.plusSeconds(1));
  }

  private static Change.Put toTheSecond(Change.Put put) {
    return put.expiresAt() == null
        ? put
        : withExpiry(put, put.expiresAt().truncatedTo(ChronoUnit.SECONDS));
  }

  private static final class Neighbour extends BrokenStore {
    Neighbour(SecretStore sound) {
      super(sound);
    }

    @Override
    public Optional<StoredRecord> read(RecordKey key) {
      return sound.read(key).or(() -> sound.scan(key, 1).stream().findFirst());
    }
  }

  private static final class NullReader extends BrokenStore {
    NullReader(SecretStore sound) {
      super(sound);
    }

    @Override
    public Optional<StoredRecord> read(@Nullable RecordKey key) {
      return key == null ? Optional.empty() : sound.read(key);
    }
  }

  private static final class CaseFolder extends BrokenStore {
    CaseFolder(SecretStore sound) {
      super(sound);
    }

    @Override
    public Optional<StoredRecord> read(RecordKey key) {
      return sound
          .read(folded(key))
          .map(record -> new StoredRecord(key, record.revision(), null, record.bytes()));
    }

    @Override
    public void commit(List<Change> changes) {
      sound.commit(
          changes.stream()
              .<Change>map(
                  change ->
                      Change.put(
                          folded(change.key()), revision(folded(change.key())), bytes(change)))
              .toList());
    }

    private static RecordKey folded(RecordKey key) {
      return new RecordKey(key.text().toLowerCase(Locale.ROOT));
    }

    private static byte[] bytes(Change change) {
      return ((Change.Put) change).bytes();
    }
  }

  private static final class ArrayLender extends BrokenStore {
    private final Map<RecordKey, StoredRecord> lent = new ConcurrentHashMap<>();

    ArrayLender(SecretStore sound) {
      super(sound);
    }

    @Override
    public Optional<StoredRecord> read(RecordKey key) {
      sound.read(key).ifPresent(record -> lent.putIfAbsent(key, record));
      return Optional.ofNullable(lent.get(key));
    }
  }

  private static final class ArrayKeeper extends BrokenStore {
    private final Map<RecordKey, byte[]> kept = new ConcurrentHashMap<>();

    ArrayKeeper(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      sound.commit(changes);
      changes.forEach(change -> kept.put(change.key(), ((Change.Put) change).bytes()));
    }

    @Override
    public Optional<StoredRecord> read(RecordKey key) {
      return sound
          .read(key)
          .map(record -> new StoredRecord(key, record.revision(), null, kept.get(key).clone()));
    }
  }
}
