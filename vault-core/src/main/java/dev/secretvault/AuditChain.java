package dev.secretvault;

import dev.secretvault.AuditCodec.Linked;
import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.store.Change;
import dev.secretvault.store.RecordKey;
import dev.secretvault.store.RevisionConflictException;
import dev.secretvault.store.StoredRecord;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The audit trail of one namespace in the store: a record for each event, whose MAC covers that of
 * the event before it, and a head that says where the trail begins and ends.
 *
 * <p>An event is put by the commit of the act that it describes, together with the head at its next
 * revision. So there is no act without its event nor the other way round, and audited commits come
 * one after the other.
 *
 * <p>A trail begins with the first act of a vault that was opened to keep one. From then on every
 * vault on the store keeps it, whatever it was opened with.
 */
final class AuditChain {

  /** The most events that one act drops: so its commit stays small when the policy was narrowed. */
  private static final int MAX_DROPPED = 16;

  static final int SCAN_PAGE = 250;
  private static final HexFormat HEX = HexFormat.of();

  private final SealedStore store;
  private final HeaderRecord header;
  private final String namespace;
  private final RecordKey headKey;
  private final String eventPrefix;
  private final @Nullable AuditPolicy policy;
  private final InstantSource clock;

  /** In one process, audited commits queue: all but one would lose the race for the head. */
  private final Lock turn = new ReentrantLock(true);

  private final AtomicLong reported = new AtomicLong();
  private volatile @Nullable Known known;

  /**
   * The head as it was read when so many changes of it had been reported; null if there was none.
   */
  private record Known(@Nullable AuditHead head, long reported) {}

  /**
   * The trail of a namespace.
   *
   * @param keyPrefix what the keys of the namespace's records begin with
   * @param policy what to keep; null to keep what the trail itself says, if there is one
   */
  AuditChain(
      SealedStore store,
      HeaderRecord header,
      String namespace,
      String keyPrefix,
      @Nullable AuditPolicy policy,
      InstantSource clock) {
    this.store = store;
    this.header = header;
    this.namespace = namespace;
    this.headKey = new RecordKey(keyPrefix + RecordKind.TRAIL.letter() + ".e");
    this.eventPrefix = keyPrefix + RecordKind.EVENT.letter() + ".";
    this.policy = policy;
    this.clock = clock;
  }

  /** Whether reveals are written that nothing else would be written for. */
  boolean keepsReveals() {
    if (policy != null) {
      return policy.reveals();
    }
    AuditHead head = known();
    return head != null && head.policy().reveals();
  }

  /** Makes all changes with the events of what they do, or none; as {@link SealedStore#commit}. */
  void commit(List<Act> acts, Supplier<List<Change>> changes) {
    if (policy == null && known() == null) {
      store.commit(changes);
      return;
    }
    turn.lock();
    try {
      commit(
          acts,
          events ->
              store.commit(
                  () -> {
                    List<Change> all = new ArrayList<>(changes.get());
                    all.addAll(events.get());
                    return all;
                  }));
    } finally {
      turn.unlock();
    }
  }

