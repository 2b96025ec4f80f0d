package dev.secretvault.cli;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The records of a store in the order of their keys, read while they are gone through. */
final class Records {

  /**
   * So few that those of two stores fit into memory, with values as large as a vault takes them.
   */
  private static final int PAGE = 32;

  private final SecretStore store;
  private final Set<RecordKey> except;
  private Iterator<StoredRecord> page = List.<StoredRecord>of().iterator();
  private @Nullable RecordKey last;
  private boolean more = true;
  private @Nullable StoredRecord next;

  /** Begins with the first one that is not one of the exceptions. */
  Records(SecretStore store, Set<RecordKey> except) {
    this.store = store;
    this.except = except;
    advance();
  }

  /** The record at hand; null behind the last one. */
  @Nullable StoredRecord next() {
    return next;
  }

  /** Goes to the next record. */
  void advance() {
    do {
      next = read();
    } while (next != null && except.contains(next.key()));
  }

  private @Nullable StoredRecord read() {
    if (!page.hasNext() && more) {
      List<StoredRecord> records = store.scan(last, PAGE);
      more = records.size() == PAGE;
      last = more ? records.get(PAGE - 1).key() : last;
      page = records.iterator();
    }
    return page.hasNext() ? page.next() : null;
  }
}
