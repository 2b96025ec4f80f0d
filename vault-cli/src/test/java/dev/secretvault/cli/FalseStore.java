package dev.secretvault.cli;

import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoredRecord;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A store that is sound when it is compared, and lists one record otherwise when it is verified, be
 * it at once or later.
 */
final class FalseStore {

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
  private final int sound;
  private int beginnings;
  private boolean done;

  private FalseStore(SecretStore store, Flaw flaw, int sound) {
    this.store = store;
    this.flaw = flaw;
    this.sound = sound;
  }

  /**
   * Makes one of a sound store.
   *
   * @param sound how often it is verified before it lists anything otherwise
   */
  static SecretStore of(SecretStore store, Flaw flaw, int sound) {
    FalseStore falsifying = new FalseStore(store, flaw, sound);
    return (SecretStore)
        Proxy.newProxyInstance(
            FalseStore.class.getClassLoader(),
            new Class<?>[] {SecretStore.class},
            (proxy, method, arguments) ->
                method.getName().equals("scan")
                    ? falsifying.scan((RecordKey) arguments[0], (int) arguments[1])
                    : method.invoke(store, arguments));
  }

  private List<StoredRecord> scan(@Nullable RecordKey after, int limit) {
    List<StoredRecord> page = store.scan(after, limit);
    if (after == null && limit > 1) {
      beginnings++;
      done = false;
    }
    if (beginnings % 2 == 1 || beginnings <= 2 * sound || done) {
      return page;
    }
    List<StoredRecord> listed = new ArrayList<>();
    for (StoredRecord record : page) {
      boolean first = !done && !record.key().equals(CopyTarget.MARK);
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
}
