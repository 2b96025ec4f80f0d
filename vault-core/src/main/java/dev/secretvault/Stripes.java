package dev.secretvault;

import dev.secretvault.store.RecordKey;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Counts the reported changes of records, in stripes: what was read of a record is as it is now if
 * its stripe still stands where it stood before that. Records that share a stripe cost a reading
 * too many, no more.
 */
final class Stripes {

  private static final int COUNT = 1 << 12;

  private final AtomicLongArray changes = new AtomicLongArray(COUNT);

  /** Where a record's stripe stood. */
  record Stamp(int stripe, long changes) {}

  /** To be taken before the record is read. */
  Stamp now(RecordKey key) {
    int stripe = of(key);
    return new Stamp(stripe, changes.get(stripe));
  }

  boolean isCurrent(Stamp stamp) {
    return changes.get(stamp.stripe) == stamp.changes;
  }

  void changed(RecordKey key) {
    changes.incrementAndGet(of(key));
  }

  void allChanged() {
    for (int stripe = 0; stripe < COUNT; stripe++) {
      changes.incrementAndGet(stripe);
    }
  }

  private static int of(RecordKey key) {
    int hash = key.hashCode();
    return (hash ^ hash >>> 16) & COUNT - 1;
  }
}
