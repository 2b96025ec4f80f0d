package dev.secretvault;

import dev.secretvault.VaultRecords.OpenedValue;
import dev.secretvault.store.Change;
import dev.secretvault.store.RevisionConflictException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Counts wrong passphrases, in the store, for all processes together.
 *
 * <p>An attempt is counted before it is made and taken back if it was right: so neither many at
 * once nor a process that dies in time get more guesses than are allowed. A secret has one counter
 * for each caller and one for all; each begins with its first wrong guess, and when it is full
 * within {@link #WINDOW}, even the right passphrase is refused for {@link #LOCK}.
 */
final class PassphraseAttempts {

  static final int PER_CALLER = 5;
  static final int IN_ALL = 20;
  static final Duration WINDOW = Duration.ofMinutes(10);
  static final Duration LOCK = Duration.ofMinutes(30);

  private static final byte LAYOUT = 1;
  private static final String EVERYBODY = "";
  private static final int STRIPES = 64;

  private final VaultRecords records;
  private final InstantSource clock;

  /** One attempt at a secret at a time: many right ones at once are not many wrong ones. */
  private final List<Lock> stripes =
      Stream.<Lock>generate(ReentrantLock::new).limit(STRIPES).toList();

  PassphraseAttempts(VaultRecords records, InstantSource clock) {
    this.records = records;
    this.clock = clock;
  }

  /**
   * Wrong guesses of one caller, or of everybody.
   *
   * @param since the first of them, or when the lock began
   */
  private record Counter(int count, Instant since, boolean locked) {

    Instant end() {
      return since.plus(locked ? LOCK : WINDOW);
    }

    static Counter oneMore(@Nullable Counter before, int limit, Instant now) {
      int count = before == null ? 1 : before.count + 1;
      boolean full = count >= limit;
      return new Counter(count, before == null || full ? now : before.since, full);
    }
  }

  /** The counters as stored; revision 0 if there are none. */
  private record Counters(Map<String, Counter> byCaller, long revision) {

    int left(@Nullable String caller) {
      int left = left(EVERYBODY, IN_ALL);
      return caller == null ? left : Math.min(left, left(caller, PER_CALLER));
    }

    private int left(String caller, int limit) {
      Counter counter = byCaller.get(caller);
      return counter == null ? limit : Math.max(0, limit - counter.count);
    }
  }

  /** How many wrong guesses are left for callers that say nothing of themselves. */
  int left(SecretId id) {
    return read(id, clock.instant()).left(null);
  }

  /**
   * Makes an attempt.
   *
   * @param guess the value, or empty if the passphrase is wrong
   * @throws PassphraseLockedException if there were too many; {@code guess} was not called then
   * @throws WrongPassphraseException if the passphrase is wrong
   */
  byte[] attempt(SecretId id, @Nullable String caller, Supplier<Optional<byte[]>> guess) {
    String token = caller == null ? null : records.callerToken(caller);
    Lock stripe = stripes.get(Math.floorMod(id.hashCode(), STRIPES));
    stripe.lock();
    try {
      int left = count(id, token);
      byte[] value = guess.get().orElseThrow(() -> new WrongPassphraseException(left));
      takeBack(id, token);
      return value;
    } finally {
      stripe.unlock();
    }
  }

  /** Counts one more; how many are left after that. */
  private int count(SecretId id, @Nullable String caller) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Instant now = clock.instant();
      Counters counters = read(id, now);
      refuseIfLocked(counters, caller, now);
      Map<String, Counter> byCaller = new HashMap<>(counters.byCaller);
      byCaller.compute(EVERYBODY, (key, before) -> Counter.oneMore(before, IN_ALL, now));
      if (caller != null) {
        byCaller.compute(caller, (key, before) -> Counter.oneMore(before, PER_CALLER, now));
      }
      Counters counted = new Counters(byCaller, counters.revision);
      if (write(id, counted)) {
        return counted.left(caller);
      }
    }
    throw new StaleRevisionException();
  }

  private static void refuseIfLocked(Counters counters, @Nullable String caller, Instant now) {
    for (String key : caller == null ? List.of(EVERYBODY) : List.of(EVERYBODY, caller)) {
      Counter counter = counters.byCaller.get(key);
      if (counter != null && counter.locked) {
        throw new PassphraseLockedException(Duration.between(now, counter.end()));
      }
    }
  }

  /** A right passphrase clears the counters of its caller and of everybody. */
  private void takeBack(SecretId id, @Nullable String caller) {
    for (int attempt = 0; attempt < VaultRecords.MAX_ATTEMPTS; attempt++) {
      Counters counters = read(id, clock.instant());
      Map<String, Counter> byCaller = new HashMap<>(counters.byCaller);
      byCaller.remove(EVERYBODY);
      if (caller != null) {
        byCaller.remove(caller);
      }
      if (counters.revision == 0 || write(id, new Counters(byCaller, counters.revision))) {
        return;
      }
    }
    throw new StaleRevisionException();
  }

  private boolean write(SecretId id, Counters counters) {
    try {
      records.commit(() -> List.of(change(id, counters)));
      return true;
    } catch (RevisionConflictException lostTheRace) {
      return false;
    }
  }

  private Change change(SecretId id, Counters counters) {
    return counters.byCaller.values().stream()
        .map(Counter::end)
        .max(Instant::compareTo)
        .map(end -> records.putAttempts(id, counters.revision, encode(counters.byCaller), end))
        .orElseGet(() -> records.deleteAttempts(id, counters.revision));
  }

  /** Those that still count. */
  private Counters read(SecretId id, Instant now) {
    Optional<OpenedValue> stored = records.attempts(id);
    if (stored.isEmpty()) {
      return new Counters(Map.of(), 0);
    }
    Map<String, Counter> byCaller = decode(stored.get().content());
    byCaller.values().removeIf(counter -> !now.isBefore(counter.end()));
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
