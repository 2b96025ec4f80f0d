package dev.secretvault;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import dev.secretvault.Preparation.Keys;
import dev.secretvault.Preparation.VersionKey;
import dev.secretvault.Stripes.Stamp;
import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
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
 *
 * <p>No key is kept for longer than that either: an entry is let go when its record is reported to
 * have changed, and drops its keys then, whoever still holds it.
 */
final class LiveSecrets {

  static final int MAX_ENTRIES = 10_000;

  /** Larger values cost more to decrypt than to read, and memory to keep. */
  private static final int MAX_KEPT_BYTES = 1 << 12;

  private static final int MAX_ATTEMPTS = 100;

  private final VaultRecords records;
  private final Stripes stripes;
  private final Cache<String, Named> idsByName = newCache().build();

  /** Those used lately. */
  private final Cache<SecretId, Live> secrets = newCache().build();

  /**
   * Those that anybody holds: {@link #secrets} or, however many they are, handles, whose use is not
   * seen here. Each entry that can have keys and is not about to be collected is among them.
   */
  private final Cache<SecretId, Live> held =
      Caffeine.newBuilder()
          .weakValues()
          .executor(Runnable::run)
          .removalListener(
              (@Nullable SecretId id, @Nullable Live live, RemovalCause why) -> {
                if (live != null) {
                  live.drop();
                }
              })
          .build();

  /** What {@link #tokensEnded} gave out, as long as anybody holds it. */
  private final Cache<SecretId, AtomicLong> ended =
      Caffeine.newBuilder().weakValues().executor(Runnable::run).build();

  LiveSecrets(VaultRecords records, Stripes stripes) {
    this.records = records;
    this.stripes = stripes;
  }

  private static Caffeine<Object, Object> newCache() {
    // Upkeep on the calling thread: a library starts no threads that its user does not know of.
    return Caffeine.newBuilder().maximumSize(MAX_ENTRIES).executor(Runnable::run);
  }

  /** Where a name led when the stripe of its record stood at {@code stamp}. */
  private record Named(SecretId id, Stamp stamp) {}

  /** A secret as it was when the stripe of its record stood at {@code stamp}. */
  static final class Live {
    private final SecretInfo info;
    private final Stamp stamp;

    /** What was made of it; null once that may not be kept any more. Only ever replaced. */
    private volatile @Nullable Map<Preparation<?>, Keys<?>> prepared = Map.of();

    private volatile @Nullable Sealed value;

    private Live(SecretInfo info, Stamp stamp) {
      this.info = info;
      this.stamp = stamp;
    }

    SecretInfo info() {
      return info;
    }

    @SuppressWarnings("unchecked") // Each was put under the preparation that had made it.
    private <T> @Nullable Keys<T> prepared(Preparation<T> preparation) {
      Map<Preparation<?>, Keys<?>> kept = prepared;
      return kept == null ? null : (Keys<T>) kept.get(preparation);
    }

    private synchronized void keep(Preparation<?> preparation, Keys<?> keys) {
      Map<Preparation<?>, Keys<?>> kept = prepared;
      if (kept != null) {
        Map<Preparation<?>, Keys<?>> more = new HashMap<>(kept);
        more.put(preparation, keys);
        prepared = Map.copyOf(more);
      }
    }

    private synchronized void drop() {
      prepared = null;
    }
  }

  /** A value, sealed, as it was when the stripe of its record stood at {@code stamp}. */
  private record Sealed(StoredRecord record, Stamp stamp) {}

  /** The secret of this id, as of now. */
  Optional<Live> find(SecretId id) {
    Live used = secrets.getIfPresent(id);
    if (used != null && isKept(used)) {
      return Optional.of(used);
    }
    Live known = held.getIfPresent(id);
    if (known != null && isKept(known)) {
      return Optional.of(keep(secrets, id, known));
    }
    return load(id);
  }

  private Optional<Live> load(SecretId id) {
    Stamp stamp = stripes.now(records.keys().secret(id));
    Optional<Live> loaded =
        records.secret(id).map(info -> keep(secrets, id, keep(held, id, new Live(info, stamp))));
    if (loaded.isEmpty()) {
      forget(id);
    }
    if (!stripes.isCurrent(stamp)) {
      forget(id); // It may have been let go before it was put.
    }
    return loaded;
  }

