package dev.secretvault;

import dev.secretvault.AuditEvent.Kind;
import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.store.Change;
import dev.secretvault.store.RevisionConflictException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Counts wrong passphrases, in the store, for all processes together.
 *
 * <p>An attempt is counted before it is made, and what it came to is settled after it: so neither
 * many at once nor a process that dies in time get more guesses than are allowed. A secret has one
 * counter for each caller and one for all. One that is full lets nobody try; if a guess is found
 * wrong while it is, it is locked for {@link #LOCK}, and even the right passphrase is refused. Else
 * it ends {@link #WINDOW} after its first guess, or with the next right one.
 */
final class PassphraseAttempts {

  static final int PER_CALLER = 5;
  static final int IN_ALL = 20;
  static final Duration WINDOW = Duration.ofMinutes(10);
  static final Duration LOCK = Duration.ofMinutes(30);

  /** For attempts that others have not finished yet. */
  private static final Duration SHORTLY = Duration.ofSeconds(1);

  private static final byte LAYOUT = 1;
  private static final String EVERYBODY = "";
  private static final int STRIPES = 64;

  private final VaultRecords records;
  private final Function<SecretId, Change> required;
  private final Auditor auditor;
  private final InstantSource clock;

  /** One attempt at a secret at a time: many right ones at once are not many wrong ones. */
  private final List<Lock> stripes;

  PassphraseAttempts(VaultRecords records, Auditor auditor, InstantSource clock) {
    this(records, records::requireSecret, auditor, clock);
  }

  /**
   * Counts for other things than secrets.
   *
   * @param required what a commit has to name that shall happen only while there is the thing
   */
  PassphraseAttempts(
      VaultRecords records,
      Function<SecretId, Change> required,
      Auditor auditor,
      InstantSource clock) {
    this(
        records,
        required,
        auditor,
        clock,
        Stream.<Lock>generate(ReentrantLock::new).limit(STRIPES).toList());
  }

  private PassphraseAttempts(
      VaultRecords records,
      Function<SecretId, Change> required,
      Auditor auditor,
      InstantSource clock,
      List<Lock> stripes) {
    this.records = records;
    this.required = required;
    this.auditor = auditor;
    this.clock = clock;
    this.stripes = stripes;
  }

  /** The same, but for who is said to make them. */
  PassphraseAttempts by(Auditor other) {
    return new PassphraseAttempts(records, required, other, clock, stripes);
  }

  /**
   * Guesses of one caller, or of everybody, that were wrong or are not settled.
   *
   * @param since the first of them, or when the lock began
   */
  private record Counter(int count, Instant since, boolean locked) {

    Instant end(int limit) {
      return since.plus(count >= limit ? LOCK : WINDOW);
    }

    static Counter oneMore(@Nullable Counter before, Instant now) {
      return before == null
          ? new Counter(1, now, false)
          : new Counter(before.count + 1, before.since, before.locked);
    }

    Counter lockedIfFull(int limit, Instant now) {
      return count >= limit && !locked ? new Counter(count, now, true) : this;
    }
  }

  /** The counters as stored; revision 0 if there are none. */
  private record Counters(Map<String, Counter> byCaller, long revision) {

    int left(List<String> counted) {
      return counted.stream().mapToInt(this::left).min().orElseThrow();
    }

    private int left(String caller) {
      Counter counter = byCaller.get(caller);
      return limit(caller) - (counter == null ? 0 : counter.count);
    }

    Counters with(Map<String, Counter> changed) {
      return new Counters(changed, revision);
    }
  }

  private static int limit(String caller) {
    return caller.equals(EVERYBODY) ? IN_ALL : PER_CALLER;
  }

  /** How many wrong guesses are left for callers that say nothing of themselves. */
  int left(SecretId id) {
    return Math.max(0, read(id).left(List.of(EVERYBODY)));
  }

  /**
   * Makes an attempt.
   *
   * @param guess the value, or empty if the passphrase is wrong
   * @throws PassphraseLockedException if there were too many; {@code guess} was not called then
   * @throws WrongPassphraseException if the passphrase is wrong
   * @throws SecretNotFoundException if the secret was deleted meanwhile
   */
  byte[] attempt(SecretId id, @Nullable String caller, Supplier<Optional<byte[]>> guess) {
    List<String> counted =
        caller == null
            ? List.of(EVERYBODY)
            : List.of(EVERYBODY, records.keys().callerToken(caller));
    Lock stripe = stripes.get(Math.floorMod(id.hashCode(), STRIPES));
    stripe.lock();
    try {
      change(id, Kind.PASSPHRASE_TRIED, counters -> begun(counters, counted));
      byte[] value =
          guess
              .get()
              .orElseThrow(
                  () -> {
                    Counters settled =
                        change(id, Kind.PASSPHRASE_LOCKED, counters -> wrong(counters, counted));
                    return new WrongPassphraseException(Math.max(0, settled.left(counted)));
                  });
      try {
        change(id, Kind.PASSPHRASE_ACCEPTED, counters -> right(counters, counted));
      } catch (RuntimeException e) {
        Arrays.fill(value, (byte) 0);
        throw e;
      }
      return value;
    } finally {
      stripe.unlock();
    }
  }

  private Counters begun(Counters counters, List<String> counted) {
    Instant now = clock.instant();
    Map<String, Counter> byCaller = new HashMap<>(counters.byCaller);
    for (String caller : counted) {
      Counter before = byCaller.get(caller);
      if (before != null && before.count >= limit(caller)) {
        throw new PassphraseLockedException(
            before.locked ? Duration.between(now, before.end(limit(caller))) : SHORTLY);
      }
      byCaller.put(caller, Counter.oneMore(before, now));
    }
    return counters.with(byCaller);
  }

  private Counters wrong(Counters counters, List<String> counted) {
    Instant now = clock.instant();
    Map<String, Counter> byCaller = new HashMap<>(counters.byCaller);
    for (String caller : counted) {
      byCaller.computeIfPresent(caller, (key, counter) -> counter.lockedIfFull(limit(caller), now));
    }
    return counters.with(byCaller);
  }

  /** Clears the counters, but for a lock that somebody else's guess has begun meanwhile. */
  private static Counters right(Counters counters, List<String> counted) {
    Map<String, Counter> byCaller = new HashMap<>(counters.byCaller);
    for (String caller : counted) {
      byCaller.computeIfPresent(caller, (key, counter) -> counter.locked ? counter : null);
    }
    return counters.with(byCaller);
  }

  /** Changes what is stored, as long as there is the secret; returns what it came to. */
  private Counters change(SecretId id, Kind kind, UnaryOperator<Counters> step) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Counters before = read(id);
      Counters after = step.apply(before);
      if (after.byCaller.equals(before.byCaller) || write(id, kind, after)) {
        return after;
      }
    }
    throw new StaleRevisionException();
  }

  private boolean write(SecretId id, Kind kind, Counters counters) {
    try {
      auditor.commit(kind, id, 0, () -> List.of(required.apply(id), put(id, counters)));
      return true;
    } catch (RevisionConflictException lostTheRace) {
      return false;
    }
  }

  private Change put(SecretId id, Counters counters) {
    return counters.byCaller.entrySet().stream()
        .map(counter -> counter.getValue().end(limit(counter.getKey())))
        .max(Instant::compareTo)
        .map(end -> records.putAttempts(id, counters.revision, encode(counters.byCaller), end))
        .orElseGet(() -> records.deleteAttempts(id, counters.revision));
  }

  /** Those that still count. */
  private Counters read(SecretId id) {
    Instant now = clock.instant();
    Optional<OpenedValue> stored = records.attempts(id);
    if (stored.isEmpty()) {
      return new Counters(Map.of(), 0);
    }
    Map<String, Counter> byCaller = decode(stored.get().content());
    byCaller
        .entrySet()
        .removeIf(counter -> !now.isBefore(counter.getValue().end(limit(counter.getKey()))));
    return new Counters(byCaller, stored.get().revision());
  }

  private static byte[] encode(Map<String, Counter> byCaller) {
    int size = 1 + Short.BYTES;
    for (String caller : byCaller.keySet()) {
      size += 1 + caller.length() + 1 + Long.BYTES + 1;
    }
    ByteBuffer out = ByteBuffer.allocate(size).put(LAYOUT).putShort((short) byCaller.size());
    byCaller.forEach(
        (caller, counter) -> {
          out.put((byte) caller.length()).put(caller.getBytes(StandardCharsets.US_ASCII));
          out.put((byte) counter.count).putLong(counter.since.toEpochMilli());
          out.put((byte) (counter.locked ? 1 : 0));
        });
    return out.array();
  }

  private static Map<String, Counter> decode(byte[] encoded) {
    try {
      ByteBuffer in = ByteBuffer.wrap(encoded);
      byte layout = in.get();
      if (layout != LAYOUT) {
        throw new UnsupportedFormatException(
            "an attempts record has layout "
                + layout
                + ", the newest known is "
                + LAYOUT
                + ": upgrade",
            null);
      }
      Map<String, Counter> byCaller = new HashMap<>();
      for (int count = Short.toUnsignedInt(in.getShort()); count > 0; count--) {
        byte[] caller = new byte[in.get()];
        in.get(caller);
        byCaller.put(
            new String(caller, StandardCharsets.US_ASCII),
            new Counter(in.get(), Instant.ofEpochMilli(in.getLong()), in.get() == 1));
      }
      if (in.hasRemaining()) {
        throw malformed();
      }
      return byCaller;
    } catch (BufferUnderflowException | NegativeArraySizeException e) {
      throw malformed();
    }
  }

  private static IntegrityException malformed() {
    return new IntegrityException("an attempts record is malformed", null);
  }
}
