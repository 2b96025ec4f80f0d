package dev.secretvault;

import dev.secretvault.store.SecretStore;
import dev.secretvault.store.SecretStore.Subscription;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/** What a vault and all its views share. */
final class OpenVault {

  private final SecretStore store;
  private final HeaderRecord header;
  private final Namespaces namespaces;
  private final VaultClock clock;
  private final Sweeper sweeper;
  private final SweepThread sweeping;
  private final List<Subscription> watches;

  private OpenVault(
      SecretStore store, HeaderRecord header, VaultRules rules, ThreadFactory threads) {
    this.store = store;
    this.header = header;
    clock = rules.clock();
    sweeping = new SweepThread(clock, threads);
    ExpiringStore expiring = new ExpiringStore(store, sweeping);
    namespaces = new Namespaces(expiring, header, rules);
    sweeper = new Sweeper(expiring, namespaces, clock);
    // The clock first: whoever is told by the namespaces may look at once, and goes by it.
    watches =
        Failures.translated(
            () -> List.of(store.watch(clock), store.watch(namespaces), store.watch(expiring)));
    header.markStale(); // It may have been changed between its reading and the watching.
    beginSweeping();
  }

  private void beginSweeping() {
    try {
      if (clock.isMarked()) {
        sweeping.look();
      }
      sweeper.nextAfter(Instant.MIN).ifPresent(sweeping::expect);
    } catch (VaultException e) {
      sweeping.look(); // Sweeping says what is wrong, and tries again.
    }
    sweeping.begin(sweeper);
  }

  /** Takes the header over: closes it if this fails. */
  static OpenVault open(
      SecretStore store, HeaderRecord header, VaultRules rules, ThreadFactory threads) {
    try {
      return new OpenVault(store, header, rules, threads);
    } catch (RuntimeException e) {
      header.close();
      throw e;
    }
  }

  Namespaces namespaces() {
    return namespaces;
  }

  Sweeper sweeper() {
    return sweeper;
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
      sweeping.stop();
      Failures.translated(() -> watches.forEach(Subscription::close));
    } finally {
      closeStore();
    }
  }

  private void closeStore() {
    try {
      Failures.translated(store::close);
    } finally {
      header.close();
      namespaces.clear();
    }
  }
}
