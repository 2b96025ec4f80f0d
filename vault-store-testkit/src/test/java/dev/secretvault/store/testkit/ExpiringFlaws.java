package dev.secretvault.store.testkit;

import static dev.secretvault.store.testkit.BrokenStore.expiry;
import static dev.secretvault.store.testkit.Flaw.flaw;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Stores whose lists of expired records lack something, or hold too much, or in the wrong order.
 */
final class ExpiringFlaws {

  private ExpiringFlaws() {}

  static List<Flaw> all() {
    return List.of(
        expiring(
            "lets records expire a moment late",
            (sound, now, after, limit) ->
                sound.expired(now, after, limit).stream()
                    .filter(record -> expiry(record).isBefore(now))
                    .toList(),
            "expired_expiryReached_listsTheRecord",
            "expired_farthestInstants_areCompared"),
        expiring(
            "counts nanoseconds in a long",
            (sound, now, after, limit) ->
                sound.expired(Instant.ofEpochMilli(now.toEpochMilli()), after, limit),
            "expired_farthestInstants_areCompared"),
        expiring(
            "lists expired records by key",
            (sound, now, after, limit) ->
                ListingFlaws.sorted(
                    sound.expired(now, after, limit), Comparator.comparing(StoredRecord::key)),
            "expired_severalRecords_soonestFirstThenByKey"),
        expiring(
            "lists any expired records",
            (sound, now, after, limit) ->
                ListingFlaws.sorted(
                        sound.expired(now, after, 1_000), Comparator.comparing(StoredRecord::key))
                    .stream()
                    .limit(limit)
                    .sorted(
                        Comparator.comparing(BrokenStore::expiry).thenComparing(StoredRecord::key))
                    .toList(),
            "expired_severalRecords_soonestFirstThenByKey"),
        expiring(
            "shortens the largest page of expired records",
            (sound, now, after, limit) ->
                sound.expired(now, after, limit == SecretStore.MAX_PAGE ? limit - 1 : limit),
            "expired_moreRecordsThanAPage_restFollowsOnceTheyAreDeleted"),
        expiring(
            "bends the limit of expired records",
            (sound, now, after, limit) -> sound.expired(now, after, ListingFlaws.bent(limit)),
            "expired_limitOutOfRangeOrNull_throws"),
        expiring(
            "takes null for never",
            (sound, now, after, limit) ->
                now == null ? List.of() : sound.expired(now, after, limit),
            "expired_limitOutOfRangeOrNull_throws"),
        flaw(
            "keeps the first expiry",
            FirstExpiry::new,
            "expired_recordPutAgain_onlyTheNewExpiryCounts"),
        flaw("lists deleted records", Ghosts::new, "expired_recordDeleted_vanishes"),
        flaw(
            "takes over the expiry of a refused put",
            RefusedExpiry::new,
            "expired_conflictingPut_leavesTheExpiry"),
        expiring(
            "starts all over with each page",
            (sound, now, after, limit) -> sound.expired(now, null, limit),
            "expired_afterARecord_goesOnBehindIt",
            "expired_pagesOfAnySize_meetEveryRecordOnce",
            "expired_recordsComeAndGoBetweenPages_othersAreMetExactlyOnce"),
        expiring(
            "repeats the record to go on from",
            (sound, now, after, limit) -> from(sound, now, after, limit),
            "expired_afterARecord_goesOnBehindIt",
            "expired_pagesOfAnySize_meetEveryRecordOnce"),
        expiring(
            "goes on with the next moment",
            (sound, now, after, limit) ->
                after == null
                    ? sound.expired(now, limit)
                    : all(sound, now)
                        .filter(record -> expiry(record).isAfter(expiry(after)))
                        .limit(limit)
                        .toList(),
            "expired_afterARecord_goesOnBehindIt",
            "expired_pagesOfAnySize_meetEveryRecordOnce",
            "expired_recordsComeAndGoBetweenPages_othersAreMetExactlyOnce"),
        expiring(
            "goes on behind the key alone",
            (sound, now, after, limit) ->
                after == null
                    ? sound.expired(now, limit)
                    : all(sound, now)
                        .filter(record -> record.key().compareTo(after.key()) > 0)
                        .limit(limit)
                        .toList(),
            "expired_afterARecord_goesOnBehindIt",
            "expired_pagesOfAnySize_meetEveryRecordOnce"),
        expiring(
            "looks up the record to go on from",
            (sound, now, after, limit) ->
                after == null
                    ? sound.expired(now, limit)
                    : sound
                        .read(after.key())
                        .filter(stored -> stored.expiresAt() != null)
                        .map(stored -> sound.expired(now, stored, limit))
                        .orElse(List.of()),
            "expired_afterARecordThatIsNotStoredSo_goesOnFromWhereItWouldBe",
            "expired_recordsComeAndGoBetweenPages_othersAreMetExactlyOnce"),
        flaw(
            "lists expired records by position",
            ExpiredByPosition::new,
            "expired_recordsComeAndGoBetweenPages_othersAreMetExactlyOnce"),
        expiring(
            "goes on from anything",
            (sound, now, after, limit) ->
                sound.expired(
                    now, after == null || after.expiresAt() == null ? null : after, limit),
            "expired_afterARecordWithoutExpiry_throws"));
  }

