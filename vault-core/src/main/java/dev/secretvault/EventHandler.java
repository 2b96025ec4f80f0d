package dev.secretvault;

import dev.secretvault.AuditCodec.Linked;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.StoredRecord;
import java.util.Iterator;
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

  private boolean tell(AuditHead head) {
    if (head.last() + 1 < next) {
      next = head.first(); // It is another trail, of which nothing was told.
    }
    Iterator<StoredRecord> stored =
        chain
            .eventsFrom(next, AuditChain.SCAN_PAGE)
            .takeWhile(record -> chain.sequenceOf(record) <= head.last())
            .iterator();
    while (stored.hasNext() && isWanted()) {
      StoredRecord record = stored.next();
      Optional<AuditEvent> event = opened(record);
      if (event.isPresent() && !tell(() -> handler.accept(event.get()))) {
        return false;
      }
      next = Math.max(next, chain.sequenceOf(record) + 1);
    }
    return true;
  }

  /** Empty if it was dropped meanwhile, or does not open: {@link AuditTrail#verify} names it. */
  private Optional<AuditEvent> opened(StoredRecord record) {
    try {
      return chain.open(record).map(Linked::event);
    } catch (IntegrityException | UnsupportedFormatException damaged) {
      report("an event of an audit trail cannot be read, and is passed over", damaged);
      return Optional.empty();
    }
  }
}
