package dev.secretvault;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.secretvault.Stripes.Stamp;
import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.crypto.Hmac;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The secrets in use, opened and prepared for making digests, so that a digest costs no look-up in
 * the store.
 *
 * <p>No answer is older than the last reported change of its record. The store reports a commit
 * before it returns, and a report only counts up the record's stripe; an entry counts only while
 * its stripe stands where it stood before the entry was read. So an entry that is read while its
 * record changes is never used, without any lock between reading and reporting, which could wait
 * for each other. Records that share a stripe cost a reading too many, no more.
 */
final class LiveSecrets {

  private static final int MAX_ENTRIES = 10_000;

  /** Larger values cost more to decrypt than to read, and memory to keep. */
  private static final int MAX_KEPT_BYTES = 1 << 12;

  private static final int MAX_ATTEMPTS = 100;

  private final VaultRecords records;
  private final Stripes stripes;
  private final Cache<String, Named> idsByName = newCache();
  private final Cache<SecretId, Live> secrets = newCache();

  LiveSecrets(VaultRecords records, Stripes stripes) {
    this.records = records;
    this.stripes = stripes;
  }

  private static <K, V> Cache<K, V> newCache() {
    // Upkeep on the calling thread: a library starts no threads that its user does not know of.
    return Caffeine.newBuilder().maximumSize(MAX_ENTRIES).executor(Runnable::run).build();
  }

  /** Where a name led when the stripe of its record stood at {@code stamp}. */
  private record Named(SecretId id, Stamp stamp) {}

  /** A secret as it was when the stripe of its record stood at {@code stamp}. */
  static final class Live {
    private final SecretInfo info;
    private final Stamp stamp;

    /** For each version that verifies, the current one first; null until first needed. */
    private volatile @Nullable List<Hmac> digesters;

    private volatile @Nullable Sealed value;

    private Live(SecretInfo info, Stamp stamp) {
      this.info = info;
      this.stamp = stamp;
    }

    SecretInfo info() {
      return info;
    }
  }

  /** A value, sealed, as it was when the stripe of its record stood at {@code stamp}. */
  private record Sealed(StoredRecord record, Stamp stamp) {}

  /** The secret of this id, as of now. */
  Optional<Live> find(SecretId id) {
    Live live = secrets.getIfPresent(id);
    if (live != null && stripes.isCurrent(live.stamp)) {
      return Optional.of(live);
    }
    return load(id);
  }

  private Optional<Live> load(SecretId id) {
    Stamp stamp = stripes.now(records.secretKey(id));
    Optional<Live> loaded = records.secret(id).map(info -> new Live(info, stamp));
    loaded.ifPresent(live -> secrets.put(id, live));
    return loaded;
  }

  /**
   * The secret of this name, as of now.
   *
   * @throws IntegrityException if the name leads to a secret that does not have it, and keeps doing
   *     so
   */
  Optional<Live> find(String name) {
    for (int attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      Optional<SecretId> id = idOf(name);
      if (id.isEmpty()) {
        return Optional.empty();
      }
      Optional<Live> live = find(id.get());
      if (live.isPresent() && live.get().info.name().equals(name)) {
        return live;
      }
      // Renamed or deleted between the two readings, or one of them is kept from before that, of
      // which no report has come yet: read both again.
      idsByName.invalidate(name);
      secrets.invalidate(id.get());
    }
    throw new IntegrityException("a name leads to a secret that does not have it", null);
  }

  private Optional<SecretId> idOf(String name) {
    Named named = idsByName.getIfPresent(name);
    if (named != null && stripes.isCurrent(named.stamp)) {
      return Optional.of(named.id);
    }
    if (!Text.isWellFormed(name)) {
      return Optional.empty(); // No secret can have it, nor can a token be made of it.
    }
    RecordKey key = records.nameKey(name);
    Stamp stamp = stripes.now(key);
    Optional<SecretId> id = records.name(key);
    id.ifPresent(found -> idsByName.put(name, new Named(found, stamp)));
    return id;
  }

  /**
   * The current value of a secret, for the receiver to overwrite; empty if it is not there any
   * more, which means that the secret has changed since it was found.
   */
  Optional<OpenedValue> value(Live live) {
    Sealed kept = live.value;
    if (kept != null && stripes.isCurrent(kept.stamp)) {
      return records.openValue(kept.record);
    }
    RecordKey key = records.valueKey(live.info.id(), live.info.current().number());
    Stamp stamp = stripes.now(key);
    Optional<StoredRecord> sealed = records.sealedValue(key);
    sealed
        .filter(record -> record.bytes().length <= MAX_KEPT_BYTES)
        .ifPresent(record -> live.value = new Sealed(record, stamp));
    return sealed.flatMap(records::openValue);
  }

  /**
   * What makes digests with the secret's live versions that are intact, the current one first;
   * empty if that is not there any more, which means that the secret has changed since it was
   * found.
   */
  Optional<List<Hmac>> digesters(Live live) {
    List<Hmac> prepared = live.digesters;
    return prepared != null ? Optional.of(prepared) : prepare(live);
  }

  private Optional<List<Hmac>> prepare(Live live) {
    Optional<Hmac> current = digester(live.info, live.info.current());
    if (current.isEmpty()) {
      return Optional.empty();
    }
    List<Hmac> prepared = new ArrayList<>();
    prepared.add(current.get());
    for (SecretInfo.Version version : live.info.versions()) {
      if (version.state() == SecretInfo.Version.State.PREVIOUS) {
        intactDigester(live.info, version).ifPresent(prepared::add);
      }
    }
    live.digesters = List.copyOf(prepared);
    return Optional.of(prepared);
  }

  /**
   * Empty as well if the value is damaged: digests of it are false then, and those of others go on.
   */
  private Optional<Hmac> intactDigester(SecretInfo info, SecretInfo.Version version) {
    try {
      return digester(info, version);
    } catch (IntegrityException | UnsupportedFormatException damaged) {
      return Optional.empty();
    }
  }

  private Optional<Hmac> digester(SecretInfo info, SecretInfo.Version version) {
    return records
        .sealedValue(records.valueKey(info.id(), version.number()))
        .flatMap(records::openValue)
        .map(OpenedValue::content)
        .map(
            key -> {
              try {
                return Hmac.sha256(key);
              } finally {
                Arrays.fill(key, (byte) 0);
              }
            });
  }

  /**
   * Has the secret read again, whatever was reported: its records turned out to be newer than what
   * was found.
   */
  void forget(Live live) {
    secrets.invalidate(live.info.id());
    idsByName.invalidate(live.info.name());
  }

  /** Lets go what is kept of a record that has changed: the entry is dead, but not its keys. */
  void forget(RecordKey changed) {
    records.forget(changed);
    records.secretId(changed).ifPresent(secrets::invalidate);
  }

  /** Lets everything go. */
  void clear() {
    records.forgetAll();
    idsByName.invalidateAll();
    secrets.invalidateAll();
  }
}