  private interface Expired {
    List<StoredRecord> run(SecretStore sound, Instant now, @Nullable StoredRecord after, int limit);
  }

  private static Flaw expiring(String name, Expired expired, String... caughtBy) {
    return flaw(
        name,
        sound ->
            new BrokenStore(sound) {
              @Override
              public List<StoredRecord> expired(
                  Instant now, @Nullable StoredRecord after, int limit) {
                return expired.run(sound, now, after, limit);
              }
            },
        caughtBy);
  }

  private static Stream<StoredRecord> all(SecretStore sound, Instant now) {
    return sound.expired(now, SecretStore.MAX_PAGE).stream();
  }

  private static List<StoredRecord> from(
      SecretStore sound, Instant now, @Nullable StoredRecord first, int limit) {
    List<StoredRecord> page = new ArrayList<>(sound.expired(now, first, limit));
    if (first != null) {
      page.add(0, first);
    }
    return page.subList(0, Math.min(limit, page.size()));
  }

  private static final class ExpiredByPosition extends BrokenStore {
    private final Map<RecordKey, Integer> positions = new ConcurrentHashMap<>();

    ExpiredByPosition(SecretStore sound) {
      super(sound);
    }

    @Override
    public List<StoredRecord> expired(Instant now, @Nullable StoredRecord after, int limit) {
      int position = after == null ? 0 : positions.getOrDefault(after.key(), 0);
      List<StoredRecord> page = all(sound, now).skip(position).limit(limit).toList();
      if (!page.isEmpty()) {
        positions.put(page.get(page.size() - 1).key(), position + page.size());
      }
      return page;
    }
  }

  private static final class FirstExpiry extends BrokenStore {
    FirstExpiry(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      sound.commit(changes.stream().map(this::keepExpiry).toList());
    }

    private Change keepExpiry(Change change) {
      if (change instanceof Change.Put put) {
        return sound
            .read(put.key())
            .map(record -> BrokenStore.withExpiry(put, record.expiresAt()))
            .orElse(put);
      }
      return change;
    }
  }

  private static final class Ghosts extends BrokenStore {
    private final List<StoredRecord> ghosts = new CopyOnWriteArrayList<>();

    Ghosts(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      for (Change change : changes) {
        if (change instanceof Change.Delete) {
          sound.read(change.key()).ifPresent(ghosts::add);
        }
      }
      sound.commit(changes);
    }

    @Override
    public List<StoredRecord> expired(Instant now, @Nullable StoredRecord after, int limit) {
      List<StoredRecord> records = new ArrayList<>(ghosts);
      records.addAll(sound.expired(now, after, limit));
      return records;
    }
  }

  private static final class RefusedExpiry extends BrokenStore {
    private final Map<RecordKey, Instant> expiries = new ConcurrentHashMap<>();

    RefusedExpiry(SecretStore sound) {
      super(sound);
    }

    @Override
    public void commit(List<Change> changes) {
      for (Change change : changes) {
        if (change instanceof Change.Put put && put.expiresAt() != null) {
          expiries.put(put.key(), put.expiresAt());
        }
      }
      sound.commit(changes);
    }

    @Override
    public List<StoredRecord> expired(Instant now, @Nullable StoredRecord after, int limit) {
      return sound.scan(null, limit).stream()
          .filter(
              record -> expiries.getOrDefault(record.key(), Instant.MAX).isBefore(now.plusNanos(1)))
          .toList();
    }
  }
}
