package dev.secretvault.store.file;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoreCorruptException;
import dev.secretvault.store.StoreException;
import dev.secretvault.store.StoreException.Outcome;
import dev.secretvault.store.StoredRecord;
import dev.secretvault.store.file.FrameHead.Step;
import dev.secretvault.store.file.Index.Due;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads records, one by one and in pages, while others commit. */
final class RecordReader {

  private final SharedLog log;
  private final Path directory;

  /**
   * A reader.
   *
   * @param directory where the log is, for messages
   */
  RecordReader(SharedLog log, Path directory) {
    this.log = log;
    this.directory = directory;
  }

  Optional<StoredRecord> read(RecordKey key) {
    log.refresh();
    OpenLog now = log.current();
    Index.Entry entry = now.index().find(key);
    return entry == null ? Optional.empty() : loadOrFail(now, entry);
  }

  List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
    log.refresh();
    List<StoredRecord> page = new ArrayList<>();
    RecordKey last = after;
    boolean more = true;
    // Another round only where records of the page were deleted while it was read.
    while (more && page.size() < limit) {
      OpenLog now = log.current();
      int wanted = limit - page.size();
      List<Index.Entry> entries = now.index().after(last, wanted);
      entries.forEach(entry -> loadOrFail(now, entry).ifPresent(page::add));
      more = entries.size() == wanted;
      last = entries.isEmpty() ? last : entries.get(entries.size() - 1).key();
    }
    return page;
  }

  /** The records that expire at a time or before, behind one if it is not null. */
  List<StoredRecord> expired(long time, @Nullable Due after, int limit) {
    log.refresh();
    // By their keys, as one that is put meanwhile may come twice.
    Map<RecordKey, StoredRecord> found = new LinkedHashMap<>();
    StoreException unread = null;
    Due last = after;
    boolean more = true;
    // Goes on behind what was looked at: damaged records may be many, and none is read twice.
    while (more && found.size() < limit) {
      OpenLog now = log.current();
      int wanted = limit - found.size();
      List<Index.Entry> entries = now.index().expired(time, last, wanted);
      more = entries.size() == wanted;
      for (Index.Entry entry : entries) {
        Optional<StoredRecord> record = Optional.empty();
        try {
          record = load(now, entry);
        } catch (StoreCorruptException damaged) {
          unread = damaged;
        } catch (IOException failed) {
          // A bad place of the disk is the commonest damage of one record.
          unread = unreadable(failed);
        }
        if (record.isPresent() && !Objects.equals(record.get().expiresAt(), expiry(entry))) {
          // It was put again, and has another place by now, which may be one behind this.
          more = true;
          break;
        }
        found.remove(entry.key());
        record.ifPresent(intact -> found.put(intact.key(), intact));
        last = new Due(entry.expiresAt(), entry.key());
      }
    }
    if (found.isEmpty() && unread != null) {
      throw unread;
    }
    return List.copyOf(found.values());
  }

  /**
   * Reads the value of an entry. Where it is gone, the record was replaced or deleted meanwhile, or
   * all have moved to another file, and what is stored by now is the answer. Only if that is the
   * same entry, it is damaged.
   */
  private Optional<StoredRecord> load(OpenLog found, Index.Entry entry) throws IOException {
    OpenLog in = found;
    Index.Entry wanted = entry;
    while (true) {
      byte[] value = in.values().read(wanted);
      if (value != null) {
        return Optional.of(record(wanted, value));
      }
      log.refresh();
      OpenLog now = log.current();
      Index.Entry stored = now.index().find(wanted.key());
      if (stored == null) {
        return Optional.empty();
      }
      if (now == in && stored.equals(wanted)) {
        throw LogReader.corrupt(
            now.path(), stored.offset(), "the value there does not match its checksum");
      }
      in = now;
      wanted = stored;
    }
  }

  private Optional<StoredRecord> loadOrFail(OpenLog found, Index.Entry entry) {
    try {
      return load(found, entry);
    } catch (IOException failed) {
      throw unreadable(failed);
    }
  }

  private StoreException unreadable(IOException failed) {
    return new StoreException(
        "a record of the store in "
            + directory
            + " could not be read ("
            + failed.getMessage()
            + ")",
        Outcome.NOT_WRITTEN,
        true,
        failed);
  }

  private static StoredRecord record(Index.Entry entry, byte[] value) {
    return new StoredRecord(entry.key(), entry.revision(), expiry(entry), value);
  }

  private static @Nullable Instant expiry(Index.Entry entry) {
    return entry.expiresAt() == Step.NEVER ? null : Instant.ofEpochMilli(entry.expiresAt());
  }
}