  /**
   * Unless a later revision is kept: whoever has seen that must not see this one after it. Of what
   * was found absent nothing is kept, so a slower reading may show it until its change is reported.
   */
  private Live keep(Cache<SecretId, Live> cache, SecretId id, Live live) {
    return cache
        .asMap()
        .merge(
            id,
            live,
            (kept, read) ->
                isKept(kept) && kept.info.revision() > read.info.revision() ? kept : read);
  }

  private void forget(SecretId id) {
    secrets.invalidate(id);
    held.invalidate(id);
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
      forget(id.get());
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
    RecordKey key = records.keys().name(name);
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
    RecordKey key = records.keys().value(live.info.id(), live.info.current().number());
    Stamp stamp = stripes.now(key);
    Optional<StoredRecord> sealed = records.sealedValue(key);
    sealed
        .filter(record -> record.bytes().length <= MAX_KEPT_BYTES)
        .ifPresent(record -> live.value = new Sealed(record, stamp));
    return sealed.flatMap(records::openValue);
  }

  /** Whether a secret is as it was found, and keeps what is made of it. */
  boolean isKept(Live live) {
    return live.prepared != null && stripes.isCurrent(live.stamp);
  }

  /**
   * What is made of the values of the secret's versions that verify; empty if the current one's
   * value is not there any more, which means that the secret has changed since it was found.
   */
  <T> Optional<Keys<T>> keys(Live live, Preparation<T> preparation) {
    Keys<T> kept = live.prepared(preparation);
    return kept != null ? Optional.of(kept) : prepare(live, preparation);
  }

  private <T> Optional<Keys<T>> prepare(Live live, Preparation<T> preparation) {
    Optional<VersionKey<T>> current = key(live.info, live.info.current(), preparation);
    if (current.isEmpty()) {
      return Optional.empty();
    }
    List<VersionKey<T>> all = new ArrayList<>();
    all.add(current.get());
    for (SecretInfo.Version version : live.info.versions()) {
      if (version.state() == SecretInfo.Version.State.PREVIOUS) {
        intactKey(live.info, version, preparation).ifPresent(all::add);
      }
    }
    Keys<T> keys = new Keys<>(List.copyOf(all));
    live.keep(preparation, keys);
    return Optional.of(keys);
  }

  /**
   * Empty as well if the value is damaged: digests of it are false then, and those of others go on.
   */
  private <T> Optional<VersionKey<T>> intactKey(
      SecretInfo info, SecretInfo.Version version, Preparation<T> preparation) {
    try {
      return key(info, version, preparation);
    } catch (IntegrityException | UnsupportedFormatException damaged) {
      return Optional.empty();
    }
  }

  private <T> Optional<VersionKey<T>> key(
      SecretInfo info, SecretInfo.Version version, Preparation<T> preparation) {
    return records
        .sealedValue(records.keys().value(info.id(), version.number()))
        .flatMap(records::openValue)
        .map(value -> preparation.of(value.content(), version.number()));
  }

  /**
   * Has the secret read again, whatever was reported: its records turned out to be newer than what
   * was found.
   */
  void forget(Live live) {
    forget(live.info.id());
    idsByName.invalidate(live.info.name());
  }

  /**
   * The latest end of the secret's tokens that the clock has said was over, for all who ask for it;
   * begins anew when the secret changes, so that a clock that was set forward for a moment ends
   * tokens until then, and not for ever.
   */
  AtomicLong tokensEnded(SecretId id) {
    return ended.get(id, none -> new AtomicLong(HighWaterMark.NONE));
  }

  /** Lets go what is kept of a record that has changed: the entry is dead, but not its keys. */
  void forget(RecordKey changed) {
    records.forget(changed);
    Optional<SecretId> secret = records.keys().secretIn(changed);
    secret.ifPresent(this::forget);
    secret.map(ended::getIfPresent).ifPresent(end -> end.set(HighWaterMark.NONE));
  }

  /** Lets everything go. */
  void clear() {
    records.forgetAll();
    idsByName.invalidateAll();
    secrets.invalidateAll();
    held.invalidateAll();
  }
}
