package dev.secretvault.store.testkit;

import static dev.secretvault.store.testkit.Flaw.flaw;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Stores whose scans lack something, or hold too much, or in the wrong order. */
final class ListingFlaws {

  private ListingFlaws() {}

  static List<Flaw> all() {
    return List.of(
        scanning(
            "fails to scan nothing",
            (sound, after, limit) -> {
              sound.scan(null, 1).get(0);
              return sound.scan(after, limit);
            },
            "scan_emptyStore_isEmpty"),
        scanning(
            "scans in the order of hashes",
            (sound, after, limit) ->
                sorted(sound.scan(after, limit), Comparator.comparing(ListingFlaws::hash)),
            "scan_anyKeys_ascendInAsciiOrder"),
        scanning(
            "scans in the order of a dictionary",
            (sound, after, limit) ->
                sorted(
                    sound.scan(after, limit),
                    Comparator.comparing(
                        record -> record.key().text(), String.CASE_INSENSITIVE_ORDER)),
            "scan_anyKeys_ascendInAsciiOrder"),
        scanning(
            "scans without expiries",
            (sound, after, limit) ->
                sound.scan(after, limit).stream().map(ListingFlaws::withoutExpiry).toList(),
            "scan_records_areAsRead",
            "read_anyExpiry_comesBackToTheMillisecond"),
        scanning(
            "scans only behind what is stored",
            (sound, after, limit) ->
                after == null || sound.read(after).isPresent()
                    ? sound.scan(after, limit)
                    : List.of(),
            "scan_afterKeyThatIsNotStored_startsBehindIt",
            "scan_recordsComeAndGoBetweenPages_othersAreMetExactlyOnce"),
        scanning(
            "repeats the last record of a page",
            (sound, after, limit) ->
                after == null ? sound.scan(null, limit) : from(sound, after, limit),
            "scan_pagesOfAnySize_meetEveryRecordOnce",
            "scan_anyKeys_ascendInAsciiOrder"),
        scanning(
            "skips a record between pages",
            (sound, after, limit) -> {
              List<StoredRecord> page = sound.scan(after, limit);
              return after == null || page.isEmpty() ? page : page.subList(1, page.size());
            },
            "scan_pagesOfAnySize_meetEveryRecordOnce"),
        scanning(
            "ends a scan one too early",
            (sound, after, limit) -> sound.scan(after, limit == 1 ? 1 : limit - 1),
            "scan_pagesOfAnySize_meetEveryRecordOnce",
            "scan_moreRecordsThanAPage_largestPageIsFull"),
        scanning(
            "shortens the largest page",
            (sound, after, limit) ->
                sound.scan(after, limit == SecretStore.MAX_PAGE ? limit - 1 : limit),
            "scan_moreRecordsThanAPage_largestPageIsFull"),
        scanning(
            "bends the limit of a scan",
            (sound, after, limit) -> sound.scan(after, bent(limit)),
            "scan_limitOutOfRange_throws"),
        flaw(
            "scans by position",
            ByPosition::new,
            "scan_recordsComeAndGoBetweenPages_othersAreMetExactlyOnce"),
        scanning(
            "counts its way through a page",
            (sound, after, limit) -> recordByRecord(sound, after, limit),
            "scan_recordsComeAndGoMeanwhile_othersAreMetExactlyOnce"));
  }

  private interface Scan {
    List<StoredRecord> run(SecretStore sound, @Nullable RecordKey after, int limit);
  }

  private static Flaw scanning(String name, Scan scan, String... caughtBy) {
    return flaw(
        name,
        sound ->
            new BrokenStore(sound) {
              @Override
              public List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
                return scan.run(sound, after, limit);
              }
            },
        caughtBy);
  }

  static List<StoredRecord> sorted(List<StoredRecord> records, Comparator<StoredRecord> order) {
    return records.stream().sorted(order).toList();
  }

  private static int hash(StoredRecord record) {
    return record.key().hashCode() * 0x9E3779B9;
  }

  private static StoredRecord withoutExpiry(StoredRecord record) {
    return new StoredRecord(record.key(), record.revision(), null, record.bytes());
  }

  private static List<StoredRecord> from(SecretStore sound, RecordKey first, int limit) {
    List<StoredRecord> page = new ArrayList<>(sound.scan(first, limit));
    sound.read(first).ifPresent(record -> page.add(0, record));
    return page.subList(0, Math.min(limit, page.size()));
  }

  private static List<StoredRecord> recordByRecord(
      SecretStore sound, @Nullable RecordKey after, int limit) {
    List<StoredRecord> page = new ArrayList<>();
    for (int i = 0; i < limit; i++) {
      sound.scan(after, SecretStore.MAX_PAGE).stream().skip(i).findFirst().ifPresent(page::add);
      BrokenStore.gap();
    }
    return page;
  }

  static int bent(int limit) {
    return Math.min(Math.max(limit, 1), SecretStore.MAX_PAGE);
  }

  private static final class ByPosition extends BrokenStore {
    private final Map<RecordKey, Integer> positions = new ConcurrentHashMap<>();

    ByPosition(SecretStore sound) {
      super(sound);
    }

    @Override
    public List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
      int position = after == null ? 0 : positions.getOrDefault(after, 0);
      List<StoredRecord> page =
          sound.scan(null, MAX_PAGE).stream().skip(position).limit(limit).toList();
      if (!page.isEmpty()) {
        positions.put(page.get(page.size() - 1).key(), position + page.size());
      }
      return page;
    }
  }
}
