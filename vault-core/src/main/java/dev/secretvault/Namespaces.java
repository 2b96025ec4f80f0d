package dev.secretvault;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The namespaces of an open vault, and what the store reports of them. */
final class Namespaces implements StoreListener {

  static final String DEFAULT = "";

  private static final int MAX_KEPT = 1_000;

  private final SecretStore store;
  private final HeaderRecord header;
  private final VaultRules rules;
  private final Stripes stripes = new Stripes();
  private final JoinedParts joined = new JoinedParts();
  private final ChangeHandlers handlers = new ChangeHandlers();

  /** All that somebody looks at, and those used lately, so that what they keep is not lost. */
  private final Cache<String, Namespace> byName =
      Caffeine.newBuilder().weakValues().executor(Runnable::run).build();

  private final Cache<String, Namespace> byToken =
      Caffeine.newBuilder().weakValues().executor(Runnable::run).build();

  private final Cache<String, Namespace> usedLately =
      Caffeine.newBuilder().maximumSize(MAX_KEPT).executor(Runnable::run).build();

  /** Used by all, and for what belongs to nobody. */
  private final Namespace first;

  Namespaces(SecretStore store, HeaderRecord header, VaultRules rules) {
    this.store = store;
    this.header = header;
    this.rules = rules;
    first = get(DEFAULT);
  }

  Namespace get(String name) {
    Namespace found =
        byName.get(
            name,
            missing -> new Namespace(store, header, stripes, rules, joined, missing, this::missed));
    byToken.put(found.records().keys().token(), found);
    usedLately.put(name, found);
    return found;
  }

  /** Those who want to know of changes. */
  ChangeHandlers handlers() {
    return handlers;
  }

  /** The namespace that a record belongs to; empty if nobody has created a secret in it. */
  Optional<Namespace> owning(RecordKey key) {
    Optional<String> token = RecordKeys.tokenIn(key);
    Optional<Namespace> known = token.map(byToken::getIfPresent);
    return known.isPresent()
        ? known
        : token.flatMap(unknown -> first.records().namespaceOf(unknown)).map(this::get);
  }

  /**
   * A record once more, sealed under the newest epoch; empty if it says that it is already.
   *
   * @throws IntegrityException if it does not open, or belongs to nothing that is known
   */
  Optional<Change> reseal(StoredRecord stored) {
    if (VaultRecords.epochOf(stored) == header.keyring().epoch()) {
      return Optional.empty();
    }
    return owning(stored.key())
        .orElseThrow(() -> new IntegrityException("a record is of no known namespace", null))
        .records()
        .reseal(stored);
  }

  /**
   * Deletes a record that does not open; false if there is none.
   *
   * @param actor who does so, if that is known
   * @throws IllegalArgumentException if it opens
   */
  boolean discard(RecordKey key, @Nullable String actor) {
    Namespace owner;
    try {
      owner = owning(key).orElse(first);
    } catch (IntegrityException | UnsupportedFormatException nameDoesNotOpen) {
      if (!RecordKeys.isRegistration(key)) {
        throw nameDoesNotOpen; // Whether the record opens cannot be told.
      }
      owner = first;
    }
    return owner.discard(key, actor);
  }

  @Override
  public void changed(Set<RecordKey> keys) {
    if (keys.contains(HeaderRecord.KEY)) {
      header.markStale();
      byName.asMap().values().forEach(namespace -> namespace.records().forgetAll());
    }
    keys.forEach(stripes::changed);
    for (RecordKey key : keys) {
      RecordKeys.tokenIn(key).map(byToken::getIfPresent).ifPresent(owner -> owner.forget(key));
    }
    handlers.changed(keys); // Behind all that could make them read something old.
  }

  @Override
  public void missed() {
    header.markStale();
    clear();
    handlers.allChanged();
  }

  /** Lets everything go, that too which is being read meanwhile. */
  void clear() {
    stripes.allChanged();
    byName.asMap().values().forEach(Namespace::clear);
  }
}
