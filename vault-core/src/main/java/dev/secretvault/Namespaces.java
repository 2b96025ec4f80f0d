package dev.secretvault;

import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.SecretStore;
import dev.secretvault.store.StoreListener;
import dev.secretvault.store.StoredRecord;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The namespaces of an open vault, and what the store reports of them. */
final class Namespaces implements StoreListener {

  static final String DEFAULT = "";

  private final SecretStore store;
  private final HeaderRecord header;
  private final VaultRules rules;
  private final Stripes stripes = new Stripes();
  private final Map<String, Namespace> byName = new ConcurrentHashMap<>();
  private final Map<String, Namespace> byToken = new ConcurrentHashMap<>();

  Namespaces(SecretStore store, HeaderRecord header, VaultRules rules) {
    this.store = store;
    this.header = header;
    this.rules = rules;
  }

  Namespace get(String name) {
    Namespace known = byName.get(name);
    if (known != null) {
      return known;
    }
    Namespace made =
        byName.computeIfAbsent(
            name, missing -> new Namespace(store, header, stripes, rules, missing, this::missed));
    byToken.put(made.records().token(), made);
    return made;
  }

  /** The namespace that a record belongs to; empty if nobody has created a secret in it. */
  private Optional<Namespace> owning(RecordKey key) {
    Optional<String> token = VaultRecords.tokenIn(key);
    Optional<Namespace> known = token.map(byToken::get);
    return known.isPresent()
        ? known
        : token.flatMap(unknown -> get(DEFAULT).records().namespaceOf(unknown)).map(this::get);
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
   * @throws IllegalArgumentException if it opens
   */
  boolean discard(RecordKey key) {
    return owning(key).orElseGet(() -> get(DEFAULT)).records().discard(key);
  }

  @Override
  public void changed(Set<RecordKey> keys) {
    if (keys.contains(HeaderRecord.KEY)) {
      header.markStale();
      byName.values().forEach(namespace -> namespace.records().forgetAll());
    }
    keys.forEach(stripes::changed);
    for (RecordKey key : keys) {
      VaultRecords.tokenIn(key).map(byToken::get).ifPresent(owner -> owner.live().forget(key));
    }
  }

  @Override
  public void missed() {
    header.markStale();
    stripes.allChanged();
    clear();
  }

  /** Lets everything go. */
  void clear() {
    byName.values().forEach(namespace -> namespace.live().clear());
  }
}
