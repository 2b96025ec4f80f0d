package dev.secretvault;

import dev.secretvault.store.RecordKey;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Those who want to know of changes, in all namespaces of an open vault. */
final class ChangeHandlers {

  private final Set<ChangeHandler> handlers = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * Adds a handler, which has a thread of its own from now on.
   *
   * @param wanted whether it may still be called
   */
  ChangeSubscription add(
      VaultRecords records,
      String name,
      BooleanSupplier wanted,
      Consumer<Optional<SecretInfo>> handler) {
    return started(new SecretHandler(records, name, whileOpen(wanted), handler, handlers::remove));
  }

  /** The same, of the events of an audit trail from now on. */
  ChangeSubscription add(AuditChain chain, BooleanSupplier wanted, Consumer<AuditEvent> handler) {
    return started(new EventHandler(chain, whileOpen(wanted), handler, handlers::remove));
  }

  private BooleanSupplier whileOpen(BooleanSupplier wanted) {
    return () -> !closed && wanted.getAsBoolean();
  }

  private ChangeSubscription started(ChangeHandler added) {
    handlers.add(added);
    try {
      added.start();
    } catch (RuntimeException | Error noThread) {
      handlers.remove(added);
      throw noThread;
    }
    return added;
  }

  /** Waits for nothing. */
  void changed(Set<RecordKey> keys) {
    handlers.forEach(handler -> handler.changed(keys));
  }

  /** Has all of them look again: anything may have changed. Waits for nothing. */
  void allChanged() {
    handlers.forEach(ChangeHandler::changed);
  }

  /** Ends those that may be called no more. */
  void endUnwanted() {
    handlers.stream().filter(handler -> !handler.isWanted()).forEach(ChangeHandler::close);
  }

  /** Ends all of them, without waiting for calls that are under way. */
  void close() {
    closed = true;
    handlers.forEach(ChangeHandler::close);
  }
}
