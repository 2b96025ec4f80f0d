package dev.secretvault;

import dev.secretvault.AuditCodec.Linked;
import dev.secretvault.store.RecordKey;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Somebody who wants to know of the events of an audit trail. Gets all of them, in their order. */
final class EventHandler extends ChangeHandler {

  private final AuditChain chain;
  private final Consumer<AuditEvent> handler;

  /** The number of the first event that was not told. Of its own thread only, once that runs. */
  private long next;

  EventHandler(
      AuditChain chain,
      BooleanSupplier wanted,
      Consumer<AuditEvent> handler,
      Consumer<ChangeHandler> ended) {
    super(wanted, ended);
    this.chain = chain;
    this.handler = handler;
    next = chain.head().map(AuditHead::last).orElse(0L) + 1;
  }

  @Override
  boolean concerns(Set<RecordKey> keys) {
    return keys.stream().anyMatch(chain::isOwn);
  }

  @Override
  boolean look() {
    try {
      Optional<AuditHead> head = chain.head();
      return head.isEmpty() || tell(head.get());
    } catch (Throwable unreadable) {
      // Not even an Error may end the thread.
      report("an audit trail whose events are handled cannot be read", unreadable);
      return false;
    }
  }

  /** By their numbers, one by one: of a page with a damaged one, a store gives none. */
  private boolean tell(AuditHead head) {
    // With lower numbers it is another trail, of which nothing was told.
    next = head.last() + 1 < next ? head.first() : Math.max(next, head.first());
    for (; next <= head.last() && isWanted(); next++) {
      Optional<AuditEvent> event = read(next);
      if (event.isPresent() && !tell(() -> handler.accept(event.get()))) {
        return false;
      }
    }
    return true;
  }

  /** Empty if it was dropped meanwhile, or cannot be read: {@link AuditTrail#verify} names it. */
  private Optional<AuditEvent> read(long sequence) {
    try {
      return chain.event(sequence).map(Linked::event);
    } catch (IntegrityException | UnsupportedFormatException damaged) {
      report("an event of an audit trail cannot be read, and is passed over", damaged);
    } catch (StoreFailedException failed) {
      if (Failures.unreadRecord(failed).isEmpty() || chain.head().isEmpty()) {
        throw failed;
      }
      // What can be read beside it shows that it is not the whole medium.
      report("an event of an audit trail cannot be read, and is passed over", failed);
    }
    return Optional.empty();
  }
}
