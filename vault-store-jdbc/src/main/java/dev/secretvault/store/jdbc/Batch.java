package dev.secretvault.store.jdbc;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The changes of one commit, in the order of the list and in that of their keys. */
final class Batch {

  /** What was stored of a record: its revision, and which step of which stream wrote it. */
  record Held(long revision, Position writer) {}

  private final List<Change> changes;
  private final List<Change> byKey;
  final Set<RecordKey> written;

  /** Takes a list that was checked. */
  Batch(List<Change> changes) {
    this.changes = changes;
    this.byKey = changes.stream().sorted(Comparator.comparing(Change::key)).toList();
    this.written = Change.written(changes);
  }

  /** The changes of some kind, in the order of their keys. */
  List<Change> byKey(Predicate<Change> kind) {
    return byKey.stream().filter(kind).toList();
  }

  List<Change> byKey() {
    return byKey;
  }

  /**
   * The first change, in the order of the list, that expects something else than what is stored.
   */
  @Nullable RevisionConflictException conflict(Map<String, Held> stored) {
    for (Change change : changes) {
      Held held = stored.get(change.key().text());
      long revision = held == null ? 0 : held.revision();
      if (revision != change.expectedRevision()) {
        return new RevisionConflictException(change.key(), change.expectedRevision(), revision);
      }
    }
    return null;
  }

  static String[] keys(List<? extends Change> changes) {
    return changes.stream().map(change -> change.key().text()).toArray(String[]::new);
  }

  static Long[] expected(List<? extends Change> changes) {
    return changes.stream().map(Change::expectedRevision).toArray(Long[]::new);
  }

  /** The revisions that puts give; 0 for all else, which stands for no record. */
  static Long[] revisions(List<? extends Change> changes) {
    return changes.stream()
        .mapToLong(change -> change instanceof Change.Put put ? put.newRevision() : 0)
        .boxed()
        .toArray(Long[]::new);
  }

  /** Puts are p, deletions d, requirements r. */
  static String[] kinds(List<? extends Change> changes) {
    return changes.stream()
        .map(
            change ->
                change instanceof Change.Put ? "p" : change instanceof Change.Delete ? "d" : "r")
        .toArray(String[]::new);
  }

  static byte @Nullable [][] values(List<? extends Change> changes) {
    return changes.stream()
        .map(change -> change instanceof Change.Put put ? put.bytes() : null)
        .toArray(byte[][]::new);
  }

  /** Milliseconds since 1970; null for never. */
  static @Nullable Long[] expiries(List<? extends Change> changes) {
    return changes.stream()
        .map(change -> change instanceof Change.Put put ? milliseconds(put.expiresAt()) : null)
        .toArray(Long[]::new);
  }

  private static @Nullable Long milliseconds(@Nullable Instant time) {
    return time == null ? null : time.toEpochMilli();
  }
}
