package dev.secretvault.cli;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A store that is sound when it is compared, and lists one record otherwise when it is verified.
 */
final class FalseStore implements SecretStore {

  /** What is wrong with the record. */
  enum Flaw {
    NONE,
    BYTE_FLIPPED,
    BYTE_MORE,
    REVISION,
    EXPIRY,
    KEY,
    MISSING,
    DOUBLED
  }

  private final SecretStore store;
  private final Flaw flaw;
  private int beginnings;
  private boolean done;

  FalseStore(SecretStore store, Flaw flaw) {
    this.store = store;
    this.flaw = flaw;
  }

  @Override
  public List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
    List<StoredRecord> page = store.scan(after, limit);
    if (after == null && limit > 1) {
      beginnings++;
      done = false;
    }
    if (beginnings % 2 == 1 || done) {
      return page;
    }
    List<StoredRecord> listed = new ArrayList<>();
    for (StoredRecord record : page) {
      boolean first = !done && !record.key().equals(VaultCopy.MARK);
      done |= first;
      listed.addAll(first ? falsified(record) : List.of(record));
    }
    return listed;
  }

  private List<StoredRecord> falsified(StoredRecord record) {
    RecordKey key = record.key();
    long revision = record.revision();
    Instant expiresAt = record.expiresAt();
    byte[] bytes = record.bytes();
    switch (flaw) {
      case NONE -> {}
      case BYTE_FLIPPED -> bytes[bytes.length / 2] ^= 1;
      case BYTE_MORE -> bytes = Arrays.copyOf(bytes, bytes.length + 1);
      case REVISION -> revision++;
      case EXPIRY -> expiresAt = expiresAt == null ? Instant.EPOCH : null;
      case KEY -> key = new RecordKey(key.text() + "-");
      case MISSING -> {
        return List.of();
      }
      case DOUBLED -> {
        return List.of(record, record);
      }
    }
    return List.of(new StoredRecord(key, revision, expiresAt, bytes));
  }

  @Override
  public Optional<StoredRecord> read(RecordKey key) {
    return store.read(key);
  }

  @Override
  public void commit(List<Change> changes) {
    store.commit(changes);
  }

  @Override
  public List<StoredRecord> expired(Instant now, int limit) {
    return store.expired(now, limit);
  }

  @Override
  public Subscription watch(StoreListener listener) {
    return store.watch(listener);
  }

  @Override
  public void close() {
    store.close();
  }
}