  /**
   * Has acts committed with their events.
   *
   * @param commit commits them; is given what to add behind the changes that they make, made anew
   *     each time it asks, and nothing if no trail is kept. Called again if the trail has changed
   *     meanwhile
   */
  void commit(List<Act> acts, Consumer<Supplier<List<Change>>> commit) {
    RevisionConflictException lost = null;
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      try {
        commit.accept(() -> events(acts));
        return;
      } catch (RevisionConflictException e) {
        if (!isOwn(e.key())) {
          throw e;
        }
        forget();
        lost = e;
      }
    }
    if (lost != null && !lost.key().equals(headKey) && lost.expected() == 0) {
      throw new IntegrityException("there is an event behind the end of the audit trail", null);
    }
    throw new StaleRevisionException();
  }

  /** Whether this is the key of a record of the trail. */
  boolean isOwn(RecordKey key) {
    return key.equals(headKey) || key.text().startsWith(eventPrefix);
  }

  /** The head first: whoever has an outdated one is told so, and not of an event that is there. */
  private List<Change> events(List<Act> acts) {
    AuditHead before = known();
    if (before == null) {
      if (policy == null) {
        return List.of();
      }
      before = begun(policy);
    }
    AuditPolicy kept = policy != null ? policy : before.policy();
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    long last = before.last();
    byte[] mac = before.macOfLast();
    List<Change> written = new ArrayList<>();
    for (Act act : acts) {
      byte[] said = AuditCodec.encode(act, now);
      last++;
      mac = eventMac(last, mac, said);
      written.add(store.put(RecordKind.EVENT, eventKey(last), 0, joined(said, mac), null));
    }
    List<Change> dropped = new ArrayList<>();
    AuditHead after =
        remaining(
            new AuditHead(
                before.revision(),
                before.first(),
                last,
                before.first() > before.last() ? now : before.firstAt(),
                kept,
                before.macBeforeFirst(),
                mac),
            acts.size(),
            now,
            dropped);
    List<Change> changes = new ArrayList<>();
    changes.add(putHead(after));
    changes.addAll(written);
    changes.addAll(dropped);
    return changes;
  }

  private Change putHead(AuditHead head) {
    byte[] said = AuditCodec.encode(head);
    return store.put(RecordKind.TRAIL, headKey, head.revision(), joined(said, headMac(said)), null);
  }

  /**
   * A head without the oldest events that are due. The newest, which are not stored yet, stay.
   *
   * @param newest how many these are
   * @param deletions what deletes them is added here
   */
  private AuditHead remaining(AuditHead head, int newest, Instant now, List<Change> deletions) {
    Instant tooOld = now.minus(head.policy().age());
    long surplus = head.last() - head.policy().events();
    if (head.first() > surplus && head.firstAt().isAfter(tooOld)) {
      return head;
    }
    long stored = head.last() - newest;
    // One more than has to go for the number's sake: its time is when the next look is due.
    long read = MAX_DROPPED - 1L + newest;
    if (head.firstAt().isAfter(tooOld)) {
      read = Math.min(read, surplus - head.first() + 2);
    }
    Map<Long, StoredRecord> oldest =
        eventsFrom(head.first(), (int) read)
            .filter(record -> sequenceOf(record) > 0)
            .limit(read)
            .collect(Collectors.toMap(this::sequenceOf, Function.identity()));
    long first = head.first();
    Instant firstAt = head.firstAt();
    byte[] mac = head.macBeforeFirst();
    while (first <= stored && first - head.first() < read) {
      StoredRecord record = oldest.get(first);
      Optional<Linked> event = opened(record);
      firstAt = event.map(linked -> linked.event().at()).orElse(firstAt);
      if (first > surplus && firstAt.isAfter(tooOld)) {
        break;
      }
      if (record != null) {
        deletions.add(Change.delete(record.key(), record.revision()));
      }
      // Of one that is lost, nothing is left that the next one could be shown to follow.
      mac = event.map(Linked::mac).orElseGet(() -> new byte[AuditCodec.MAC_BYTES]);
      first++;
    }
    return new AuditHead(
        head.revision(),
        first,
        head.last(),
        first > stored ? now : firstAt,
        head.policy(),
        mac,
        head.macOfLast());
  }

  private Optional<Linked> opened(@Nullable StoredRecord stored) {
    try {
      return stored == null ? Optional.empty() : open(stored);
    } catch (IntegrityException | UnsupportedFormatException damaged) {
      return Optional.empty();
    }
  }

  /**
   * The head of a trail that has none: behind the events that are there, if it was lost. What
   * follows does not follow those, which verifying shows for as long as they are kept.
   */
  private AuditHead begun(AuditPolicy kept) {
    byte[] none = new byte[AuditCodec.MAC_BYTES];
    long first = Long.MAX_VALUE;
    long last = 0;
    for (StoredRecord stored : (Iterable<StoredRecord>) eventsFrom(1, SCAN_PAGE)::iterator) {
      if (opened(stored).isPresent()) {
        last = sequenceOf(stored);
        first = Math.min(first, last);
      }
    }
    return last == 0
        ? new AuditHead(0, 1, 0, clock.instant(), kept, none, none)
        : new AuditHead(0, first, last, Instant.EPOCH, kept, none, none);
  }

  /** The head as it is now. */
  Optional<AuditHead> head() {
    return store
        .read(headKey)
        .flatMap(stored -> store.open(stored, RecordKind.TRAIL, true))
        .map(this::verified);
  }

  /** Whether there is a head, be it damaged. */
  boolean hasHead() {
    return store.read(headKey).isPresent();
  }

  private AuditHead verified(OpenedValue opened) {
    byte[] content = opened.content();
    int end = Math.max(0, content.length - AuditCodec.MAC_BYTES);
    byte[] said = Arrays.copyOf(content, end);
    byte[] mac = Arrays.copyOfRange(content, end, content.length);
    if (!MessageDigest.isEqual(mac, headMac(said))) {
      throw new IntegrityException("the head of an audit trail was altered", null);
    }
    return AuditCodec.decodeHead(said, opened.revision());
  }

  private @Nullable AuditHead known() {
    Known last = known;
    long now = reported.get();
    if (last == null || last.reported != now) {
      last = new Known(head().orElse(null), now);
      known = last;
    }
    return last.head;
  }

  /** Has the head read again, if this is its key. */
  void forget(RecordKey changed) {
    if (changed.equals(headKey)) {
      forget();
    }
  }

  /** Has the head read again. */
  void forget() {
    reported.incrementAndGet();
  }

  /**
   * The stored records in the place of events, from a number on, in the order of their keys.
   *
   * @param pageSize so many are read at a time
   */
  Stream<StoredRecord> eventsFrom(long sequence, int pageSize) {
    RecordKey after =
        new RecordKey(sequence <= 1 ? eventPrefix : eventPrefix + HEX.toHexDigits(sequence - 1));
    return Stream.iterate(
            store.scan(after, pageSize),
            page -> !page.isEmpty(),
            page -> store.scan(page.get(page.size() - 1).key(), pageSize))
        .flatMap(List::stream)
        .takeWhile(stored -> stored.key().text().startsWith(eventPrefix));
  }

  /** The number of the event in whose place a record is; 0 if there can be none. */
  long sequenceOf(StoredRecord stored) {
    String digits = stored.key().text().substring(eventPrefix.length());
    try {
      long number = HexFormat.fromHexDigitsToLong(digits);
      return number > 0 && digits.equals(HEX.toHexDigits(number)) ? number : 0;
    } catch (IllegalArgumentException notHex) {
      return 0;
    }
  }

  /** The event of a number, as {@link #open}; empty if there is none. */
  Optional<Linked> event(long sequence) {
    return store.read(eventKey(sequence)).flatMap(this::open);
  }

  /** An event, of which nothing is verified but its seal; empty if it is gone meanwhile. */
  Optional<Linked> open(StoredRecord stored) {
    return store
        .open(stored, RecordKind.EVENT, false)
        .map(opened -> AuditCodec.decode(sequenceOf(stored), opened.content()));
  }

  /** Whether an event is the one that follows what has this MAC. */
  boolean follows(byte[] macBefore, Linked linked) {
    return MessageDigest.isEqual(
        linked.mac(), eventMac(linked.event().sequence(), macBefore, linked.said()));
  }

  private RecordKey eventKey(long sequence) {
    return new RecordKey(eventPrefix + HEX.toHexDigits(sequence));
  }

  private byte[] eventMac(long sequence, byte[] macBefore, byte[] said) {
    return mac(
        RecordKind.EVENT,
        ByteBuffer.allocate(Long.BYTES + macBefore.length + said.length)
            .putLong(sequence)
            .put(macBefore)
            .put(said)
            .array());
  }

  private byte[] headMac(byte[] said) {
    return mac(RecordKind.TRAIL, said);
  }

  private byte[] mac(RecordKind kind, byte[] content) {
    return Failures.translated(() -> header.keyring().auditMac(namespace, kind.purpose(), content));
  }

  private static byte[] joined(byte[] said, byte[] mac) {
    return ByteBuffer.allocate(said.length + mac.length).put(said).put(mac).array();
  }
}
