package dev.secretvault;

import dev.secretvault.AuditCodec.Linked;
import dev.secretvault.AuditVerification.Break;
import dev.secretvault.AuditVerification.Fault;
import dev.secretvault.store.StoredRecord;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What was done in one namespace of a vault, in its order.
 *
 * <p>There is a trail once the vault was {@linkplain VaultBuilder#audit opened to keep one} and
 * something was done in the namespace; before that, and without it, this is empty. Changes of the
 * vault's keys are in the trail of the namespace that the vault opens with. Digests, {@link
 * SecretVault#matches}, listings and what was refused or did nothing leave no events; wrong
 * passphrases do.
 *
 * <p>An event is stored by the commit of the act that it describes: there is none of an act that
 * did not happen, and no act without one. Events are sealed like all records, and each is linked to
 * the one before by a MAC under a key of the vault, so that {@link #verify} tells what was removed,
 * altered, moved or added in the store. What it cannot tell is that the whole store was put back to
 * an older state.
 *
 * <p><b>Threads.</b> Safe for use by any number of threads at once.
 */
public final class AuditTrail {

  private final AuditChain chain;
  private final Runnable requireOpen;
  private final Function<Consumer<AuditEvent>, ChangeSubscription> handlers;

  /**
   * The trail of a namespace.
   *
   * @param requireOpen throws if whoever reads it may do so no more
   * @param handlers adds a handler of events
   */
  AuditTrail(
      AuditChain chain,
      Runnable requireOpen,
      Function<Consumer<AuditEvent>, ChangeSubscription> handlers) {
    this.chain = chain;
    this.requireOpen = requireOpen;
    this.handlers = handlers;
  }

  /**
   * Calls a handler with each event from now on, in their order: those of this vault at once, those
   * of another vault on the store within a second.
   *
   * <p>Each handler is called on a daemon thread of its own, as those of {@link
   * SecretVault#onChange} are, and so long after the act as it needs for the events before; it
   * keeps nobody waiting. An event that was dropped meanwhile, as the {@link AuditPolicy} says, or
   * that cannot be read, is left out. What a handler throws is logged, by the name of its class; if
   * that is a {@link VaultException} that is {@linkplain VaultException#retryable retryable}, it is
   * called with the same event again later, and else with the next one.
   *
   * <p>If the numbers fall behind what was told, as a trail without a readable event begins anew,
   * or the store was put back to an older state, all that the trail has then is told. What another
   * trail has under numbers that were told is not, if it has come as far when the handler looks.
   *
   * <p>The calls end when the subscription is closed, the view that this was got from, or the
   * vault. Whoever wants to miss none after that writes down the {@linkplain AuditEvent#sequence
   * number} of the last one, and {@linkplain #list lists} those after it.
   *
   * @param handler what to call
   * @return closing it ends the calls
   */
  public ChangeSubscription onEvent(Consumer<AuditEvent> handler) {
    Objects.requireNonNull(handler, "handler");
    requireOpen.run();
    return handlers.apply(handler);
  }

  /**
   * Lists events, the oldest first.
   *
   * @param query which events, and how many at a time
   * @return a page; {@link #verify} says whether something is missing
   * @throws IntegrityException if an event does not open, which {@link #verify} names, and a query
   *     {@linkplain AuditQuery#after after} its number shows those behind it; or if the record of
   *     where the trail ends does not, which {@link VaultKeys#discard} deletes: then the trail is
   *     empty until the next act goes on behind the newest event that opens
   */
  public Page<AuditEvent> list(AuditQuery query) {
    Objects.requireNonNull(query, "query");
    requireOpen.run();
    List<AuditEvent> items = new ArrayList<>();
    Optional<AuditHead> head = chain.head();
    long last = head.map(AuditHead::last).orElse(0L);
    long first = head.map(AuditHead::first).orElse(1L);
    Iterator<StoredRecord> stored =
        chain
            .eventsFrom(Math.max(query.after(), first - 1) + 1, AuditChain.SCAN_PAGE)
            .takeWhile(record -> chain.sequenceOf(record) <= last)
            .filter(record -> chain.sequenceOf(record) > query.after())
            .iterator();
    while (stored.hasNext()) {
      Optional<AuditEvent> event = chain.open(stored.next()).map(Linked::event);
      if (event.filter(query::accepts).isPresent()) {
        if (items.size() == query.limit()) {
          return new Page<>(
              items, Optional.of(String.valueOf(items.get(items.size() - 1).sequence())));
        }
        items.add(event.get());
      }
    }
    return new Page<>(items, Optional.empty());
  }

  /**
   * Reads the whole trail and verifies that it is as it was written, up to the event that was the
   * newest at the beginning of the call.
   *
   * @return what came of it
   * @throws StaleRevisionException if events keep being dropped while they are read
   */
  public AuditVerification verify() {
    requireOpen.run();
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Optional<AuditHead> head = tryHead();
      if (head.isEmpty()) {
        return withoutHead();
      }
      Optional<Break> broken = new Walk(head.get()).run();
      if (broken.isEmpty() || !isExplained(broken.get())) {
        return new AuditVerification(head.get().first(), head.get().last(), broken);
      }
    }
    throw new StaleRevisionException();
  }

  private Optional<AuditHead> tryHead() {
    try {
      return chain.head();
    } catch (IntegrityException damaged) {
      return Optional.empty();
    }
  }

  /** Whether what is missing was dropped, as it was due, since the head was read. */
  private boolean isExplained(Break broken) {
    return broken.fault() != Fault.UNEXPECTED
        && tryHead().filter(now -> broken.sequence() < now.first()).isPresent();
  }

  private AuditVerification withoutHead() {
    boolean never = !chain.hasHead() && chain.eventsFrom(1, 1).findAny().isEmpty();
    return new AuditVerification(
        1, 0, never ? Optional.empty() : Optional.of(new Break(0, Fault.HEAD_LOST)));
  }

  /** One pass over the events, up to the first that is not as it should be. */
  private final class Walk {
    private final AuditHead head;
    private long next;
    private byte[] macBefore;

    Walk(AuditHead head) {
      this.head = head;
      next = head.first();
      macBefore = head.macBeforeFirst();
    }

    Optional<Break> run() {
      Iterator<StoredRecord> stored = chain.eventsFrom(1, AuditChain.SCAN_PAGE).iterator();
      Break broken = null;
      while (broken == null && stored.hasNext()) {
        StoredRecord record = stored.next();
        if (next > head.last() && isNewer(record)) {
          break;
        }
        broken = step(record);
      }
      if (broken == null && next <= head.last()) {
        broken = new Break(next, Fault.MISSING);
      }
      if (broken == null && !MessageDigest.isEqual(macBefore, head.macOfLast())) {
        broken = new Break(head.last(), Fault.UNLINKED);
      }
      return Optional.ofNullable(broken);
    }

    /** Whether a record behind the last event is one that was written since the head was read. */
    private boolean isNewer(StoredRecord record) {
      long sequence = chain.sequenceOf(record);
      return sequence >= next && tryHead().filter(now -> sequence <= now.last()).isPresent();
    }

    private @Nullable Break step(StoredRecord stored) {
      long sequence = chain.sequenceOf(stored);
      if (sequence > next && next <= head.last()) {
        return new Break(next, Fault.MISSING);
      }
      if (sequence != next || next > head.last()) {
        return new Break(sequence, Fault.UNEXPECTED);
      }
      Linked linked;
      try {
        linked = chain.open(stored).orElse(null);
      } catch (IntegrityException damaged) {
        return new Break(sequence, Fault.ALTERED);
      }
      if (linked == null) {
        return new Break(sequence, Fault.MISSING);
      }
      if (!chain.follows(macBefore, linked)) {
        return new Break(sequence, Fault.UNLINKED);
      }
      macBefore = linked.mac();
      next++;
      return null;
    }
  }

  /** Says nothing of the events. */
  @Override
  public String toString() {
    return "AuditTrail[hidden]";
  }
}
