package dev.secretvault;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.SecretStore.Subscription;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/** What a vault and all its views share. */
final class OpenVault {

  private final SecretStore store;
  private final HeaderRecord header;
  private final Namespaces namespaces;
  private final InstantSource clock;
  private final Subscription watch;

  private OpenVault(SecretStore store, HeaderRecord header, VaultRules rules) {
    this.store = store;
    this.header = header;
    namespaces = new Namespaces(store, header, rules);
    clock = rules.clock();
    watch = Failures.translated(() -> store.watch(namespaces));
    header.markStale(); // It may have been changed between its reading and the watching.
  }

  /** Takes the header over: closes it if this fails. */
  static OpenVault open(SecretStore store, HeaderRecord header, VaultRules rules) {
    try {
      return new OpenVault(store, header, rules);
    } catch (RuntimeException e) {
      header.close();
      throw e;
    }
  }

  Namespaces namespaces() {
    return namespaces;
  }

  /**
   * The vault's keys.
   *
   * @param actor who asks for them, if that is known
   * @param requireOpen throws if they may do so no more
   */
  VaultKeys keys(@Nullable String actor, Runnable requireOpen) {
    return new VaultKeys(header, namespaces, clock, actor, requireOpen);
  }

  void close() {
    namespaces.handlers().close();
    // The store first: what a racing call seals with a keyring that is gone can then never be
    // committed.
    try {
      Failures.translated(watch::close);
      Failures.translated(store::close);
    } finally {
      header.close();
      namespaces.clear();
    }
  }
}
